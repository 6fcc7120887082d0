"""Calls of the services by HTTP that are made once, and say whether they did something."""

import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import requests

from deploy.cli.target import Target
from tests.faults.history import Outcome

_TIMEOUT = (2.0, 10.0)


@dataclass(frozen=True)
class Answered:
    """What a call was told: `failed` did nothing for certain, of `unknown` nobody can say."""

    outcome: Outcome
    body: dict[str, Any]
    etag: str = ""

    @property
    def ok(self) -> bool:
        """Whether it did what it was to do."""
        return self.outcome == "ok"


class Calls:
    """Calls in one role, from any thread, without a second try."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._local = threading.local()

    def call(
        self, method: str, service: str, path: str, *, role: str = "operator", **more: Any
    ) -> Answered:
        """One call; `more` are `json`, `params`, and headers as `if_match` and `key`."""
        headers = {"Authorization": f"Bearer {self._target.token(role)}"}
        for name, header in (("if_match", "If-Match"), ("key", "Idempotency-Key")):
            if value := more.pop(name, None):
                headers[header] = value
        try:
            answer = self._session().request(
                method,
                self._target.urls[service] + path,
                headers=headers,
                timeout=_TIMEOUT,
                **more,
            )
            body = answer.json() if answer.content else {}
        except (requests.RequestException, ValueError):
            return Answered("unknown", {})
        if answer.ok:
            return Answered("ok", body, answer.headers.get("ETag", ""))
        server = answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        return Answered("unknown" if server else "failed", body)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False
        return session
