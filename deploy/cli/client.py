"""The services' APIs as the commands use them: JSON in, JSON out, problems as exceptions."""

import random
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests

from deploy.cli.target import Target
from shared.calling import ProblemError, headers_of_file, headers_of_write, query_of
from shared.web.keys import LOOPBACK

_TIMEOUT = (5.0, 60.0)
_PASSING = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_PATIENCE = 45.0


class UnreachableError(Exception):
    """A service did not answer in time; the message names its address."""


@dataclass(frozen=True)
class Answer:
    """A successful answer: its status, its JSON body, its ETag."""

    status: int
    body: dict[str, Any]
    etag: str


class Client:
    """Calls the services in one role. May be used by several threads at once."""

    def __init__(self, target: Target, role: str, patience: float = _PATIENCE) -> None:
        self._target = target
        self._role = role
        self._patience = patience
        self._local = threading.local()
        self._abandoned = threading.Event()

    def abandon(self) -> None:
        """Let every call that waits for a silent service end with UnreachableError now."""
        self._abandoned.set()

    def get(self, service: str, path: str, **query: object) -> Answer:
        """GET; `query` leaves out what is None, and repeats what is a list."""
        return self._call("GET", service, path, query=query)

    def post(
        self,
        service: str,
        path: str,
        body: object = None,
        *,
        if_match: str | None = None,
        role: str | None = None,
    ) -> Answer:
        """POST a JSON body, in another role than the client's where `role` names one.

        It is sent again after a broken connection, so only for what may be sent twice: creating
        with an external id, or a step under If-Match.
        """
        return self._call("POST", service, path, body=body, if_match=if_match, role=role)

    def post_file(
        self,
        service: str,
        path: str,
        content: bytes,
        media_type: str,
        *,
        name: str | None = None,
        **query: object,
    ) -> Answer:
        """POST a file as it is, under a name if given; only where twice does nothing twice."""
        file = (content, media_type, name)
        return self._call("POST", service, path, query=query, file=file)

    def put(self, service: str, path: str, body: object, *, if_match: str | None = None) -> Answer:
        """PUT a JSON body."""
        return self._call("PUT", service, path, body=body, if_match=if_match)

    def items(self, service: str, path: str, **query: object) -> Iterator[dict[str, Any]]:
        """All items of a list, page after page."""
        cursor: str | None = None
        while True:
            page = self.get(service, path, **query, cursor=cursor).body
            yield from page["items"]
            cursor = page.get("next")
            if cursor is None:
                return

    def _call(
        self,
        method: str,
        service: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        file: tuple[bytes, str, str | None] | None = None,
        if_match: str | None = None,
        role: str | None = None,
    ) -> Answer:
        """Raises ProblemError, and UnreachableError once the patience for a call is over."""
        url = self._target.urls[service] + path
        headers = {
            "Authorization": self._target.authorization(role or self._role),
            "Accept": "application/json",
        }
        headers |= headers_of_write(if_match=if_match)
        content = None
        if file is not None:
            content, media_type, name = file
            headers |= headers_of_file(media_type, name)
        params = query_of(query or {})
        deadline, pause = time.monotonic() + self._patience, 0.2
        while True:
            try:
                response = self._session(url).request(
                    method,
                    url,
                    params=params,
                    data=content,
                    json=body,
                    headers=headers,
                    timeout=_TIMEOUT,
                )
                if response.status_code not in _PASSING:
                    return _answer(response)
                reason = f"it answers with status {response.status_code}"
            except requests.RequestException as error:
                reason = type(error).__name__
            jittered = pause * random.uniform(0.5, 1.0)  # noqa: S311 (spreads the threads' tries)
            if time.monotonic() + pause > deadline or self._abandoned.wait(jittered):
                raise UnreachableError(f"the {service} service at {url} is not there ({reason})")
            pause = min(pause * 2, 5.0)

    def _session(self, url: str) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            # A proxy from the environment knows no way to this machine's own loopback.
            session.trust_env = urlsplit(url).hostname not in LOOPBACK
            self._local.session = session
        return session


def _answer(response: requests.Response) -> Answer:
    try:
        body = response.json() if response.content else {}
    except requests.JSONDecodeError:
        body = {"detail": f"no JSON in the answer (status {response.status_code})"}
    if not isinstance(body, dict):
        body = {"items": body}
    if not response.ok:
        raise ProblemError(response.status_code, body)
    return Answer(response.status_code, body, response.headers.get("ETag", ""))
