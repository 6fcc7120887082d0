"""Bringing the ledger to what a case of coverage says: a confirmed one holds its need line.

The case says first, in one write, what it wants (`owes`); then comes the commitment, whose id
derives from the case and the number of the try. So whoever finds a case that owes can go on, and
several may at once.
"""

from contextlib import suppress
from datetime import datetime

import structlog

from services.matcher import commitments
from services.matcher.commitments import MATCHER, begin_with
from services.matcher.coverage_documents import CoverageCase
from services.matcher.documents import Commitment, CommitmentLine
from services.matcher.domain import Take
from services.matcher.ledger_documents import LedgerLine
from shared.events.outbox import DuplicateId, change
from shared.events.work import INFRASTRUCTURE
from shared.ids import derived_id
from shared.lifecycle import IllegalTransition

_TRIES = 5

log = structlog.get_logger(__name__)


def settle(id_: str, now: datetime) -> CoverageCase:
    """Let the ledger follow a case; returns the case.

    A confirmed one takes the lesser of what it wants and of what is free; any other gives back.
    Safe to repeat, and to run by several at once. Raises Contention and pymongo's errors.
    """
    case: CoverageCase = CoverageCase.objects.get(id=id_)
    for _ in range(_TRIES):
        if not case.owes:
            return case
        if case.commitment is None and case.status != "confirmed":
            case = _done(case, now)
        elif case.commitment is None:
            case = _intend(case, now)
        elif case.status == "confirmed":
            case = _hold(case, now)
        else:
            case = _give_back(case, now)
    return case


def sweep(now: datetime) -> int:
    """Settle whatever cases owe; returns how many there were. One that fails is logged."""
    owing = [case.id for case in CoverageCase.objects(owes=True).only("id")]
    for id_ in owing:
        try:
            settle(id_, now)
        except INFRASTRUCTURE:
            raise
        except Exception as error:
            log.error("case of coverage not settled", id=id_, exc_info=error)
    return len(owing)


def _intend(case: CoverageCase, now: datetime) -> CoverageCase:
    """Say in the case which commitment it will hold, or that there is nothing to hold."""
    free = _free(case)

    def mutate(stored: CoverageCase) -> None:
        if stored.commitment is not None or stored.status != "confirmed" or not stored.owes:
            return
        taken = min(stored.wanted, free)
        stored.taken = taken
        if taken:
            stored.tries += 1
            stored.commitment = derived_id("coverage", stored.id, str(stored.tries))
        else:
            stored.owes = False

    return change(CoverageCase, case.id, None, mutate, now)


def _hold(case: CoverageCase, now: datetime) -> CoverageCase:
    commitment = commitments.finish(_begun(case, now).id, now)

    def mutate(stored: CoverageCase) -> None:
        if stored.commitment != commitment.id or stored.status != "confirmed":
            return
        if commitment.status == "held":
            stored.owes = False
        else:  # others took what was free: less is tried for
            stored.commitment = None

    return change(CoverageCase, case.id, None, mutate, now)


def _give_back(case: CoverageCase, now: datetime) -> CoverageCase:
    # Begun first, should nobody have: then none who was about to can hold it afterwards.
    commitment = commitments.finish(_begun(case, now).id, now)
    if commitment.status == "held":
        with suppress(IllegalTransition):  # another is giving it back
            commitments.start_release(commitment.id, None, MATCHER, now)
        commitments.finish(commitment.id, now)
    return _done(case, now)


def _done(case: CoverageCase, now: datetime) -> CoverageCase:
    def mutate(stored: CoverageCase) -> None:
        if stored.commitment == case.commitment and stored.status != "confirmed":
            stored.commitment = stored.taken = None
            stored.owes = False

    return change(CoverageCase, case.id, None, mutate, now)


def _begun(case: CoverageCase, now: datetime) -> Commitment:
    commitment = Commitment(
        id=case.commitment,
        coverage=case.id,
        request=case.request,
        country=case.country,
        organisation=case.organisation,
        lines=[
            CommitmentLine(
                side="request",
                record=case.request,
                line=case.line,
                measure=case.measure,
                unit=case.counted_in,
                amount=case.taken,
            )
        ],
    )
    try:
        return begin_with(commitment, MATCHER, now)
    except DuplicateId:
        begun: Commitment = Commitment.objects.get(id=case.commitment)
        return begun


def _free(case: CoverageCase) -> int:
    """What is free of the case's line; 0 for one that takes no holds."""
    take = Take("request", case.request, case.line, case.measure, case.counted_in, case.wanted)
    line = LedgerLine.objects(id=take.ledger_line).only("free", "open").first()
    return max(0, line.free) if line is not None and line.open else 0
