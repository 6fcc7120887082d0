"""Bringing a proposal to what its records are now, and the ledger to what the proposal has become.

A proposal falls when either record is withdrawn, closed, merged or gone before anything is
committed, or when an arms embargo bars it, and comes back when that is undone; the State's yes
counts no more once the offer's conditions are others than those it accepted. What is held of a
proposal that somebody declined, or that nobody answered, is given back; what was held before both
sides agreed stays held once they have. Every step is looked at again in the write that takes it, so
whoever finds something to do can do it, several at once too, and whichever of two events comes
first.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime

from services.matcher.actors import MATCHER
from services.matcher.apart import apart
from services.matcher.commitments import finish, start_release
from services.matcher.conditions import unaccepted
from services.matcher.documents import Commitment, Match
from services.matcher.domain import KEPT, PROPOSAL, WAITING, LedgerSide
from services.matcher.embargo_checks import pair_bar
from services.matcher.life import advance
from services.matcher.record_views import View, stored_view
from services.matcher.schedule import ANSWER_WITHIN, next_due, reminders_until
from shared.events.outbox import change
from shared.lifecycle import IllegalTransition

_ENDED = frozenset({"withdrawn", "closed", "merged", "gone"})
"""States of a request or an offer in which nothing more comes of it."""
EMBARGOED = "embargo"
"""Why a proposal has fallen that an arms embargo bars."""
FOLLOWING = sorted(state for state in PROPOSAL.states if "fall" in PROPOSAL.allowed(state))
_TAKEN_BACK = {"state-agreed": "reconsider", "agreed": "reconsider-agreed"}
_ROUNDS = 5

Views = Mapping[str, View | None]


def settle(id_: str, now: datetime) -> Match:
    """Let a proposal follow its records, and the ledger the proposal; returns it as it is then.

    Safe to repeat, and to run by several at once. Raises NotFound, Contention, pymongo's errors.
    """
    match = _follow(id_, now)
    for _ in range(_ROUNDS):
        if not match.owes:
            return match
        _settle_holds(match, now)
        if _paid(match):
            match = _follow(id_, now)
    return match


def follow_records(records: Collection[tuple[LedgerSide, str]], now: datetime) -> None:
    """`settle` the proposals of these records that are not committed. Idempotent."""
    for side in ("request", "offer"):
        ids = [record for of, record in records if of == side]
        if ids:
            found = Match.objects(**{f"{side}__in": ids}, status__in=[*FOLLOWING, "fallen"])
            _settle_all([match.id for match in found.only("id")], now)


def follow_proposals(proposals: Collection[str], now: datetime) -> None:
    """`settle` those of these proposals that are not committed. Idempotent."""
    found = Match.objects(id__in=list(proposals), status__in=[*FOLLOWING, "fallen"])
    _settle_all([match.id for match in found.only("id")], now)


def sweep(now: datetime) -> int:
    """Settle whatever proposals owe; returns how many there were. One that fails is logged."""
    owing = [match.id for match in Match.objects(owes=True).only("id")]
    for id_ in owing:
        with apart("proposal not settled", id_):
            settle(id_, now)
    return len(owing)


def _settle_all(ids: Collection[str], now: datetime) -> None:
    for id_ in ids:
        settle(id_, now)


def _follow(id_: str, now: datetime) -> Match:
    def step(match: Match) -> None:
        sides = {side: stored_view(side, getattr(match, side)) for side in ("request", "offer")}
        ended = _ended(sides) or _embargoed(sides, now)
        if ended is not None and "fall" in PROPOSAL.allowed(match.status):
            advance(match, "fall", MATCHER, now, ended)
        elif ended is None and match.status == "fallen":
            advance(match, "reopen", MATCHER, now)
        elif match.status in _TAKEN_BACK and unaccepted(match, sides["offer"]):
            advance(match, _TAKEN_BACK[match.status], MATCHER, now, "conditions-changed")
            match.answer_by = now + ANSWER_WITHIN
            match.reminders = reminders_until(match.answer_by, now)
            match.due_at = next_due(match)

    return change(Match, id_, None, step, now)


def _ended(sides: Views) -> str | None:
    """Why nothing more comes of a pair, as a code; None where both sides go on."""
    for side, view in sides.items():
        if view is not None and view.status in _ENDED:
            return f"{side}-{view.status}"
    return None


def _embargoed(sides: Views, now: datetime) -> str | None:
    """The code of a pair that an arms embargo bars; None for one that none does."""
    request, offer = sides["request"], sides["offer"]
    if request is None or offer is None or pair_bar(request, offer, now.date()) is None:
        return None
    return EMBARGOED


def _settle_holds(match: Match, now: datetime) -> None:
    if match.status in WAITING:
        return  # what is held provisionally waits for the answers too
    for id_ in match.holds:
        if match.status in KEPT:
            _keep(id_, match.status, now)
        else:
            _give_back(id_, now)


def _keep(id_: str, status: str, now: datetime) -> None:
    """What both sides agreed to expires no more, nor does anything once delivery has begun."""

    def step(commitment: Commitment) -> None:
        if commitment.status == "held" and (commitment.provisional or status != "committed"):
            commitment.expires_at = None
            commitment.provisional = None

    change(Commitment, id_, None, step, now)


def _give_back(id_: str, now: datetime) -> None:
    # Finished first, should it be half done: then nobody can still hold it afterwards.
    if finish(id_, now).status == "held":
        with suppress(IllegalTransition):  # another gives it back
            start_release(id_, None, MATCHER, now)
        finish(id_, now)


def _paid(match: Match) -> bool:
    """Say that the ledger has followed, unless the proposal has become something else since.

    No version and no event are made: nothing is told by it.
    """
    number = {"_id": match.id, "epoch": match.epoch, "number": match.number}
    done = Match._get_collection().update_one(number, {"$unset": {"owes": ""}})
    if not done.matched_count:
        match.reload()
    return bool(done.matched_count)
