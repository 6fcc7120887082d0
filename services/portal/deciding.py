"""Decisions on proposals that can be taken back for a minute, and take effect once after it.

A decision is kept (decision_documents.py), so no restart loses it. It is sent in the name of who
decided, with the version that they saw and always under the same key: however often it is sent, the
matcher does it once, and what changed meanwhile is not decided on (docs/decisions/0069).
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, Literal

import structlog
from pymongo.errors import DuplicateKeyError

from services.portal.accounts import may_act
from services.portal.api_tokens import access_for
from services.portal.catalogues import SOURCE_LANGUAGE
from services.portal.decision_documents import PendingDecision
from services.portal.documents import Account
from services.portal.domain.backoff import Policy
from services.portal.followed_state import DECISION
from services.portal.house import House
from services.portal.note_documents import Followed
from services.portal.notifying import Note, notify
from services.portal.services import AwayError, Reader, RefusedError
from shared.events.work import put_off
from shared.ids import new_id

UNDO: Final = timedelta(seconds=60)
"""For how long a decision can be taken back."""
LEASE: Final = timedelta(seconds=60)
"""For how long a decision is its sender's: longer than a call takes."""
TRIED_FOR: Final = timedelta(hours=12)
"""How long the matcher may be away, before a decision is given up: it keeps keys for a day."""
POLICY: Final = Policy(1, timedelta(seconds=5), timedelta(minutes=5), TRIED_FOR)
TOLD: Final = timedelta(days=30)
"""For how long it is told that a decision was given up."""
LOOK_SECONDS: Final = 1.0

Outcome = Literal["done", "waits", "gave-up", "held"]
"""What became of a decision that was to be sent; `held`: somebody else is sending it."""

_KEY_IN_USE = "idempotency-key-in-use"
_WAIT = HTTPStatus.TOO_MANY_REQUESTS

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Wanted:
    """What a coordinator decided on, as seen in `version`; a rejection has its reason."""

    proposal: str
    decision: Literal["endorse", "reject"]
    reason: str | None
    version: str
    key: str
    country: str | None = None


def decide_later(account: Account, wanted: Wanted, now: datetime) -> bool:
    """Keep the decision; False where somebody's, other than this very one, waits already."""
    document = {
        "_id": wanted.proposal,
        "account": account.id,
        "decision": wanted.decision,
        "version": wanted.version,
        "key": wanted.key,
        "created_at": now,
        "due_at": now + UNDO,
        "tries": 0,
        **({"reason": wanted.reason} if wanted.reason else {}),
        **({"country": wanted.country} if wanted.country else {}),
    }
    kept = PendingDecision._get_collection()
    try:
        # One that was given up makes way; one that waits does not match, and its id is taken.
        given_up = {"_id": wanted.proposal, "gave_up_at": {"$ne": None}}
        kept.replace_one(given_up, document, upsert=True)
    except DuplicateKeyError:
        told = {
            name: document.get(name) for name in ("_id", "account", "key", "decision", "reason")
        }
        return kept.find_one(told) is not None
    _let_pages_know(wanted.proposal, wanted.country, now)
    return True


def take_back(account: Account, proposal: str, key: str, now: datetime) -> bool:
    """Forget a decision of the account that was not sent yet; False if this very one is not there:
    another on the proposal, of which whoever takes back was shown nothing, stays."""
    own = {"_id": proposal, "account": account.id, "key": key, "tries": 0, "gave_up_at": None}
    found = PendingDecision._get_collection().find_one_and_delete(own)
    if found is not None:
        _let_pages_know(proposal, found.get("country"), now)
    return found is not None


def dismiss(account: Account, proposal: str, key: str) -> None:
    """Forget a decision of the account that was given up, now that it was seen."""
    seen = PendingDecision.objects(id=proposal, account=account.id, key=key, gave_up_at__ne=None)
    seen.delete()


def own_decisions(account: Account) -> list[PendingDecision]:
    """The account's decisions that wait or were given up, the newest first."""
    return list(PendingDecision.objects(account=account.id).order_by("-created_at"))


def waiting_for(proposals: list[str]) -> dict[str, PendingDecision]:
    """Anybody's decisions that wait, of these proposals."""
    found = PendingDecision.objects(id__in=proposals, gave_up_at=None)
    return {one.id: one for one in found}


def deciders(decisions: Iterable[PendingDecision]) -> dict[str, str]:
    """The names of those who decided, by their accounts' ids."""
    wanted = {one.account for one in decisions}
    found = Account.objects(id__in=sorted(wanted)) if wanted else ()
    return {one.id: one.name for one in found}


def decide_now(house: House, account: Account, proposal: str, key: str) -> Outcome | None:
    """Send a decision of the account at once; None if this very one does not wait."""
    own = PendingDecision.objects(id=proposal, account=account.id, key=key, gave_up_at=None)
    found = own.first()
    if found is None:
        return None
    return _send(house, found) if _take(found, house.clock()) else "held"


def keep_deciding(
    house: House,
    stop: threading.Event,
    tell: Callable[[float], object],
    seconds: float = LOOK_SECONDS,
) -> None:
    """Send what is due until `stop` is set, and tell for how long what waits has been overdue."""
    while not stop.is_set():
        sent = False
        with put_off("deciding interrupted"):
            tell(overdue(house.clock()))
            sent = decide_due(house)
        if not sent:
            stop.wait(seconds)


def overdue(now: datetime) -> float:
    """For how many seconds the oldest decision that waits could not be taken back any more."""
    waiting = PendingDecision.objects(due_at__exists=True)
    oldest = waiting.order_by("created_at").only("created_at").first()
    return 0.0 if oldest is None else max((now - oldest.created_at - UNDO).total_seconds(), 0.0)


def decide_due(house: House) -> bool:
    """Send the decision that has been due longest; False if there is none."""
    now = house.clock()
    found = PendingDecision.objects(due_at__lte=now).order_by("due_at").first()
    if found is None:
        return False
    if _take(found, now):
        _send(house, found)
    return True


def _take(decision: PendingDecision, now: datetime) -> bool:
    """Hold the decision for LEASE; False if it was taken back, or somebody else holds it."""
    held = decision.tries > 0 and decision.due_at > now
    until = now + LEASE
    unchanged = {
        "_id": decision.id,
        "key": decision.key,
        "due_at": decision.due_at,
        "tries": decision.tries,
    }
    update = {"$set": {"due_at": until}, "$inc": {"tries": 1}}
    if held or not PendingDecision._get_collection().update_one(unchanged, update).matched_count:
        return False
    decision.due_at, decision.tries = until, decision.tries + 1
    return True


def _send(house: House, decision: PendingDecision) -> Outcome:
    """Send a decision that is held."""
    account = Account.objects(id=decision.account).first()
    now = house.clock()
    if account is None or not may_act(account):
        # Who locked it may have done so for these very decisions.
        return _give_up(decision, account, "locked", now)
    token = access_for(house, account, now).token
    reader = Reader(token, SOURCE_LANGUAGE, new_id())
    body = {"decision": decision.decision, "reason": decision.reason}
    try:
        house.services.send(
            reader,
            "POST",
            "matcher",
            f"/v1/proposals/{decision.id}/decision",
            body,
            if_match=decision.version,
            key=decision.key,
        )
    except AwayError:
        return _put_off(decision, account, house.clock())
    except RefusedError as error:
        if error.status == _WAIT or _KEY_IN_USE in str(error.problem.get("type")):
            return _put_off(decision, account, house.clock())
        return _give_up(decision, account, _failure(error), house.clock())
    _settle(decision)
    _let_pages_know(decision.id, decision.country, house.clock())
    return "done"


def _failure(error: RefusedError) -> str:
    if error.stale:
        return "changed"
    if error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return "not-yours"
    return "gone" if error.status == HTTPStatus.NOT_FOUND else "refused"


def _put_off(decision: PendingDecision, account: Account, now: datetime) -> Outcome:
    if now - decision.created_at >= TRIED_FOR:
        return _give_up(decision, account, "away", now)
    _settle(decision, {"$set": {"due_at": now + POLICY.wait(decision.tries)}})
    return "waits"


def _give_up(
    decision: PendingDecision, account: Account | None, failure: str, now: datetime
) -> Outcome:
    """Tell the account, then note it: what is interrupted in between is told once all the same."""
    log.info("decision given up", proposal=decision.id, failure=failure)
    if account is not None:
        notify(_note(decision, now), [account], now)
    told = {"gave_up_at": now, "failure": failure, "expires_at": now + TOLD}
    _settle(decision, {"$set": told, "$unset": {"due_at": ""}})
    _let_pages_know(decision.id, decision.country, now)
    return "gave-up"


def _note(decision: PendingDecision, now: datetime) -> Note:
    country = {"country": decision.country} if decision.country else {}
    return Note("match-step", "match", decision.id, "undo", decision.key, now, country)


def _let_pages_know(proposal: str, country: str | None, now: datetime) -> None:
    """Note that what is decided on a proposal is otherwise by now: open pages follow it, as they do
    records (changes.py)."""
    state = {"record_type": DECISION, "record": proposal, "country": country, "heard_at": now}
    Followed._get_collection().update_one(
        {"_id": f"{DECISION}:{proposal}"},
        {"$set": {"epoch": 1, "told": 0, **state}, "$inc": {"number": 1}},
        upsert=True,
    )


def _settle(decision: PendingDecision, update: dict[str, Any] | None = None) -> None:
    """Write to a decision that is still held as it was when it was taken, or delete it."""
    kept = PendingDecision._get_collection()
    held = {"_id": decision.id, "key": decision.key}
    if update is None:
        kept.delete_one(held)
    else:
        kept.update_one({**held, "due_at": decision.due_at}, update)
