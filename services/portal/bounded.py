"""A call that is over in time, however its answer comes: a byte a second would keep it for ever.

A timeout of a socket is for each read. Here all reads of an answer, its head and its body, share
one deadline that begins when the request was sent.
"""

import http.client
import socket
import time
from io import BufferedReader, RawIOBase
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

TOTAL_SECONDS: Final = 12.0
"""From a request's being sent to its answer's last byte."""


class _Reads(RawIOBase):
    """A socket's bytes until the deadline, in monotonic seconds."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock, self._until = sock, until
        self._file = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """What comes next; TimeoutError once the time is over."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        each = self._sock.gettimeout()
        self._sock.settimeout(left if each is None else min(left, each))
        try:
            return self._file.readinto(buffer)
        finally:
            self._sock.settimeout(each)

    def close(self) -> None:
        """The socket's own file is closed with it."""
        self._file.close()
        super().close()


class _Bounded:
    """What an answer is read from."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> BufferedReader:
        """The answer's bytes."""
        return BufferedReader(_Reads(self._sock, time.monotonic() + TOTAL_SECONDS))


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(_Bounded(sock), *args, **options)  # type: ignore[arg-type]


class _Connection(HTTPConnection):
    response_class = _Answer


class _SecureConnection(HTTPSConnection):
    response_class = _Answer


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class InTime(HTTPAdapter):
    """An adapter of requests whose every answer is whole within TOTAL_SECONDS, or an error."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Its pools make such connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
