"""Commitments over several ledger lines: crashes at every step, and many at once."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from services.matcher.actors import Actor
from services.matcher.commitments import (
    GRACE,
    begin,
    expire,
    finish,
    recover,
    start_release,
    unfinished,
)
from services.matcher.documents import Commitment, Match
from services.matcher.domain import LineLimit
from services.matcher.ledger import Limits, release, reserve, set_limits
from services.matcher.ledger_documents import LedgerLine
from services.matcher.life_documents import ToldLine
from services.matcher.metrics import NOT_DONE
from services.matcher.reactions import keep_records
from shared.events.envelope import check
from shared.events.outbox import StaleVersion, Version, change
from shared.lifecycle import IllegalTransition
from tests.services.matcher.records import (
    NOW,
    agreed,
    commitment_line,
    need,
    offer_event,
    provision,
    request_event,
)
from tests.services.written import reads

COORDINATOR = Actor("coordinator")
LATER = NOW + GRACE + timedelta(seconds=1)


class Crash(BaseException):
    """The process died here: no handler of exceptions goes on after it."""


def crash_before(place: int) -> Callable[[str], None]:
    """A step callback that dies before the write number `place`."""
    steps = itertools.count()

    def step(_: str) -> None:
        if next(steps) == place:
            raise Crash

    return step


@pytest.fixture
def match(database: object) -> Match:
    """A proposal that both sides agreed to: two needs of 4 and 2 machines, one provision of 10."""
    needs = [need(1, quantity=4), need(2, quantity=2)]
    keep_records(lambda: NOW)([request_event("r", needs=needs), offer_event("o", conditions=[])])
    return agreed("r", "o")


def lines(*amounts: int, offered: int | None = None) -> list[Any]:
    """Machines for the request's lines in order, and as many from the offer."""
    taken = [commitment_line("request", "r", n * 1000, at) for at, n in enumerate(amounts, 1)]
    given = sum(amounts) if offered is None else offered
    return [*taken, commitment_line("offer", "o", given * 1000)]


def held() -> dict[str, dict[str, int]]:
    """What each ledger line holds, by commitment; checked for consistency."""
    found = {}
    for line in LedgerLine.objects:
        assert line.held == sum(hold.amount for hold in line.holds)
        assert line.free == line.limit - line.held
        assert len({hold.commitment for hold in line.holds}) == len(line.holds)
        found[f"{line.side} {line.line}"] = {h.commitment: h.amount for h in line.holds}
    return found


NOTHING: dict[str, dict[str, int]] = {"request 1": {}, "request 2": {}, "offer 1": {}}


def test_a_commitment_holds_all_its_lines_and_commits_the_proposal(match: Match) -> None:
    begin("c", match, lines(3, 2), None, COORDINATOR, NOW)
    commitment = finish("c", NOW)
    assert [step.target for step in commitment.history] == ["reserving", "held"]
    assert held() == {"request 1": {"c": 3000}, "request 2": {"c": 2000}, "offer 1": {"c": 5000}}
    match.reload()
    assert match.status == "committed"


def test_a_commitment_that_does_not_fit_gives_everything_back(match: Match) -> None:
    begin("c", match, lines(3, 3), None, COORDINATOR, NOW)
    commitment = finish("c", NOW)
    assert (commitment.status, commitment.refusal) == (
        "refused",
        "line 2 of request r: not enough is left",
    )
    assert held() == NOTHING
    match.reload()
    assert match.status == "agreed"


def test_released_lines_can_be_committed_anew(match: Match) -> None:
    begin("c", match, lines(4, 2), None, COORDINATOR, NOW)
    finish("c", NOW)
    start_release("c", None, COORDINATOR, NOW)
    assert finish("c", NOW).status == "released"
    assert held() == NOTHING
    match.reload()
    assert match.status == "released"
    begin("d", match, lines(4, 2), None, COORDINATOR, NOW)
    assert finish("d", NOW).status == "held"


def test_the_proposal_stays_committed_while_another_commitment_holds(match: Match) -> None:
    for id_ in ("c", "d"):
        begin(id_, match, lines(1, 1), None, COORDINATOR, NOW)
        finish(id_, NOW)
    start_release("c", None, COORDINATOR, NOW)
    finish("c", NOW)
    match.reload()
    assert match.status == "committed"


def test_a_proposal_rejected_in_between_undoes_the_commitment(match: Match) -> None:
    begin("c", match, lines(1, 1), None, COORDINATOR, NOW)

    def reject(one: Match) -> None:
        one.status = "rejected"

    change(Match, match.id, None, reject, NOW)
    assert finish("c", NOW).status == "refused"
    assert held() == NOTHING


def end(match: Match) -> None:
    match.status = "delivered"


def pledge(match: Match) -> None:
    match.pledges = [ToldLine(line=1, measure="quantity", unit="machines", amount=1000)]


def unsettled(match: Match) -> None:
    """It has yet to follow what its offer has become."""
    match.status = "agreed"


def nothing(match: Match) -> None:
    """As it is."""


CEILING = {"ceiling_cents": 100, "ceiling_currency": "USD"}
CONDITIONS = [{"kind": "reporting", "hash": "1" * 32}]
PLEDGE = {"line": 1, "measure": "quantity", "unit": "machines", "pledged": 1000, "asked": 2000}


@pytest.mark.parametrize(
    ("meanwhile", "offer", "because"),
    [
        (end, {}, {"code": "illegal-transition"}),
        (pledge, {}, {"code": "above-pledge", **PLEDGE}),
        (nothing, {"conditions": CONDITIONS}, {"code": "not-agreed"}),
        (unsettled, {"conditions": CONDITIONS}, {"code": "conditions-changed"}),
        (nothing, CEILING, {"code": "ceiling"}),
        (nothing, {"status": "closed"}, {"code": "not-open"}),
        (nothing, {"provisions": [provision(1, capacity=1)]}, {"code": "not-enough-left"}),
    ],
    ids=["status", "pledge", "taken back", "conditions", "ceiling", "closed", "shortage"],
)
def test_why_nothing_was_committed_is_told_by_a_code_of_its_own(
    match: Match,
    meanwhile: Callable[[Match], None],
    offer: dict[str, Any],
    because: dict[str, Any],
) -> None:
    priced = [provision(1, capacity=10, amount_cents=1_000_000, currency="USD")]
    told = {"conditions": [], "provisions": priced, **offer}
    begin("c", match, lines(1, 1), None, COORDINATOR, NOW)
    keep_records(lambda: NOW)([offer_event("o", 2, **told)])
    change(Match, match.id, None, meanwhile, NOW)
    assert (finish("c", NOW).status, finish("c", NOW).because) == ("refused", because)
    assert held() == NOTHING


def test_only_what_is_held_can_be_released(match: Match) -> None:
    begin("c", match, lines(9, 0), None, COORDINATOR, NOW)
    finish("c", NOW)
    with pytest.raises(IllegalTransition):
        start_release("c", None, COORDINATOR, NOW)
    with pytest.raises(StaleVersion):
        start_release("c", Version(1, 1), COORDINATOR, NOW)


@pytest.mark.parametrize("delivering", [True, False])
def test_what_goes_on_while_others_are_given_back_does_not_expire(
    match: Match, delivering: bool
) -> None:
    """Delivery began, or its settling took the time away, after what is due was listed."""
    soon = NOW + timedelta(hours=1)
    for id_ in ("c", "d"):
        begin(id_, match, lines(1, 0), soon, COORDINATOR, NOW)
        finish(id_, NOW)
    given_back: list[str] = []

    def meanwhile(name: str) -> None:
        if name == "start release" and not given_back:
            given_back.append(name)
            if delivering:
                Match.objects(id=match.id).update(status="delivering")
            else:
                Commitment.objects.update(expires_at=None, inc__number=1)

    assert expire(soon, meanwhile) == 2
    assert given_back
    assert set(Commitment.objects.scalar("status")) == {"held"}


def test_what_is_taken_over_is_looked_at_together(match: Match) -> None:
    soon = NOW + timedelta(hours=1)
    many = [f"c{number}" for number in range(4)]
    for id_ in many:
        begin(id_, match, lines(1, 0), soon, COORDINATOR, NOW)
        finish(id_, NOW)
    Match.objects(id=match.id).update(status="delivering")
    with reads() as looked_at:
        assert expire(soon) == 0
    assert looked_at == ["commitments", "matches"]
    # One that the proposal does not hold is another's, or nobody's.
    Match.objects(id=match.id).update(pull__holds=many[0])
    assert expire(soon) == 1
    found = {one.id: one.status for one in Commitment.objects}
    assert found == {many[0]: "released", **dict.fromkeys(many[1:], "held")}


def test_what_has_expired_is_given_back(match: Match) -> None:
    begin("c", match, lines(1, 1), NOW + timedelta(hours=1), COORDINATOR, NOW)
    finish("c", NOW)
    assert expire(NOW + timedelta(minutes=59)) == 0
    assert expire(NOW + timedelta(hours=1)) == 1
    assert held() == NOTHING
    commitment = Commitment.objects.get(id="c")
    assert commitment.status == "released"
    assert commitment.history[-2].action == "expire"
    assert commitment.history[-2].role == "matcher"
    match.reload()
    told = [(one.action, one.role) for one in match.history][-2:]
    assert told == [("commit", "coordinator"), ("release", "matcher")]


def test_what_is_under_way_is_left_to_whoever_began_it(match: Match) -> None:
    begin("c", match, lines(1, 1), None, COORDINATOR, NOW)
    assert recover(NOW + GRACE / 2) == 0
    assert unfinished(LATER) == (1, (LATER - NOW).total_seconds())
    assert recover(LATER) == 1
    assert unfinished(LATER) == (0, 0.0)
    assert Commitment.objects.get(id="c").status == "held"


def test_what_a_clock_ahead_began_and_left_is_finished(match: Match) -> None:
    begin("c", match, lines(1, 1), None, COORDINATOR, NOW + timedelta(hours=1))
    assert recover(NOW) == 1
    assert Commitment.objects.get(id="c").status == "held"


def places(work: Callable[[Callable[[str], None]], object]) -> int:
    """How many steps the work has."""
    steps: list[str] = []
    work(steps.append)
    return len(steps)


@pytest.mark.parametrize(
    ("amounts", "status"), [((3, 2), "held"), ((3, 3), "refused"), ((1, 0), "refused")]
)
def test_a_crash_at_any_step_of_reserving_is_recovered(
    match: Match, amounts: tuple[int, int], status: str
) -> None:
    asked = lines(*amounts, offered=11) if amounts == (1, 0) else lines(*amounts)
    asked = [line for line in asked if line.amount]

    def attempt(id_: str, step: Callable[[str], None]) -> None:
        begin(id_, match, asked, None, COORDINATOR, NOW)
        finish(id_, NOW, step)

    def settle(id_: str) -> None:
        if Commitment.objects.get(id=id_).status == "held":
            start_release(id_, None, COORDINATOR, NOW)
            finish(id_, NOW)

    count = places(lambda step: attempt("whole", step))
    settle("whole")
    for place in range(count):
        id_ = f"crash-{place}"
        with pytest.raises(Crash):
            attempt(id_, crash_before(place))
        held()
        recover(LATER)
        assert Commitment.objects.get(id=id_).status == status
        expected = {line.take().ledger_line for line in asked} if status == "held" else set()
        holding = {line.id for line in LedgerLine.objects if line.holds}
        assert holding == expected
        match.reload()
        assert (match.status == "committed") == (status == "held")
        settle(id_)
    assert held() == NOTHING


def test_a_crash_at_any_step_of_releasing_is_recovered(match: Match) -> None:
    def hold(id_: str) -> None:
        begin(id_, match, lines(3, 2), None, COORDINATOR, NOW)
        finish(id_, NOW)
        start_release(id_, None, COORDINATOR, NOW)

    hold("whole")
    count = places(lambda step: finish("whole", NOW, step))
    for place in range(count):
        id_ = f"crash-{place}"
        hold(id_)
        with pytest.raises(Crash):
            finish(id_, NOW, crash_before(place))
        held()
        recover(LATER)
        assert Commitment.objects.get(id=id_).status == "released"
        assert held() == NOTHING
        match.reload()
        assert match.status == "released"


def test_a_stalled_process_that_wakes_late_holds_nothing(match: Match) -> None:
    begin("c", match, lines(3, 2), None, COORDINATOR, NOW)
    stalled = Commitment.objects.get(id="c")
    recover(LATER)
    start_release("c", None, COORDINATOR, NOW)
    finish("c", NOW)
    for line in stalled.lines:
        reserve(line.take(), "c")
    assert held() == NOTHING
    for line in stalled.lines:
        release(line.take(), "c")
    assert held() == NOTHING


def test_a_process_that_stalls_before_it_commits_the_proposal_does_not_commit_it_late(
    match: Match,
) -> None:
    begin("c", match, lines(3, 2), None, COORDINATOR, NOW)

    def stall(step: str) -> None:
        """Meanwhile another finishes it, and its owner gives it back."""
        if step == "commit the proposal":
            recover(LATER)
            start_release("c", None, COORDINATOR, NOW)
            finish("c", NOW)

    assert finish("c", NOW, stall).status == "released"
    match.reload()
    assert match.status == "released"
    assert held() == NOTHING


def test_a_refused_commitment_does_not_commit_the_proposal_for_another(match: Match) -> None:
    """Neither has ever held: the proposal was agreed to all the time."""
    begin("other", match, lines(9, 0), None, COORDINATOR, NOW)
    begin("c", match, lines(9, 0), None, COORDINATOR, NOW)
    assert finish("c", NOW).status == finish("other", NOW).status == "refused"
    known = len(match.history)
    match.reload()
    assert (match.status, len(match.history)) == ("agreed", known)


def test_one_that_cannot_be_finished_does_not_hold_up_the_others(match: Match) -> None:
    expires = NOW + timedelta(hours=1)
    lost = agreed("lost", "o")
    for id_, one in (("a", lost), ("b", match), ("z", lost)):
        begin(id_, one, lines(1, 1), expires, COORDINATOR, NOW)
    lost.delete()
    failed = NOT_DONE.labels("commitment not finished")
    failures = failed._value.get()
    assert recover(LATER) == 3
    assert Commitment.objects.get(id="b").status == "held"
    assert failed._value.get() == failures + 2
    Commitment.objects(id__in=["a", "z"]).update(status="held")
    expire(expires)
    assert Commitment.objects.get(id="b").status == "released"


def test_events_of_commitments_tell_their_history(match: Match) -> None:
    begin("c", match, lines(3, 2), None, COORDINATOR, NOW)
    event = finish("c", NOW).event()
    check(event)
    assert [(step["action"], step["role"]) for step in event.data["history"]] == [
        ("reserve", "coordinator"),
        ("hold", "matcher"),
    ]


def test_commitments_at_once_do_not_go_above_a_ceiling_together(database: object) -> None:
    """Each was begun before any was held, so each would have passed a check at its beginning."""
    ceiling = {"ceiling_cents": 300_000, "ceiling_currency": "USD"}
    # Ten machines worth 10,000 dollars: three are worth the ceiling.
    priced = [provision(1, capacity=10, amount_cents=1_000_000, currency="USD")]
    asked = request_event("r", needs=[need(1, quantity=9)])
    keep_records(lambda: NOW)(
        [asked, offer_event("o", conditions=[], provisions=priced, **ceiling)]
    )
    match = agreed("r", "o")
    ids = ["c0", "c1", "c2"]
    for id_ in ids:
        begin(id_, match, lines(2), None, COORDINATOR, NOW)
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda id_: finish(id_, NOW), ids))
    assert sorted(one.status for one in done) == ["held", "refused", "refused"]
    told = {one.refusal for one in done if one.status == "refused"}
    assert told == {
        "the offer gives a project 3000.00 USD at most, and with this commitment it would be "
        "4000.00"
    }
    begin("c3", match, lines(1), None, COORDINATOR, NOW)
    assert finish("c3", NOW).status == "held"


def test_a_ceiling_that_cannot_be_reckoned_refuses(database: object) -> None:
    ceiling = {"ceiling_cents": 300_000, "ceiling_currency": "AFN"}
    priced = [provision(1, capacity=10, amount_cents=1_000_000, currency="USD")]
    keep_records(lambda: NOW)(
        [request_event("r"), offer_event("o", conditions=[], provisions=priced, **ceiling)]
    )
    begin("c", agreed("r", "o"), lines(1), None, COORDINATOR, NOW)
    commitment = finish("c", NOW)
    assert commitment.status == "refused"
    assert "no exchange rate of AFN" in commitment.refusal


def test_an_alliances_common_need_is_a_line_like_others(match: Match) -> None:
    """What a joint project needs in all is held beside its members' own needs."""
    common = [LineLimit(1, "quantity", "machines", 5_000)]
    set_limits([Limits("alliance", "joint", Version(1, 1), True, common)], NOW)
    joint = commitment_line("alliance", "joint", 4_000)
    begin("c", match, [*lines(4, 0)[:1], joint, *lines(4)[1:]], None, COORDINATOR, NOW)
    commitment = finish("c", NOW)
    assert commitment.status == "held"
    check(commitment.event())
    assert held()["alliance 1"] == {"c": 4_000}
    more = [commitment_line("alliance", "joint", 2_000), *lines(2)[1:]]
    begin("d", match, more, None, COORDINATOR, NOW)
    refused = finish("d", NOW)
    assert refused.refusal.startswith("line 1 of what alliance joint needs in common: not enough")
    assert held()["offer 1"] == {"c": 4_000}
    start_release("c", None, COORDINATOR, NOW)
    finish("c", NOW)
    assert held() == {**NOTHING, "alliance 1": {}}
