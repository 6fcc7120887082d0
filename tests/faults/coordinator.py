"""A coordinator at the portal's pages, without scripts, from several windows at once.

What a page says of a form that was sent is what was acknowledged: forms are the portal's only way
of keeping a decision for a minute, of taking it back, and of carrying it out at once.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from threading import Lock
from typing import Any

import mongoengine
import requests
from pymongo.errors import PyMongoError

from deploy.cli.accounts import house_of
from deploy.cli.example_accounts import make_account, session_cookie
from deploy.local.running import Stack
from deploy.local.servers import database_uri
from services.portal.accounts import identity_of
from services.portal.api_tokens import token_of
from services.portal.documents import Account
from services.portal.domain.people import Office
from services.portal.sessions import open_session
from tests.faults.history import Outcome
from tests.services.portal.browsing import Form, Page

_TIMEOUT = (2.0, 15.0)
_QUEUE = "/review"
_SIGN_IN = "/sign-in"
_TAKEN_BACK = ("Taken back.", "It cannot be taken back any more")
_CARRIED_OUT = ("It took effect.", "It did not take effect.")
_LASTS = timedelta(days=1)
_OLDER = timedelta(hours=3)
"""So much older than the house the account is: nobody is told of what came before their account,
and clocks of the house go back by an hour."""


@dataclass(frozen=True)
class Seat:
    """The account of a coordinator of all States; `token` is the portal's own, for its API.

    `sign_in` gives a new session's cookie: each window signs in when it is first used, and again
    when it is asked to. While the database cannot be reached there is none.
    """

    account: str
    token: str
    sign_in: Callable[[], str | None]


def take_seat(stack: Stack) -> Seat:
    """Make the account in the portal's database. Sessions are made there too, past all proxies."""
    plan = stack.plan
    extra = {**plan.extra, "ENTRAIDE_MONGODB": database_uri(plan.ports.database)}
    plan, lock = replace(plan, extra=extra), Lock()
    house = house_of(plan)
    try:
        account = make_account(house, "coordinator of the faults", Office("coordinator"))
        session_cookie(house, account, "faults")  # sets up the second factor
        account.update(set__created_at=account.created_at - _OLDER)
        account_id = str(account.id)
        token = token_of(house, identity_of(account), house.clock(), _LASTS)
    finally:
        mongoengine.disconnect()

    def sign_in() -> str | None:
        with lock:  # the database is connected for that alone
            house = house_of(plan)
            try:
                account = Account.objects.get(id=account_id)
                return open_session(house, account, "full", "faults", house.clock(), None)
            except PyMongoError:
                return None
            finally:
                mongoengine.disconnect()

    return Seat(account_id, token, sign_in)


class Window:
    """One window, for one thread. Nothing is sent a second time."""

    def __init__(self, url: str, seat: Seat) -> None:
        self._url = url
        self._seat = seat
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update({"Accept": "text/html", "Accept-Language": "en"})
        self._signed_in = False
        self._token = ""

    def open_proposal(self, proposal: str) -> Form | None:
        """The form to decide on a proposal, with what was seen of it; None where there is none."""
        if not self._signed_in and not self._sign_in():
            return None
        path = f"/proposals/{proposal}"
        with suppress(requests.RequestException):
            answer = self._session.get(self._url + path, timeout=_TIMEOUT)
            self._signed_in = not answer.url.startswith(self._url + _SIGN_IN)
            forms = Page(answer.text).forms if answer.ok else []
            found = next((one for one in forms if one.action == path), None)
            if found is not None and self._signed_in:
                self._token = found.values["csrf_token"]
                return found
        return None

    def decide(self, form: Form, decision: str, reason: str) -> Outcome:
        """Send the form: `ok` if the decision was kept for a minute."""
        answer = self._send(form.action, {**form.values, "decision": decision, "reason": reason})
        if answer is None or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return "unknown"
        kept = answer.is_redirect and answer.headers["Location"].startswith(_QUEUE)
        return "ok" if kept else "failed"

    def take_back(self, proposal: str, key: str) -> Outcome:
        """Take back a decision on a proposal, by the form that was shown with it; `failed` where it
        is told to be too late."""
        return self._settle(proposal, key, "take-back", _TAKEN_BACK)

    def carry_out(self, proposal: str, key: str) -> Outcome:
        """Have a decision on a proposal take effect at once, by the form that was shown with it."""
        return self._settle(proposal, key, "now", _CARRIED_OUT)

    def _settle(self, proposal: str, key: str, action: str, said: tuple[str, str]) -> Outcome:
        """The page after the form says what came of it, in one of two sentences."""
        if not self._signed_in:
            return "unknown"
        values = {"csrf_token": self._token, "key": key, "back": _QUEUE}
        answer = self._send(f"/review/decisions/{proposal}/{action}", values)
        if answer is None or not answer.is_redirect:
            return "unknown"
        with suppress(requests.RequestException):
            shown = self._session.get(self._url + answer.headers["Location"], timeout=_TIMEOUT)
            if shown.ok:
                text = Page(shown.text).text
                return "ok" if said[0] in text else "failed" if said[1] in text else "unknown"
        # What was said waits for this window's next page, where it would be taken for another's.
        self._session.cookies.clear()
        self._signed_in = False
        return "unknown"

    def _send(self, path: str, values: dict[str, Any]) -> requests.Response | None:
        try:
            return self._session.post(
                self._url + path, data=values, timeout=_TIMEOUT, allow_redirects=False
            )
        except requests.RequestException:
            return None

    def _sign_in(self) -> bool:
        cookie = self._seat.sign_in()
        if cookie is not None:
            host = self._url.partition("//")[2].partition(":")[0]
            self._session.cookies.set("entraide-session", cookie, domain=host, path="/")
        self._signed_in = cookie is not None
        return self._signed_in
