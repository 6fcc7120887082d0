"""Sending one call over a kept connection: queries, headers and files as the APIs take them."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests
from requests.adapters import BaseAdapter


@dataclass(frozen=True)
class File:
    """A file to be sent as it is, under a name if it has one."""

    content: bytes
    media_type: str
    name: str | None = None


class Sender:
    """Sends calls, each once. May be used by several threads at once; make it after any fork.

    `trusting` asks the environment for proxies and certificates; `adapter` makes what connects, if
    not the library's own. Each thread keeps its own connections.
    """

    def __init__(self, *, trusting: bool, adapter: type[BaseAdapter] | None = None) -> None:
        self._trusting = trusting
        self._adapter = adapter
        self._local = threading.local()

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        timeout: tuple[float, float],
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        file: File | None = None,
        if_match: str | None = None,
        key: str | None = None,
        **options: Any,
    ) -> requests.Response:
        """Send it; raises the library's RequestException where no answer came.

        `query` leaves out what is None, and repeats what is a list; `body` becomes JSON. `if_match`
        is the version that a write was decided on, `key` makes a repeat of it harmless. `timeout`
        is for connecting and for each read, in seconds; `options` are the library's.
        """
        content, more = (None, {}) if file is None else (file.content, _headers_of(file))
        written = {"If-Match": if_match, "Idempotency-Key": key}
        given = {name: value for name, value in written.items() if value is not None}
        return self._session().request(
            method,
            url,
            params=_query_of(query or {}),
            data=content,
            json=body,
            headers={**headers, **given, **more},
            timeout=timeout,
            **options,
        )

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = self._trusting
            if self._adapter is not None:
                for scheme in ("http://", "https://"):
                    session.mount(scheme, self._adapter())
            self._local.session = session
        return session


def _query_of(query: Mapping[str, object]) -> dict[str, str | list[str]]:
    return {name: _each(value) for name, value in query.items() if value is not None}


def _each(value: object) -> str | list[str]:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [str(one) for one in value]
    return str(value)


def _headers_of(file: File) -> dict[str, str]:
    headers = {"Content-Type": file.media_type}
    if file.name is not None:
        name = quote(file.name, safe="")
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return headers
