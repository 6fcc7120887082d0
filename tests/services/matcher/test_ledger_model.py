"""The ledger against a model: commitments, releases, limits and crashes in any order."""

import contextlib
import itertools
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from services.matcher import ledger
from services.matcher.commitments import (
    MATCHER,
    UNFINISHED,
    _reserve_all,
    begin,
    expire,
    finish,
    no_step,
    recover,
    start_release,
)
from services.matcher.documents import Commitment, Match
from services.matcher.domain import LineLimit
from services.matcher.ledger import Limits, Outcome, reserve, set_limits
from services.matcher.ledger_documents import LedgerCase, LedgerLine
from shared.events.versions import Version
from shared.lifecycle import IllegalTransition
from tests.services.matcher.records import NOW, commitment_line, endorsed

AMOUNTS = st.integers(1, 8)
LIMITS = st.integers(0, 20)
SIDES = (("request", "q0"), ("request", "q1"), ("offer", "o0"), ("offer", "o1"))


class Crash(BaseException):
    """The process died here: no handler of exceptions goes on after it."""


def crash_at(place: int) -> Callable[[str], None]:
    """A step callback that dies before the write number `place`."""
    steps = itertools.count()

    def step(_: str) -> None:
        if next(steps) == place:
            raise Crash

    return step


def wakes_after_reserving(commitment: Commitment, now: datetime) -> None:
    """A process that stalled behind its last reservation goes on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "reserve", lambda *_: Outcome.HELD)
        _reserve_all(commitment, now, no_step)


class LedgerMachine(RuleBasedStateMachine):
    """Two requests and two offers of one line each, committed to one another."""

    commitments = Bundle("commitments")

    @initialize()
    def start(self) -> None:
        self.run = uuid.uuid4().hex[:8]
        self.versions: dict[str, int] = {}
        self.now = NOW
        self.before: dict[str, int] = {}
        for request, offer in itertools.product(("q0", "q1"), ("o0", "o1")):
            endorsed(self.name(request), self.name(offer))
        for side, record in SIDES:
            self.limit(side, record, 10)

    def name(self, record: str) -> str:
        """The record's id in this run."""
        return f"{record}{self.run}"

    def limit(self, side: Any, record: str, limit: int, *, open_: bool = True) -> None:
        """The owner sets the limit of its one line."""
        number = self.versions[record] = self.versions.get(record, 0) + 1
        line = LineLimit(1, "quantity", "machines", limit * 1000)
        set_limits([Limits(side, self.name(record), Version(1, number), open_, [line])], self.now)

    @rule(record=st.sampled_from(SIDES), limit=LIMITS, open_=st.sampled_from([True, True, False]))
    def change_limit(self, record: tuple[str, str], limit: int, open_: bool) -> None:
        self.limit(*record, limit, open_=open_)

    @rule(
        target=commitments,
        request=st.sampled_from(["q0", "q1"]),
        offer=st.sampled_from(["o0", "o1"]),
        given=AMOUNTS,
        taken=AMOUNTS,
        crash=st.integers(0, 8),
        hours=st.one_of(st.none(), st.integers(1, 4)),
    )
    def commit(
        self, request: str, offer: str, given: int, taken: int, crash: int, hours: int | None
    ) -> str:
        match = Match.objects.get(id=f"{self.name(request)}.{self.name(offer)}")
        lines = [
            commitment_line("request", match.request, taken * 1000),
            commitment_line("offer", match.offer, given * 1000),
        ]
        id_ = uuid.uuid4().hex[:24]
        expires = None if hours is None else self.now + timedelta(hours=hours)
        begin(id_, match, lines, expires, MATCHER, self.now)
        self.run_until(lambda step: finish(id_, self.now, step), crash)
        return id_

    @rule(commitment=commitments, crash=st.integers(0, 6))
    def release(self, commitment: str, crash: int) -> None:
        try:
            start_release(commitment, None, MATCHER, self.now)
        except IllegalTransition:
            assert Commitment.objects.get(id=commitment).status != "held"
        else:
            self.run_until(lambda step: finish(commitment, self.now, step), crash)

    @rule(commitment=consumes(commitments))
    def repeat_late(self, commitment: str) -> None:
        """A process that stalled long ago repeats its first reservation only now."""
        stored = Commitment.objects.get(id=commitment)
        if stored.status in ("released", "refused"):
            for line in stored.lines:
                assert reserve(line.take(), commitment) is Outcome.RELEASED
            wakes_after_reserving(stored, self.now)

    @rule(hours=st.integers(0, 2), crash=st.integers(0, 8))
    def sweep(self, hours: int, crash: int) -> None:
        self.now += timedelta(hours=hours)
        self.run_until(lambda step: recover(self.now, timedelta(0), step), crash)
        self.run_until(lambda step: expire(self.now, step), crash)

    def run_until(self, work: Callable[[Callable[[str], None]], object], crash: int) -> None:
        """Do the work, or die at the crash's place."""
        with contextlib.suppress(Crash):
            work(crash_at(crash))

    def lines(self) -> list[Any]:
        """The ledger lines of this run."""
        return list(LedgerLine.objects(record__in=[self.name(record) for _, record in SIDES]))

    @invariant()
    def no_hold_was_raised_above_the_limit(self) -> None:
        for line in self.lines():
            assert line.held == sum(hold.amount for hold in line.holds)
            assert line.free == line.limit - line.held
            if line.held > self.before.get(line.id, 0):
                assert line.held <= line.limit
            self.before[line.id] = line.held

    def teardown(self) -> None:
        """After the last sweep nothing is half done, and the ledger holds what is promised."""
        if not hasattr(self, "run"):
            return
        recover(self.now, timedelta(0))
        requests = [self.name("q0"), self.name("q1")]
        mine = list(Commitment.objects(request__in=requests))
        assert not [one for one in mine if one.status in UNFINISHED]
        promised = {
            (line.record, one.id): line.amount
            for one in mine
            if one.status == "held"
            for line in one.lines
        }
        held = {
            (line.record, hold.commitment): hold.amount
            for line in self.lines()
            for hold in line.holds
        }
        assert held == promised
        for match in Match.objects(request__in=requests):
            holding = any(one.match == match.id and one.status == "held" for one in mine)
            assert (match.status == "committed") == holding
        over = {line.id for line in self.lines() if line.free < 0}
        cases = {case.id for case in LedgerCase.objects(status="open")}
        assert over <= cases


@pytest.mark.usefixtures("database")
def test_the_ledger_keeps_its_invariant() -> None:
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
