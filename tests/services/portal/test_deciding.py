"""Decisions that wait for a minute: taken back, carried out once, tried again, given up."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from entraide.client import Answer
from services.portal import accounts, deciding, erasing
from services.portal.changes import changes_since
from services.portal.deciding import TRIED_FOR, UNDO, Wanted
from services.portal.decision_documents import PendingDecision
from services.portal.documents import Account
from services.portal.followed_state import DECISION
from services.portal.house import House
from services.portal.note_documents import Followed, Notification
from services.portal.services import AwayError, Reader, RefusedError, Services
from services.portal.trail import COMMAND_LINE
from shared.ids import new_id
from tests.services.portal.conftest import Clock

Making = Callable[..., Account]


class Matcher(Services):
    """A matcher that notes what it is sent and answers as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, Any, str | None, str | None]] = []
        self.answers: list[Exception | None] = []

    def send(
        self,
        reader: Reader,
        method: str,
        service: str,
        path: str,
        body: object = None,
        *,
        if_match: str | None = None,
        key: str | None = None,
    ) -> Answer:
        assert (method, service) == ("POST", "matcher")
        self.sent.append((path, body, if_match, key))
        failure = self.answers.pop(0) if self.answers else None
        if failure is not None:
            raise failure
        return Answer({})


@pytest.fixture
def matcher() -> Matcher:
    return Matcher()


@pytest.fixture
def desk(house: House, matcher: Matcher) -> House:
    """The portal's house with that matcher, and nothing decided yet."""
    PendingDecision.objects.delete()
    return replace(house, services=matcher)


@pytest.fixture
def coordinator(make_account: Making, with_factor: Callable[[Account], str]) -> Account:
    made = make_account("coordinator")
    with_factor(made)
    return made


def endorsing(proposal: str = "", **more: Any) -> Wanted:
    wanted = Wanted(proposal or f"{new_id()}.{new_id()}", "endorse", None, '"0.1"', new_id(), "SEN")
    return replace(wanted, **more)


def send_all(desk: House) -> None:
    while deciding.decide_due(desk):
        pass


def refused(status: int, type_: str = "x") -> RefusedError:
    return RefusedError("matcher", status, {"type": type_})


def test_a_disk_without_space_ends_no_loop(
    desk: House,
    matcher: Matcher,
    coordinator: Account,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert deciding.decide_later(coordinator, endorsing(), clock())
    clock.forward(seconds=UNDO.total_seconds())
    decide_due, stop, tries = deciding.decide_due, threading.Event(), list[bool]()

    def refuse(house: House) -> bool:
        tries.append(True)
        if len(tries) == 1:
            raise OperationFailure("a disk without space", 14031)
        if len(tries) == 3:
            stop.set()
        return decide_due(house)

    monkeypatch.setattr(deciding, "decide_due", refuse)
    told = list[float]()
    deciding.keep_deciding(desk, stop, told.append, 0.01)
    assert (len(tries), len(matcher.sent)) == (3, 1)
    assert told == [0, 0, 0]


def test_a_decision_is_carried_out_once_after_its_minute(
    desk: House, matcher: Matcher, coordinator: Account, clock: Clock
) -> None:
    wanted = endorsing()
    assert deciding.decide_later(coordinator, wanted, clock())
    clock.forward(seconds=UNDO.total_seconds() - 1)
    send_all(desk)
    assert matcher.sent == []
    clock.forward(seconds=1)
    send_all(desk)
    send_all(desk)
    path = f"/v1/proposals/{wanted.proposal}/decision"
    body = {"decision": "endorse", "reason": None}
    assert matcher.sent == [(path, body, '"0.1"', wanted.key)]
    assert deciding.own_decisions(coordinator) == []


def test_what_is_taken_back_is_not_carried_out(
    desk: House, matcher: Matcher, coordinator: Account, make_account: Making, clock: Clock
) -> None:
    wanted = endorsing()
    deciding.decide_later(coordinator, wanted, clock())
    another = make_account("coordinator")
    assert not deciding.take_back(another, wanted.proposal, wanted.key, clock())
    assert deciding.take_back(coordinator, wanted.proposal, wanted.key, clock())
    assert not deciding.take_back(coordinator, wanted.proposal, wanted.key, clock())
    clock.forward(hours=1)
    send_all(desk)
    assert matcher.sent == []


def test_what_is_done_of_a_decision_that_was_shown_is_not_done_of_the_one_in_its_place(
    desk: House, matcher: Matcher, coordinator: Account, clock: Clock
) -> None:
    shown = endorsing()
    by_now = endorsing(shown.proposal, decision="reject", reason="no")
    deciding.decide_later(coordinator, shown, clock())
    assert deciding.decide_now(desk, coordinator, shown.proposal, shown.key) == "done"
    deciding.decide_later(coordinator, by_now, clock())
    assert not deciding.take_back(coordinator, shown.proposal, shown.key, clock())
    assert deciding.decide_now(desk, coordinator, shown.proposal, shown.key) is None
    assert [key for _, _, _, key in matcher.sent] == [shown.key]
    matcher.answers = [refused(412)]
    assert deciding.decide_now(desk, coordinator, by_now.proposal, by_now.key) == "gave-up"
    deciding.dismiss(coordinator, shown.proposal, shown.key)
    (kept,) = deciding.own_decisions(coordinator)
    assert (kept.key, kept.failure) == (by_now.key, "changed")


def test_open_pages_of_coordinators_hear_of_each_step_of_a_decision_that_waits(
    desk: House, matcher: Matcher, coordinator: Account, people: dict[str, Account], clock: Clock
) -> None:
    Followed.objects.delete()
    wanted, since = endorsing(), clock()

    def versions(account: Account) -> list[str]:
        found = changes_since(account, since, clock()).items
        return [one.version for one in found if (one.kind, one.id) == (DECISION, wanted.proposal)]

    steps: list[Callable[[], object]] = [
        lambda: deciding.decide_later(coordinator, wanted, clock()),
        lambda: deciding.take_back(coordinator, wanted.proposal, wanted.key, clock()),
        lambda: deciding.decide_later(coordinator, wanted, clock()),
        lambda: deciding.decide_now(desk, coordinator, wanted.proposal, wanted.key),
    ]
    told = []
    for act in steps:
        assert act()
        told += versions(people["coordinator"])
        clock.forward(seconds=1)
    assert told == ["1.1", "1.2", "1.3", "1.4"]
    failing = endorsing(wanted.proposal)
    deciding.decide_later(coordinator, failing, clock())
    matcher.answers = [refused(412)]
    assert deciding.decide_now(desk, coordinator, failing.proposal, failing.key) == "gave-up"
    assert versions(people["coordinator"]) == ["1.6"]
    hearing = {name for name, account in people.items() if versions(account)}
    assert hearing == {"coordinator", "west"}


def test_at_once_means_at_once(
    desk: House, matcher: Matcher, coordinator: Account, make_account: Making, clock: Clock
) -> None:
    wanted = endorsing(decision="reject", reason="no")
    deciding.decide_later(coordinator, wanted, clock())
    one = (wanted.proposal, wanted.key)
    assert deciding.decide_now(desk, make_account("coordinator"), *one) is None
    assert deciding.decide_now(desk, coordinator, *one) == "done"
    assert deciding.decide_now(desk, coordinator, *one) is None
    assert [body for _, body, _, _ in matcher.sent] == [{"decision": "reject", "reason": "no"}]


def test_two_coordinators_cannot_decide_on_one_proposal(
    desk: House, coordinator: Account, make_account: Making, clock: Clock
) -> None:
    first = endorsing()
    other = make_account("coordinator")
    assert deciding.decide_later(coordinator, first, clock())
    assert not deciding.decide_later(other, endorsing(first.proposal), clock())
    assert deciding.decide_later(coordinator, first, clock()), "the form was sent twice"
    for other_words in ({"decision": "reject", "reason": "no"}, {"reason": "yes"}):
        assert not deciding.decide_later(coordinator, replace(first, **other_words), clock())
    assert not deciding.decide_later(coordinator, endorsing(first.proposal), clock())
    (kept,) = deciding.waiting_for([first.proposal]).values()
    assert (kept.account, kept.key) == (coordinator.id, first.key)


@pytest.mark.parametrize(
    "failure",
    [AwayError("matcher"), refused(429), refused(409, "urn:x:idempotency-key-in-use")],
)
def test_a_matcher_that_is_away_is_asked_again_under_the_same_key(
    desk: House, matcher: Matcher, coordinator: Account, clock: Clock, failure: Exception
) -> None:
    wanted = endorsing()
    deciding.decide_later(coordinator, wanted, clock())
    matcher.answers = [failure, failure]
    one = (wanted.proposal, wanted.key)
    assert deciding.decide_now(desk, coordinator, *one) == "waits"
    assert not deciding.take_back(coordinator, *one, clock()), "it may have arrived"
    assert deciding.decide_now(desk, coordinator, *one) == "held"
    assert deciding.overdue(clock()) == 0
    clock.forward(minutes=6)
    send_all(desk)
    assert deciding.overdue(clock()) == 300, "since the minute was over, however often it was sent"
    clock.forward(minutes=6)
    send_all(desk)
    assert deciding.overdue(clock()) == 0
    assert [key for _, _, _, key in matcher.sent] == [wanted.key] * 3
    assert deciding.own_decisions(coordinator) == []


def test_who_died_while_sending_leaves_it_to_be_sent_again(
    desk: House, matcher: Matcher, coordinator: Account, clock: Clock
) -> None:
    wanted = endorsing()
    deciding.decide_later(coordinator, wanted, clock())
    matcher.answers = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        deciding.decide_now(desk, coordinator, wanted.proposal, wanted.key)
    send_all(desk)
    assert len(matcher.sent) == 1, "it is still held"
    clock.forward(minutes=2)
    send_all(desk)
    assert [key for _, _, _, key in matcher.sent] == [wanted.key] * 2


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (refused(412), "changed"),
        (refused(409, "urn:x:not-open"), "refused"),
        (refused(404), "gone"),
        (refused(403), "not-yours"),
    ],
)
def test_what_changed_meanwhile_is_given_up_and_told(
    desk: House,
    matcher: Matcher,
    coordinator: Account,
    make_account: Making,
    clock: Clock,
    failure: Exception,
    why: str,
) -> None:
    wanted = endorsing()
    deciding.decide_later(coordinator, wanted, clock())
    matcher.answers = [failure]
    assert deciding.decide_now(desk, coordinator, wanted.proposal, wanted.key) == "gave-up"
    clock.forward(days=1)
    send_all(desk)
    assert len(matcher.sent) == 1
    (kept,) = deciding.own_decisions(coordinator)
    assert (kept.failure, kept.due_at) == (why, None)
    (note,) = Notification.objects(account=coordinator.id)
    assert (note.kind, note.record, note.action) == ("match-step", wanted.proposal, "undo")
    assert note.facts == {"country": "SEN"}
    # It keeps nobody from deciding anew, on what stands now.
    assert deciding.waiting_for([wanted.proposal]) == {}
    other = make_account("coordinator")
    assert deciding.decide_later(other, endorsing(wanted.proposal), clock())
    assert deciding.own_decisions(coordinator) == []


def test_one_given_up_is_shown_until_it_was_seen(
    desk: House, matcher: Matcher, coordinator: Account, clock: Clock
) -> None:
    wanted, waiting = endorsing(), endorsing()
    for one in (wanted, waiting):
        deciding.decide_later(coordinator, one, clock())
    matcher.answers = [refused(412)]
    deciding.decide_now(desk, coordinator, wanted.proposal, wanted.key)
    deciding.dismiss(coordinator, wanted.proposal, wanted.key)
    deciding.dismiss(coordinator, waiting.proposal, waiting.key)
    assert [one.id for one in deciding.own_decisions(coordinator)] == [waiting.proposal]


def test_after_half_a_day_without_the_matcher_it_is_given_up(
    desk: House, matcher: Matcher, coordinator: Account, clock: Clock
) -> None:
    deciding.decide_later(coordinator, endorsing(), clock())
    matcher.answers = [AwayError("matcher")] * 3
    clock.forward(seconds=UNDO.total_seconds())
    send_all(desk)
    clock.forward(seconds=(TRIED_FOR + timedelta(minutes=1)).total_seconds())
    send_all(desk)
    assert [one.failure for one in deciding.own_decisions(coordinator)] == ["away"]
    assert len(matcher.sent) == 2


def test_nothing_takes_effect_in_the_name_of_a_locked_account(
    desk: House, matcher: Matcher, coordinator: Account, clock: Clock
) -> None:
    deciding.decide_later(coordinator, endorsing(), clock())
    accounts.lock(coordinator, COMMAND_LINE, clock())
    clock.forward(minutes=2)
    send_all(desk)
    assert matcher.sent == []
    assert [one.failure for one in deciding.own_decisions(coordinator)] == ["locked"]


def test_an_erased_account_leaves_no_decision(
    desk: House, matcher: Matcher, coordinator: Account, clock: Clock
) -> None:
    deciding.decide_later(coordinator, endorsing(), clock())
    erasing.erase(desk, coordinator, COMMAND_LINE, clock())
    clock.forward(minutes=2)
    send_all(desk)
    assert matcher.sent == []
    assert PendingDecision.objects.count() == 0
