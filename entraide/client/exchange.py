"""Access tokens of an account: its API token is exchanged for ones of some minutes."""

import threading
import time

from entraide.client.calls import Client

_EARLY_SECONDS = 30.0
"""A token is exchanged anew while it holds for so long yet: a call may take as long."""


class Exchange:
    """Gives an access token that still holds, when it is called: the token of a Client.

    `portal` is the portal's address, `api_token` what the account was shown once, `entraide_...`.
    Calling raises ProblemError where the API token is good for nothing any more, UnreachableError
    where the portal is away. May be used by several threads at once.
    """

    def __init__(self, portal: str, api_token: str) -> None:
        self._portal = Client({"portal": portal})
        self._api_token = api_token
        self._lock = threading.Lock()
        self._held, self._until = "", float("-inf")

    def __call__(self) -> str:
        """The access token."""
        with self._lock:
            if time.monotonic() > self._until - _EARLY_SECONDS:
                asked = time.monotonic()
                body = {"token": self._api_token}
                given = self._portal.post("portal", "/v1/token", body).body
                self._held, self._until = given["access_token"], asked + given["expires_in"]
            return self._held
