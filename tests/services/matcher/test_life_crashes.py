"""A process that dies between two writes of a step, and two who take steps at the same moment.

After a crash the sweep and the caller's repeat, with its key, bring everything to where it would
have been; whichever of two comes second finds what the first has done.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.collection import Collection

from services.matcher import clockwork, commitments, settling
from services.matcher.decision_log import keep_waiting
from services.matcher.documents import Commitment, Match
from services.matcher.reactions import keep_records
from shared.web.database import current_database
from shared.web.idempotency import COLLECTION
from tests.services.matcher.conftest import Clock
from tests.services.matcher.lives import LINES, NO, check_holds
from tests.services.matcher.records import NOW, need, offer_event, request_event
from tests.services.matcher.world import Caller, World

pytestmark = pytest.mark.long

PAIR = "r.o"
PATH = f"/v1/proposals/{PAIR}"
HASH = "1" * 32
WRITES = ("insert_one", "update_one", "update_many", "bulk_write", "delete_one", "delete_many")
DEEPEST = 10
"""About as many writes as any one step makes."""


class Died(BaseException):
    """The process died here: no handler of exceptions goes on after it."""


@contextmanager
def dies_before(write: int, patch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The process dies before the write with this number, counted from 0; says how many it made."""
    made = [0]

    def dying(name: str) -> Callable[..., Any]:
        once = getattr(Collection, name)

        def call(*args: Any, **options: Any) -> Any:
            if made[0] == write:
                raise Died
            made[0] += 1
            return once(*args, **options)

        return call

    with patch.context() as inner:
        for name in WRITES:
            inner.setattr(Collection, name, dying(name))
        with suppress(Died):
            yield made


@pytest.fixture
def known(world: World) -> World:
    """A request and a conditional offer."""
    conditions = [{"kind": "reporting", "hash": HASH}]
    request = request_event("r", needs=[need(1, quantity=4)])
    world.hears([request, offer_event("o", conditions=conditions)])
    return world


def sweep(now: datetime) -> None:
    """What the worker does every few seconds."""
    later = now + timedelta(minutes=5)
    commitments.recover(later)
    commitments.expire(now)
    settling.sweep(now)
    keep_waiting()


def forget_lease() -> None:
    """The dead process holds the key of its request no more."""
    lost = {"lease_until": datetime.now(UTC) - timedelta(hours=1)}
    current_database()[COLLECTION].update_many({}, {"$set": lost})


def life_of(coordinator: Caller) -> list[tuple[Caller, str, dict[str, Any]]]:
    """Who sends what where, from the endorsement to the delivery."""
    donor, state = coordinator.parties(PAIR)
    figures = {"lines": [{"line": 1, "quantity": 3}]}
    agree = {"answer": "agree", "accepts": [HASH]}
    return [
        (coordinator, f"{PATH}/decision", {"decision": "endorse"}),
        (state, f"{PATH}/answer", agree),
        (donor, f"{PATH}/answer", {"answer": "agree", "pledges": [{"line": 1, "quantity": 4}]}),
        (coordinator, "/v1/commitments", {"proposal": PAIR, "lines": LINES}),
        (donor, "release", {"reason": "Another lot is given."}),
        (coordinator, "/v1/commitments", {"proposal": PAIR, "lines": LINES}),
        (donor, f"{PATH}/delivery", {"step": "start"}),
        (donor, f"{PATH}/figures", figures),
        (state, f"{PATH}/figures", figures),
        (state, f"{PATH}/delivery", {"step": "deliver"}),
    ]


ACTIONS = [
    *("endorse", "state-agree", "agree", "commit", "release", "commit", "start"),
    *("report", "report", "deliver", "follow-up", "ask", "ask", "close"),
]


@pytest.mark.parametrize("write", range(DEEPEST))
def test_a_life_whose_every_step_dies_at_one_of_its_writes(
    known: World,
    coordinator: Caller,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    write: int,
) -> None:
    died = 0
    for place, (caller, path, body) in enumerate(life_of(coordinator)):
        address, tag = path, None
        if path == "release":
            address = f"/v1/commitments/{Match.objects.get(id=PAIR).holds[0]}/release"
        elif path.startswith(PATH):
            tag = caller.get(f"{PATH}/life").headers["ETag"]
        answer = None
        with dies_before(write, monkeypatch):
            answer = caller.post(address, body, etag=tag, key=f"step-{place}")
        if answer is None:
            died += 1
            sweep(clock.now)
            forget_lease()
            answer = caller.post(address, body, etag=tag, key=f"step-{place}")
        assert answer.status_code in (200, 201), (place, answer.text)
        sweep(clock.now)
        check_holds(Match.objects.get(id=PAIR))
    for days in (100, 400, 600):
        with dies_before(write, monkeypatch):
            clockwork.sweep(clock.now + timedelta(days=days))
        clockwork.sweep(clock.now + timedelta(days=days))
    match = Match.objects.get(id=PAIR)
    assert [step.action for step in match.history] == ACTIONS
    assert (match.status, match.due_at) == ("closed", None)
    assert sorted(one.status for one in Commitment.objects) == ["held", "released"]
    check_holds(match)
    assert died == 10 or write > 0


def at_once(*steps: Callable[[], Any]) -> list[int]:
    """Take steps at the same moment; the status of each answer."""
    with ThreadPoolExecutor(len(steps)) as pool:
        return [answer.status_code for answer in pool.map(lambda step: step(), steps)]


def committing(coordinator: Caller) -> Callable[[], Any]:
    """Commits three machines."""
    body = {"proposal": PAIR, "lines": LINES}
    return lambda: coordinator.post("/v1/commitments", body)


@pytest.mark.parametrize("nth", range(3))
def test_a_no_and_a_commitment_at_once(known: World, coordinator: Caller, nth: int) -> None:
    coordinator.agreed(PAIR)
    donor, _ = coordinator.parties(PAIR)
    tag = donor.get(f"{PATH}/life").headers["ETag"]
    said, made = at_once(
        lambda: donor.post(f"{PATH}/answer", NO, etag=tag), committing(coordinator)
    )
    match = Match.objects.get(id=PAIR)
    assert (said, made, match.status) in [
        (200, 409, "declined"),
        (412, 201, "committed"),
        (409, 201, "committed"),
    ]
    check_holds(match)


def test_both_sides_release_at_once(known: World, coordinator: Caller) -> None:
    coordinator.agreed(PAIR)
    id_ = committing(coordinator)().json["id"]
    said = {"reason": "Nobody needs it any more."}
    path = f"/v1/commitments/{id_}/release"
    answers = at_once(*(lambda who=who: who.post(path, said) for who in coordinator.parties(PAIR)))
    assert set(answers) <= {200, 409}
    assert 200 in answers
    match = Match.objects.get(id=PAIR)
    assert [step.action for step in match.history].count("release") == 1
    assert match.status == "released"
    check_holds(match)


def test_two_coordinators_commit_the_same_at_once(known: World, coordinator: Caller) -> None:
    coordinator.agreed(PAIR)
    assert sorted(at_once(*[committing(coordinator)] * 3)) == [201, 409, 409]
    check_holds(Match.objects.get(id=PAIR))


def test_a_withdrawal_and_a_commitment_at_once(known: World, coordinator: Caller) -> None:
    coordinator.agreed(PAIR)
    gone = request_event("r", 2, needs=[need(1, quantity=4)], status="withdrawn")

    class Told:
        status_code = 200

    def hear() -> Any:
        keep_records(lambda: NOW)([gone])
        return Told

    _, made = at_once(hear, committing(coordinator))
    keep_records(lambda: NOW)([gone])
    match = Match.objects.get(id=PAIR)
    assert (made, match.status) in [(201, "committed"), (409, "fallen")]
    check_holds(match)


def test_an_answer_and_the_end_of_silence_at_once(
    known: World, coordinator: Caller, clock: Clock
) -> None:
    coordinator.decide(PAIR, "endorse")
    donor, state = coordinator.parties(PAIR)
    donor.answer(PAIR)
    tag = state.get(f"{PATH}/life").headers["ETag"]
    body = {"answer": "agree", "accepts": [HASH]}

    class Swept:
        status_code = 200

    def silence() -> Any:
        clockwork.sweep(clock.now + timedelta(days=31))
        return Swept

    _, said = at_once(silence, lambda: state.post(f"{PATH}/answer", body, etag=tag))
    match = Match.objects.get(id=PAIR)
    assert (said, match.status) in [(200, "agreed"), (412, "lapsed"), (409, "lapsed")]
    assert match.answer_by is None


def test_conditions_that_change_as_a_half_done_commitment_is_finished(
    known: World, coordinator: Caller, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was begun under the accepted text; what is held in the end is under the new one or not."""
    coordinator.agreed(PAIR)
    committing(coordinator)()
    body = {"proposal": PAIR, "lines": [{**line, "quantity": 1} for line in LINES]}
    with dies_before(2, monkeypatch):
        coordinator.post("/v1/commitments", body)
    assert Commitment.objects(status="reserving").count() == 1
    changed = [{"kind": "reporting", "hash": "2" * 32}]
    keep_records(lambda: NOW)([offer_event("o", 2, conditions=changed)])
    sweep(clock.now)
    assert sorted(one.status for one in Commitment.objects) == ["held", "refused"]
    check_holds(Match.objects.get(id=PAIR))
