"""Answers that are whole in time, however they come: a byte a second would keep a call for ever.

A timeout of a socket is for each read. Here all reads of an answer, its head and its body, share
one deadline that begins when the request was sent.
"""

import time
from collections.abc import Mapping
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

TOTAL_SECONDS: Final = 12.0
"""From a service's request's being sent to its answer's last byte."""


class _Reads(RawIOBase):
    """What a socket receives, for so many seconds in all."""

    def __init__(self, sock: Any, received: BufferedReader, seconds: float) -> None:
        super().__init__()
        self._sock, self._received = sock, received
        self._until = time.monotonic() + seconds

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """What comes next; TimeoutError once the time is over."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not come in time")
        each = self._sock.gettimeout()
        self._sock.settimeout(left if each is None else min(left, each))
        try:
            return self._received.readinto1(buffer)
        finally:
            self._sock.settimeout(each)  # the connection may be used again

    def close(self) -> None:
        """What is read from is closed with it."""
        if not self.closed:
            self._received.close()
        super().close()


def pools_in_time(seconds: float | None = None) -> Mapping[str, type[HTTPConnectionPool]]:
    """Pools by scheme, whose every answer is whole within so many seconds, or an error.

    Without `seconds`, within what the call's own timeout gives a single read.
    """

    class Answer(HTTPResponse):
        def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
            super().__init__(sock, *args, **kwargs)
            within = sock.gettimeout() if seconds is None else seconds
            self.fp = BufferedReader(_Reads(sock, self.fp, within))

    class Connection(HTTPConnection):
        response_class = Answer

    class SecureConnection(HTTPSConnection):
        response_class = Answer

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    return {"http": Pool, "https": SecurePool}


class InTime(HTTPAdapter):
    """An adapter of requests whose every answer is whole within TOTAL_SECONDS, or an error."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Its pools make such connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = pools_in_time(TOTAL_SECONDS)
