"""Bringing the ledger to what a case of coverage says: a confirmed one holds its need line.

The case says first, in one write, what it wants (`owes`); then comes the commitment, whose id
derives from the case and the number of the try. So whoever finds a case that owes can go on, and
several may at once. What it could not take, for others held it, it takes once it is free: by a
further commitment, so that nothing is let go for it.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from services.matcher import commitments
from services.matcher.actors import MATCHER
from services.matcher.apart import apart
from services.matcher.commitments import begin_with
from services.matcher.coverage_documents import CoverageCase, CoverageHold
from services.matcher.documents import Commitment, CommitmentLine
from services.matcher.domain import Take
from services.matcher.ledger_documents import LedgerLine
from shared.events.outbox import DuplicateId, change
from shared.ids import derived_id
from shared.lifecycle import IllegalTransition

_TRIES = 5
LEAST_PART = 20
"""Of what a case wants, a further commitment takes one in so many at least, or all that lacks: so
the commitments of a case stay few, however often a little becomes free."""


def settle(id_: str, now: datetime) -> CoverageCase:
    """Let the ledger follow a case; returns the case.

    A confirmed one takes the lesser of what it wants and of what is free; any other gives back.
    Safe to repeat, and to run by several at once. Raises Contention and pymongo's errors.
    """
    case: CoverageCase = CoverageCase.objects.get(id=id_)
    for _ in range(_TRIES):
        if not case.owes:
            return case
        if case.status != "confirmed":
            case = _give_back(case, now) if case.commitments else _done(case, now)
        elif case.commitment is None:
            case = _intend(case, now)
        else:
            case = _hold(case, now)
    return case


def sweep(now: datetime) -> int:
    """Settle whatever cases owe, and let those that are short take what has become free since.

    Returns how many there were. One that fails is logged and counted.
    """
    owing = [case.id for case in CoverageCase.objects(owes=True).only("id")]
    _each(owing, now)
    taking = [id_ for id_ in _with_something_free() if _want_more(id_, now).owes]
    _each(taking, now)
    return len(owing) + len(taking)


def _each(ids: Sequence[str], now: datetime) -> None:
    for id_ in ids:
        with apart("case of coverage not settled", id_):
            settle(id_, now)


def _with_something_free() -> list[str]:
    """The cases that are short and of whose line something is free, those found first first."""
    short = CoverageCase.objects(short=True, owes=False).order_by("created_at", "id")
    lines = {case.id: _take(case).ledger_line for case in short.exclude("pending_events")}
    if not lines:
        return []
    ids = sorted(set(lines.values()))
    open_lines = LedgerLine.objects(id__in=ids, open=True, free__gt=0).scalar("id")
    free = set(open_lines)
    return [id_ for id_, line in lines.items() if line in free]


def _want_more(id_: str, now: datetime) -> CoverageCase:
    """Say in a case that is short that it takes more, if as much is free as is worth taking."""

    def mutate(stored: CoverageCase) -> None:
        if stored.owes or not stored.is_short():
            return
        lacking = stored.wanted - stored.held
        if min(lacking, _free(stored)) < min(lacking, -(-stored.wanted // LEAST_PART)):
            return
        if stored.commitment is not None:
            held = CoverageHold(commitment=stored.commitment, amount=stored.taken)
            stored.earlier = [*stored.earlier, held]
            stored.commitment = None
        stored.owes = True

    return change(CoverageCase, id_, None, mutate, now)


def _intend(case: CoverageCase, now: datetime) -> CoverageCase:
    """Say in the case which commitment it will hold, or that there is nothing to hold."""
    free = _free(case)

    def mutate(stored: CoverageCase) -> None:
        if stored.commitment is not None or stored.status != "confirmed" or not stored.owes:
            return
        stored.taken = max(0, min(stored.wanted - stored.held, free))
        if stored.taken:
            stored.tries += 1
            stored.commitment = derived_id("coverage", stored.id, str(stored.tries))
        else:
            stored.owes = False
        stored.short = stored.is_short()

    return change(CoverageCase, case.id, None, mutate, now)


def _hold(case: CoverageCase, now: datetime) -> CoverageCase:
    commitment = commitments.finish(_begun(case, case.commitment, case.taken, now).id, now)

    def mutate(stored: CoverageCase) -> None:
        if stored.commitment != commitment.id or stored.status != "confirmed":
            return
        if commitment.status == "held":
            stored.owes = False
        else:  # others took what was free: less is tried for
            stored.commitment = None
        stored.short = stored.is_short()

    return change(CoverageCase, case.id, None, mutate, now)


def _give_back(case: CoverageCase, now: datetime) -> CoverageCase:
    held = [*case.earlier]
    if case.commitment is not None:
        held.append(CoverageHold(commitment=case.commitment, amount=case.taken))
    for hold in held:
        # Begun first, should nobody have: then none who was about to can hold it afterwards.
        begun = _begun(case, hold.commitment, hold.amount, now)
        commitment = commitments.finish(begun.id, now)
        if commitment.status == "held":
            with suppress(IllegalTransition):  # another is giving it back
                commitments.start_release(commitment.id, None, MATCHER, now)
            commitments.finish(commitment.id, now)
    return _done(case, now)


def _done(case: CoverageCase, now: datetime) -> CoverageCase:
    def mutate(stored: CoverageCase) -> None:
        if stored.commitments == case.commitments and stored.status != "confirmed":
            stored.commitment = stored.taken = None
            stored.earlier = []
            stored.owes = stored.short = False

    return change(CoverageCase, case.id, None, mutate, now)


def _begun(case: CoverageCase, id_: str, amount: int, now: datetime) -> Commitment:
    take = _take(case)
    commitment = Commitment(
        id=id_,
        coverage=case.id,
        request=case.request,
        country=case.country,
        organisation=case.organisation,
        lines=[
            CommitmentLine(
                side=take.side,
                record=take.record,
                line=take.line,
                measure=take.measure,
                unit=take.unit,
                amount=amount,
            )
        ],
    )
    try:
        return begin_with(commitment, MATCHER, now)
    except DuplicateId:
        begun: Commitment = Commitment.objects.get(id=id_)
        return begun


def _free(case: CoverageCase) -> int:
    """What is free of the case's line; 0 for one that takes no holds."""
    line = LedgerLine.objects(id=_take(case).ledger_line).only("free", "open").first()
    return max(0, line.free) if line is not None and line.open else 0


def _take(case: CoverageCase) -> Take:
    """All that the case wants of its line."""
    return Take("request", case.request, case.line, case.measure, case.counted_in, case.wanted)
