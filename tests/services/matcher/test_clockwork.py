"""What time alone does with proposals: once each, whoever sweeps and whatever was slept through."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.matcher import clockwork, commitments, delivery
from services.matcher.actors import Actor
from services.matcher.decisions import ask_parties
from services.matcher.documents import Match
from services.matcher.life import advance
from services.matcher.schedule import (
    ANSWER_WITHIN,
    follow_ups_from,
    months_after,
    next_due,
)
from services.matcher.settling import settle
from shared.events.envelope import check
from shared.events.outbox import change
from shared.registers.match_figures import FOLLOW_UP_MONTHS
from tests.services.matcher.records import (
    NOW,
    agreed,
    commitment_line,
    need,
    offer_event,
    request_event,
)
from tests.services.matcher.world import World

COORDINATOR, DONOR = Actor("coordinator"), Actor("donor", "66f0000000000000000000d1", "account-1")
DAY = timedelta(days=1)


@pytest.fixture
def match(world: World) -> Match:
    """A proposal that was endorsed just now."""
    world.hears([request_event("r", needs=[need(1, quantity=4)]), offer_event("o", conditions=[])])
    agreed("r", "o")

    def step(one: Match) -> None:
        one.status = "proposed"
        ask_parties(one, NOW + ANSWER_WITHIN, NOW)
        advance(one, "endorse", COORDINATOR, NOW)

    return change(Match, "r.o", None, step, NOW)


@pytest.fixture
def delivered(match: Match) -> Match:
    """One that was delivered just now, with a commitment that holds."""

    def agree(one: Match) -> None:
        for action in ("donor-agree", "agree"):
            advance(one, action, DONOR, NOW)

    change(Match, match.id, None, agree, NOW)
    lines = [
        commitment_line(side, record, 4000) for side, record in (("request", "r"), ("offer", "o"))
    ]
    commitments.begin("c", Match.objects.get(), lines, None, COORDINATOR, NOW)
    commitments.finish("c", NOW)

    def deliver(one: Match) -> None:
        advance(one, "start", DONOR, NOW)
        advance(one, "deliver", DONOR, NOW)
        one.follow_ups = follow_ups_from(NOW)
        one.due_at = next_due(one)

    return change(Match, match.id, None, deliver, NOW)


def told(since: int = 4) -> list[tuple[str, datetime]]:
    """What the history tells after so many steps, and when."""
    return [(step.action, step.at) for step in Match.objects.get().history[since:]]


def test_reminders_before_silence_ends_it(match: Match) -> None:
    assert clockwork.sweep(NOW + 22 * DAY) == 0
    for day in (23, 24, 28, 29):
        clockwork.sweep(NOW + day * DAY)
    assert told() == [("remind", NOW + 23 * DAY), ("remind", NOW + 28 * DAY)]
    assert clockwork.sweep(NOW + 30 * DAY) == 1
    assert told()[2:] == [("lapse", NOW + 30 * DAY)]
    found = Match.objects.get()
    assert (found.status, found.history[-1].reason) == ("lapsed", "silence")
    assert (found.answer_by, found.reminders, found.due_at) == (None, [], None)
    check(found.event())
    assert clockwork.sweep(NOW + 300 * DAY) == 0


def test_nobody_is_reminded_of_what_is_over(match: Match) -> None:
    clockwork.sweep(NOW + 45 * DAY)
    assert told() == [("lapse", NOW + 45 * DAY)]


def test_several_reminders_that_were_slept_through_are_one(match: Match) -> None:
    clockwork.sweep(NOW + 29 * DAY)
    assert told() == [("remind", NOW + 29 * DAY)]


def test_one_side_has_answered_and_the_other_is_silent(match: Match) -> None:
    change(Match, match.id, None, lambda one: advance(one, "donor-agree", DONOR, NOW), NOW)
    clockwork.sweep(NOW + 23 * DAY)
    clockwork.sweep(NOW + 30 * DAY)
    assert [action for action, _ in told(5)] == ["remind", "lapse"]


def test_what_is_agreed_waits_for_nobody(match: Match) -> None:
    def agree(one: Match) -> None:
        for action in ("donor-agree", "agree"):
            advance(one, action, DONOR, NOW)

    change(Match, match.id, None, agree, NOW)
    assert clockwork.sweep(NOW + 300 * DAY) == 0
    assert Match.objects.get().status == "agreed"


def test_who_did_not_answer_can_be_asked_again(match: Match) -> None:
    clockwork.sweep(NOW + 30 * DAY)
    later = NOW + 31 * DAY

    def again(one: Match) -> None:
        ask_parties(one, later + ANSWER_WITHIN, later)
        advance(one, "endorse", COORDINATOR, later)

    change(Match, match.id, None, again, later)
    assert clockwork.sweep(NOW + 40 * DAY) == 0
    clockwork.sweep(later + ANSWER_WITHIN)
    assert Match.objects.get().status == "lapsed"


@pytest.mark.parametrize("day", [23, 30])
def test_however_many_sweep_it_is_done_once(match: Match, day: int) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: clockwork.sweep(NOW + day * DAY), range(8)))
    assert len(told()) == 1
    assert Match.objects.get().number == match.number + 1


def test_the_state_is_asked_after_three_and_twelve_months_and_then_it_closes(
    delivered: Match,
) -> None:
    since = len(delivered.history)
    first, second = (months_after(NOW, months) for months in FOLLOW_UP_MONTHS)
    assert clockwork.sweep(first - DAY) == 0
    for at in (first, first + 14 * DAY, first + 45 * DAY, second, second + 90 * DAY):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _, at=at: clockwork.sweep(at), range(4)))
    assert told(since) == [
        ("follow-up", first),
        ("ask", first),
        ("remind", first + 14 * DAY),
        ("remind", first + 45 * DAY),
        ("ask", second),
        ("close", second + 90 * DAY),
    ]
    found = Match.objects.get()
    assert [one.asked_at for one in found.follow_ups] == [first, second]
    assert (found.status, found.due_at) == ("closed", None)
    check(found.event())


def test_a_year_that_was_slept_through_asks_both(delivered: Match) -> None:
    later = NOW + 500 * DAY
    clockwork.sweep(later)
    assert [action for action, _ in told(len(delivered.history))] == ["follow-up", "ask", "ask"]
    assert Match.objects.get().status == "follow-up"
    clockwork.sweep(later + 90 * DAY)
    assert Match.objects.get().status == "closed"


def test_one_that_fails_holds_up_no_other(
    delivered: Match, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = clockwork.settle

    def fails(id_: str, now: datetime) -> Any:
        if id_ == "r.o":
            raise RuntimeError("broken")
        return real(id_, now)

    monkeypatch.setattr(clockwork, "settle", fails)
    assert clockwork.sweep(months_after(NOW, 3)) == 1
    assert Match.objects.get().status == "follow-up"


@pytest.mark.parametrize(
    ("at", "months", "expected"),
    [
        ((2026, 11, 30), 3, (2027, 2, 28)),
        ((2027, 11, 30), 3, (2028, 2, 29)),
        ((2026, 1, 31), 12, (2027, 1, 31)),
        ((2026, 12, 1), 12, (2027, 12, 1)),
        ((2028, 2, 29), 12, (2029, 2, 28)),
    ],
)
def test_months_after(at: tuple[int, ...], months: int, expected: tuple[int, ...]) -> None:
    found = months_after(datetime(*at, 9, 30, tzinfo=UTC), months)  # type: ignore[misc]
    assert found == datetime(*expected, 9, 30, tzinfo=UTC)  # type: ignore[misc]


def test_settling_is_idempotent(delivered: Match) -> None:
    assert settle("r.o", NOW).number == settle("r.o", NOW).number == delivered.number
    assert set(delivery.STEPS) == {"start", "deliver", "close"}
