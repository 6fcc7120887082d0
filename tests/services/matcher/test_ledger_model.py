"""The ledger against a model: commitments, releases, limits and crashes in any order."""

import itertools
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
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
from services.matcher.actors import MATCHER
from services.matcher.commitments import (
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
from tests.services.matcher.records import NOW, agreed, commitment_line

AMOUNTS = st.integers(1, 8)
LIMITS = st.integers(0, 20)
SIDES = (
    *(("request", "q0"), ("request", "q1"), ("offer", "o0"), ("offer", "o1")),
    ("call", "c"),
)


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
    """Two requests, two offers and a call of one line each, committed to one another.

    What no crash disturbs is foretold: from the lines as they are, what a commitment comes to, and
    from the commitments, what each line holds after a release or a sweep.
    """

    commitments = Bundle("commitments")

    @initialize()
    def start(self) -> None:
        self.run = uuid.uuid4().hex[:8]
        self.versions: dict[str, int] = {}
        self.now = NOW
        self.before: dict[str, int] = {}
        for request, offer in itertools.product(("q0", "q1"), ("o0", "o1")):
            agreed(self.name(request), self.name(offer))
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
        drawn=st.integers(0, 4),
        crash=st.integers(0, 16),
        hours=st.one_of(st.none(), st.integers(1, 4)),
    )
    def commit(
        self,
        request: str,
        offer: str,
        given: int,
        taken: int,
        drawn: int,
        crash: int,
        hours: int | None,
    ) -> str:
        match = Match.objects.get(id=f"{self.name(request)}.{self.name(offer)}")
        lines = [
            commitment_line("request", match.request, taken * 1000),
            commitment_line("offer", match.offer, given * 1000),
        ]
        if drawn:
            lines.append(commitment_line("call", self.name("c"), drawn * 1000))
        before = {line.id: line for line in self.lines()}
        fits = all(
            before[take.ledger_line].open and before[take.ledger_line].free >= take.amount
            for take in (line.take() for line in lines)
        )
        id_ = uuid.uuid4().hex[:24]
        expires = None if hours is None else self.now + timedelta(hours=hours)
        begin(id_, match, lines, expires, MATCHER, self.now)
        if self.run_until(lambda step: finish(id_, self.now, step), crash):
            status = Commitment.objects.get(id=id_).status
            assert status == ("held" if fits else "refused")
            taken = {line.take().ledger_line: line.amount for line in lines if fits}
            self.check_moved(before, taken)
        return id_

    def check_moved(self, before: Mapping[str, Any], taken: Mapping[str, int]) -> None:
        """What each line holds differs from before by this, and by nothing else."""
        for line in self.lines():
            assert line.held - before[line.id].held == taken.get(line.id, 0)

    @rule(commitment=commitments, crash=st.integers(0, 12))
    def release(self, commitment: str, crash: int) -> None:
        before = {line.id: line for line in self.lines()}
        try:
            stored = start_release(commitment, None, MATCHER, self.now)
        except IllegalTransition:
            assert Commitment.objects.get(id=commitment).status != "held"
        else:
            if self.run_until(lambda step: finish(commitment, self.now, step), crash):
                back = {line.take().ledger_line: -line.amount for line in stored.lines}
                self.check_moved(before, back)

    @rule(hours=st.integers(1, 3))
    def the_worker_was_down(self, hours: int) -> None:
        """Holds whose time ended meanwhile are free after one sweep, and no freer after two."""
        self.now += timedelta(hours=hours)
        for _ in range(2):
            recover(self.now, timedelta(0))
            expire(self.now)
            held: Counter[str] = Counter()
            for one in Commitment.objects(status="held", request__in=self.requests()):
                assert one.expires_at is None or one.expires_at > self.now
                for line in one.lines:
                    held[line.take().ledger_line] += line.amount
            assert {line.id: line.held for line in self.lines() if line.held} == dict(held)

    def requests(self) -> list[str]:
        """The requests of this run."""
        return [self.name("q0"), self.name("q1")]

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

    def run_until(self, work: Callable[[Callable[[str], None]], object], crash: int) -> bool:
        """Do the work, or die at the crash's place; whether it was done."""
        try:
            work(crash_at(crash))
        except Crash:
            return False
        return True

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
        requests = self.requests()
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
