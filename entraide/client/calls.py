"""The client: JSON in, JSON out, problems as exceptions, and patience with what passes."""

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit

import requests

from entraide.client.answers import Answer, R, answer_of
from entraide.client.sending import File, Sender

Token = str | Callable[[], str]
"""An access token, or what gives one that still holds."""

PATIENCE_SECONDS = 45.0
_TIMEOUT = (5.0, 60.0)
_PASSING = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_LONGEST_QUEUE = 300.0
"""Seconds for which a call waits for its turn, beyond its patience."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class UnreachableError(Exception):
    """A service did not answer in time; the message names its address."""


class Client:
    """Calls services by name: `urls` has the address of each, `token` says who calls; without one
    it asks for what everybody may read.

    May be used by several threads at once. A service that is away, or says that it is busy, is
    asked again for `patience` seconds, as late as it says; then UnreachableError is raised. Who
    calls too often waits as it is told to, five minutes longer at most. What a service refuses is
    a ProblemError, at once.
    """

    def __init__(
        self,
        urls: Mapping[str, str],
        token: Token | None = None,
        *,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._urls = {name: url.rstrip("/") for name, url in urls.items()}
        self._token = token
        self._patience = patience
        self._abandoned = threading.Event()
        # A proxy from the environment knows no way to this machine's own loopback.
        self._near, self._far = Sender(trusting=False), Sender(trusting=True)

    def abandon(self) -> None:
        """Let every call that waits for a silent service end with UnreachableError now."""
        self._abandoned.set()

    def get(self, service: str, path: str, **query: object) -> Answer:
        """GET; `query` leaves out what is None, and repeats what is a list."""
        return self._call("GET", service, path, query=query)

    def items_of(
        self,
        kind: type[R],  # noqa: ARG002 (type checkers go by it)
        service: str,
        path: str,
        /,
        **query: object,
    ) -> Iterator[R]:
        """As `items`, as records of a kind: for type checkers, nothing is checked."""
        return cast(Iterator[R], self.items(service, path, **query))

    def items(self, service: str, path: str, **query: object) -> Iterator[dict[str, Any]]:
        """All items of a list, page after page."""
        cursor: str | None = None
        while True:
            page = self.get(service, path, **query, cursor=cursor).body
            yield from page["items"]
            cursor = page.get("next")
            if cursor is None:
                return

    def create(self, service: str, path: str, body: object) -> Answer:
        """POST a new record, once: a repeat after a lost answer carries the same key."""
        return self._call("POST", service, path, body=body, key=str(uuid.uuid4()))

    def post(
        self,
        service: str,
        path: str,
        body: object = None,
        *,
        if_match: str | None = None,
        token: Token | None = None,
    ) -> Answer:
        """POST a JSON body, with another token than the client's if one is given.

        It is sent again after a broken connection, so only for what may be sent twice: a record
        with an external id, or a step under If-Match. See `create` for what may not.
        """
        return self._call("POST", service, path, token=token, body=body, if_match=if_match)

    def post_file(self, service: str, path: str, file: File, **query: object) -> Answer:
        """POST a file as it is; only where twice does nothing twice."""
        return self._call("POST", service, path, query=query, file=file)

    def put(self, service: str, path: str, body: object, *, if_match: str | None = None) -> Answer:
        """PUT a JSON body."""
        return self._call("PUT", service, path, body=body, if_match=if_match)

    def delete(self, service: str, path: str, *, if_match: str | None = None) -> Answer:
        """DELETE."""
        return self._call("DELETE", service, path, if_match=if_match)

    def _call(
        self, method: str, service: str, path: str, *, token: Token | None = None, **sent: Any
    ) -> Answer:
        """Raises ProblemError, and UnreachableError once the patience for a call is over."""
        url = self._urls[service] + path
        sender = self._near if urlsplit(url).hostname in _LOOPBACK else self._far
        deadline, pause = time.monotonic() + self._patience, _FIRST_PAUSE
        latest = deadline + _LONGEST_QUEUE
        while True:
            asked = 0.0
            try:
                headers = {"Accept": "application/json", **self._authorization(token)}
                response = sender.send(method, url, headers, _TIMEOUT, **sent)
                if response.status_code not in _PASSING:
                    return answer_of(response)
                reason = f"it answers with status {response.status_code}"
                asked = _retry_after(response)
                if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                    # It is there, and says when it is our turn again.
                    deadline = min(deadline + asked, latest)
            except requests.RequestException as error:
                reason = type(error).__name__
            # Jitter spreads the tries of several threads; it guards nothing.
            wait = max(pause * random.uniform(0.5, 1.0), asked)  # noqa: S311
            if time.monotonic() + wait > deadline or self._abandoned.wait(wait):
                raise UnreachableError(f"the {service} service at {url} is not there ({reason})")
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _authorization(self, token: Token | None) -> dict[str, str]:
        given = self._token if token is None else token
        if given is None:
            return {}
        return {"Authorization": f"Bearer {given() if callable(given) else given}"}


def _retry_after(response: requests.Response) -> float:
    """The seconds after which the service wants to be asked again; 0 where it says nothing."""
    told = response.headers.get("Retry-After", "")
    return float(told) if told.isdecimal() else 0.0
