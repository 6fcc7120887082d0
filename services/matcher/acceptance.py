"""Accepting an allocation just as it was shown: whole or not at all.

Accepting endorses every pair and then reserves every commitment, each under an id that follows
from the allocation's and the pair's, so that whoever repeats it, or does it at the same time, does
nothing twice. If one of them is refused, for somebody was faster, all are given back. What was
begun and left is finished by the worker's sweep.

What is part of a joint project is committed for its alliance's sake, and takes from its lines too.

The commitments are provisional: donor and State have until they expire to agree. Once both have,
what is held stays held (settling.py); if one declines, or says nothing, it is given back.
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from services.matcher import commitments, proposals
from services.matcher.actors import MATCHER, actor_of
from services.matcher.alliance_documents import Alliance
from services.matcher.alliance_limits import joint_lines
from services.matcher.allocating import situation
from services.matcher.allocation_documents import (
    PAIRS,
    AllocatedPair,
    KeptAllocation,
    pairs_of,
    unmet_of,
)
from services.matcher.decisions import decide
from services.matcher.documents import Commitment, Match
from services.matcher.domain import (
    CENTS,
    COMMITTABLE,
    DECLINED,
    THOUSANDTHS,
    WAITING,
    proposal_id,
)
from services.matcher.promises import commitment_lines, require_committable
from services.matcher.refusing import because_view
from services.matcher.settling import settle
from services.matcher.shortages import REFUSED, refusal_code, shortage_view, whole_refusal
from shared.events.outbox import DuplicateId, StaleVersion
from shared.graces import over
from shared.ids import derived_id
from shared.lifecycle import IllegalTransition
from shared.registers.steps import subject_of
from shared.web.identity import Identity
from shared.web.problems import Problem, conflict

HELD = timedelta(days=30)
"""How long what an accepted allocation holds is held, if nothing else is said."""
TURN_SECONDS = 5.0
"""How long one request goes on accepting, which is less than the portal waits; the next one, or the
sweep, does the rest."""
GRACE = timedelta(seconds=60)
_ROUNDS = 5


class Refusal(NamedTuple):
    """Why a commitment is not made: a code for programs, and the reason in words.

    The code is that of the problem which whoever endorses or commits by themselves is told;
    `shortage` is which line had too little, where it was that, `because` the reason of what the
    ledger or the proposal refused, as BecauseView has it.
    """

    code: str
    detail: str
    shortage: Mapping[str, Any] | None = None
    because: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return self.detail


def begin_accepting(
    kept: KeptAllocation, expires_at: datetime | None, identity: Identity, now: datetime
) -> None:
    """Take it up, if nobody has; raises the 409 problem if what is open is not what it was.

    One write decides who begins; those who come after go on with the same.
    """
    if kept.status != "computed":
        return
    if situation(date.fromisoformat(kept.on), kept.without).digest(kept.without) != kept.id:
        if KeptAllocation.objects(id=kept.id, status="computed").count():
            raise _changed()
        return  # another has begun, and that is what changed
    for rows in (pairs_of(kept), unmet_of(kept)):
        rows.update(unset__forget_at=True)
    KeptAllocation._get_collection().update_one(
        {"_id": kept.id, "status": "computed"},
        {
            "$set": {
                "status": "accepting",
                "expires_at": expires_at or now + HELD,
                "subject": subject_of(identity),
                "role": identity.role,
                "begun_at": now,
            },
            "$unset": {"forget_at": ""},
        },
    )


def go_on(id_: str, now: datetime, seconds: float = TURN_SECONDS) -> KeptAllocation:
    """Go on accepting for so long; returns the allocation as it stands then. Safe to repeat."""
    until = time.monotonic() + seconds
    kept: KeptAllocation = KeptAllocation.objects.get(id=id_)
    if kept.status == "accepting":
        refusal = _accept(kept, now, until)
        if refusal is not None:
            proposal, why = refusal
            refused = {"proposal": proposal, **why._asdict()}
            said = {"refusal": f"{proposal}: {why}", "refused": refused}
            _move(kept.id, "accepting", {"status": "undoing", **said})
        elif _is_done(kept):
            _move(kept.id, "accepting", {"status": "accepted"})
        kept.reload()
    if kept.status == "undoing":
        _undo(kept, now)
        _move(kept.id, "undoing", {"status": "refused"})
        kept.reload()
    return kept


def recover(now: datetime) -> int:
    """Go on with what was begun and left; returns how many there were."""
    stale = [
        one["_id"]
        for status in ("accepting", "undoing")
        for one in KeptAllocation._get_collection().find(
            {"status": status, **over("begun_at", now, GRACE)}, {"_id": 1}
        )
    ]
    for id_ in stale:
        go_on(id_, now)
    return len(stale)


def _is_done(kept: KeptAllocation) -> bool:
    return held(kept) >= int(kept.commitments)


def held(kept: KeptAllocation) -> int:
    """How many of an allocation's commitments hold by now."""
    pairs = pairs_of(kept).only("request", "offer")
    ids = [commitment_id(kept.id, pair) for pair in pairs]
    return int(Commitment.objects(id__in=ids, status="held").count())


def commitment_id(allocation: str, pair: AllocatedPair) -> str:
    """The id of the commitment that accepting makes of a pair."""
    return derived_id("allocation", allocation, pair.request, pair.offer)


def _accept(kept: KeptAllocation, now: datetime, until: float) -> tuple[str, Refusal] | None:
    """Endorse all, then commit all; of which proposal that cannot be, and why.

    None if it is done or time is up.
    """
    identity = Identity(subject=kept.subject, role=kept.role)
    pairs = list(pairs_of(kept).order_by(*PAIRS))
    done = {
        one.id: one.status
        for one in Commitment.objects(id__in=[commitment_id(kept.id, pair) for pair in pairs]).only(
            "id", "status"
        )
    }
    for step in (endorse, commit):
        for pair in pairs:
            if time.monotonic() > until or not _is_accepting(kept):
                return None
            id_ = commitment_id(kept.id, pair)
            if done.get(id_) == "held":
                continue
            refusal = step(kept, pair, identity, now)
            if refusal is not None:
                return proposal_id(pair.request, pair.offer), refusal
    return None


def endorse(
    kept: KeptAllocation, pair: AllocatedPair, identity: Identity, now: datetime
) -> Refusal | None:
    """Endorse a pair's proposal; why that cannot be, None if it is. Safe to repeat."""
    for _ in range(_ROUNDS):
        found = proposals.find(proposal_id(pair.request, pair.offer), identity)
        if found is None:
            return _GONE
        if found.status in COMMITTABLE | WAITING:
            return None
        if found.status in DECLINED:
            return Refusal("declined", f"it was {found.status} meanwhile")
        attempt = commitment_id(kept.id, pair)
        try:
            until = kept.expires_at
            decide(found, "endorse", None, found.version, identity, now, attempt, until)
        except StaleVersion:
            continue
        except IllegalTransition as error:
            return Refusal("decided", str(error))
        except Problem as problem:
            return Refusal(problem.code, problem.detail)
        return None
    return Refusal("changed", "it was changed by others each time")


def commit(
    kept: KeptAllocation, pair: AllocatedPair, identity: Identity, now: datetime
) -> Refusal | None:
    """Hold what an endorsed pair gives; why that cannot be, None if it is. Safe to repeat."""
    id_ = commitment_id(kept.id, pair)
    found = proposals.find(proposal_id(pair.request, pair.offer), identity)
    if found is None:
        return _GONE
    try:
        if Commitment.objects(id=id_).only("id").first() is None:
            if found.status in COMMITTABLE:
                require_committable(found)
            sent = [_sent(line) for line in pair.lines]
            lines = commitment_lines(found, sent, now.date(), pair.alliance)
            if pair.alliance is not None:
                alliance = Alliance.objects(id=pair.alliance).first()
                if alliance is None:
                    return Refusal("alliance", "its alliance is no more")
                lines += joint_lines(alliance, lines)
            match = Match.objects.get(id=found.id)
            terms = {"alliance": pair.alliance, "provisional": True}
            commitments.begin(id_, match, lines, kept.expires_at, actor_of(identity), now, **terms)
    except DuplicateId:
        pass  # another goes on with it too
    except Problem as problem:
        return Refusal(problem.code, problem.detail)
    commitment = commitments.finish(id_, now)
    if commitment.status == "held":
        if _is_given_up(kept):
            _give_back(id_, now)  # another gave all back before this was there
        settle(found.id, now)
        return None
    if commitment.refusal is None:
        return Refusal(REFUSED, f"the commitment is {commitment.status}")
    short = commitment.shortage and shortage_view(commitment.shortage)
    because = because_view(commitment.because)
    return Refusal(refusal_code(commitment), whole_refusal(commitment), short or None, because)


def _sent(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line as a caller would send it, so that it goes the way of every commitment."""
    is_money = line["measure"] == "money"
    return {
        "side": line["side"],
        "line": line["line"],
        "quantity": None if is_money else Decimal(line["amount"]) / THOUSANDTHS,
        "amount": Decimal(line["amount"]) / CENTS if is_money else None,
        "currency": line["unit"] if is_money else None,
    }


def _is_accepting(kept: KeptAllocation) -> bool:
    return bool(KeptAllocation.objects(id=kept.id, status="accepting").count())


def _is_given_up(kept: KeptAllocation) -> bool:
    return bool(KeptAllocation.objects(id=kept.id, status__in=["undoing", "refused"]).count())


def _undo(kept: KeptAllocation, now: datetime) -> None:
    """Give back all that there is; what another begins after this, that one gives back."""
    for pair in pairs_of(kept).order_by(*PAIRS):
        id_ = commitment_id(kept.id, pair)
        if Commitment.objects(id=id_).only("id").first() is not None:
            _give_back(id_, now)


def _give_back(id_: str, now: datetime) -> None:
    if commitments.finish(id_, now).status == "held":
        with suppress(IllegalTransition):  # another gives it back
            commitments.start_release(id_, None, MATCHER, now)
        commitments.finish(id_, now)


def _move(id_: str, source: str, values: Mapping[str, Any]) -> None:
    KeptAllocation._get_collection().update_one({"_id": id_, "status": source}, {"$set": values})


_GONE = Refusal("gone", "it is proposed no more")


def _changed() -> Problem:
    return conflict("changed", "What is open has changed since. Read the allocation again.")
