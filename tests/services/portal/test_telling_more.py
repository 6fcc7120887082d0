"""Who is told of offers to join, joint projects, applications, cases, embargoes, and what ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.portal import api_tokens, expiring, webhooks
from services.portal.documents import Account, ApiToken
from services.portal.house import House
from services.portal.note_documents import Followed, Notification
from services.portal.webhook_documents import WebhookCall
from shared.events.envelope import (
    ALLIANCE,
    APPLICATION,
    COVERAGE,
    DRAFT,
    DUPLICATE,
    EMBARGO,
    JOINING,
    MATCH,
)
from tests.services.portal.conftest import Clock
from tests.services.portal.events import (
    DONOR,
    ENDORSED,
    ORGANISATION,
    circulated,
    event,
    matched,
    step,
)
from tests.services.portal.told import told, told_of

People = dict[str, Account]
Hear = Callable[..., None]


@pytest.fixture(autouse=True)
def empty(app: object) -> None:
    for kind in (Notification, Followed, ApiToken, Account):
        kind.objects.delete()


def joining(clock: Clock, *actions: tuple[str, str | None, str], **who: Any) -> Any:
    return event(JOINING, [step(*action, clock(), **who) for action in actions])


OFFERED = ("offer", None, "offered")
SIDES = {"state", "colleague", "donor"}


def test_an_offer_to_join_is_told_once_the_proposal_is_endorsed(
    people: People, hear: Hear, clock: Clock
) -> None:
    own = {"role": "donor", "party": ORGANISATION, "subject": people["other-donor"].id}
    hear(circulated(clock), joining(clock, OFFERED, **own))
    assert told_of(people, "offer") == set()
    hear(matched(clock, ("reject", "proposed", "rejected")))
    assert told_of(people, "offer") == set()
    hear(matched(clock, ("reject", "proposed", "rejected"), ("endorse", "rejected", "endorsed")))
    assert told_of(people, "offer") == SIDES
    hear(joining(clock, OFFERED, ("donor-agree", "offered", "donor-agreed")))
    assert told_of(people, "donor-agree") == {"state", "colleague", "other-donor"}
    steps = (("donor-agree", "offered", "donor-agreed"), ("agree", "donor-agreed", "agreed"))
    hear(joining(clock, OFFERED, *steps))
    assert told_of(people, "agree") == {*SIDES, "other-donor", "coordinator", "west"}
    assert {kind for _, action, kind in told(people) if action == "agree"} == {"joining"}


def test_the_organisation_hears_of_a_no_and_nobody_of_a_proposal_that_was_none(
    people: People, hear: Hear, clock: Clock
) -> None:
    hear(joining(clock, OFFERED, ("decline", "offered", "declined")), circulated(clock))
    assert told_of(people, "decline") == {"other-donor"}
    assert told_of(people, "offer") == set()


def test_a_donor_hears_of_no_offer_to_join_what_it_may_not_read(
    people: People, hear: Hear, clock: Clock
) -> None:
    hear(circulated(clock, visibility="coordinators"), joining(clock, OFFERED))
    hear(matched(clock, ENDORSED))
    assert told_of(people, "offer") == {"state", "colleague"}


def test_what_came_before_its_proposal_waits_for_the_request_too(
    people: People, hear: Hear, clock: Clock
) -> None:
    hear(joining(clock, OFFERED))
    hear(matched(clock, ENDORSED))
    assert told_of(people, "offer") == {"state", "colleague"}
    hear(circulated(clock))
    assert told_of(people, "offer") == SIDES
    assert Followed.objects(lacking=True).count() == 0


def allied(clock: Clock, *actions: tuple[str, str | None, str], **standings: str) -> Any:
    members = [
        {"request": f"r{n}", "country": country, "standing": standing, "cause": None}
        for n, (country, standing) in enumerate(standings.items())
    ]
    history = [
        step(*action, clock(), role="requester", party="BEN")
        if action[0] in ("join", "decline")
        else step(*action, clock(), role="matcher")
        for action in actions
    ]
    return event(ALLIANCE, history, members=members)


PROPOSED = ("propose", None, "proposed")
REVIEWED = (PROPOSED, ("endorse", "proposed", "endorsed"))


def test_states_are_asked_to_join_once_a_coordinator_endorsed(
    people: People, hear: Hear, clock: Clock
) -> None:
    hear(allied(clock, PROPOSED, SEN="proposed", BEN="proposed"))
    assert told_of(people, "propose") == {"coordinator", "west"}
    hear(allied(clock, *REVIEWED, SEN="proposed", BEN="agreed", GHA="left"))
    assert told_of(people, "endorse") == {"state", "colleague"}
    joined = (*REVIEWED, ("join", "endorsed", "endorsed"))
    hear(allied(clock, *joined, SEN="proposed", BEN="agreed"))
    told_states = {"state", "colleague", "other-state"}
    assert told_of(people, "join") == {*told_states, "coordinator", "west"}
    assert {one.facts["country"] for one in Notification.objects(action="join")} == {"BEN"}
    over = (*joined, ("dismiss", "endorsed", "dismissed"))
    hear(allied(clock, *over, SEN="proposed", BEN="agreed"))
    assert told_of(people, "dismiss") == told_states


def test_what_came_to_nothing_before_its_review_no_state_hears_of(
    people: People, hear: Hear, clock: Clock
) -> None:
    hear(allied(clock, PROPOSED, ("dismiss", "proposed", "dismissed"), SEN="proposed", BEN="left"))
    assert told(people) == set()


def applied(type_: str, clock: Clock, *actions: tuple[str, str | None, str], **more: Any) -> Any:
    history = [
        step(*action, clock(), role="requester", party="SEN")
        if action[0] == "agree"
        else step(*action, clock())
        for action in actions
    ]
    return event(type_, history, **more)


def test_a_draft_is_told_to_the_states_that_have_to_agree_and_to_no_fund(
    people: People, hear: Hear, clock: Clock
) -> None:
    assembled = ("assemble", None, "draft")
    hear(applied(DRAFT, clock, assembled, agreed=[]))
    states = {"state", "colleague", "other-state"}
    assert told_of(people, "assemble") == states
    agreed = (assembled, ("agree", "draft", "draft"))
    hear(applied(DRAFT, clock, *agreed))
    assert told_of(people, "agree") == {"coordinator", "west"}
    sent = (*agreed, ("submit", "draft", "submitted"))
    hear(applied(APPLICATION, clock, *sent))
    assert told_of(people, "submit") == {*states, "donor"}
    hear(applied(APPLICATION, clock, *sent, ("decline", "submitted", "declined")))
    assert told_of(people, "decline") == {*states, "coordinator", "west"}
    assert told_of(people, "assemble") == states
    assert "donor" not in told_of(people, "agree")


def test_cases_wait_for_who_coordinates_both_states(
    people: People, hear: Hear, clock: Clock
) -> None:
    found = [step("find", None, "open", clock(), role="matcher")]
    hear(event(DUPLICATE, found, id="d1", left_owner="SEN", right_owner="BEN"))
    assert told_of(people, "find") == {"coordinator", "west"}
    Notification.objects.delete()
    hear(event(DUPLICATE, found, id="d2", left_owner="SEN", right_owner="KEN"))
    assert told_of(people, "find") == {"coordinator"}
    Notification.objects.delete()
    hear(event(DUPLICATE, found, id="d3", side="offer", left_owner=DONOR, right_owner="org"))
    assert told_of(people, "find") == {"coordinator"}
    Notification.objects.delete()
    hear(event(COVERAGE, found))
    assert told_of(people, "find") == {"coordinator", "west"}
    Notification.objects.delete()
    seen = [*found, step("dismiss", "open", "dismissed", clock())]
    hear(event(COVERAGE, seen, id="c2"))
    assert told(people) == set()


def test_changes_of_embargoes_are_told_to_coordinators_and_falls_to_the_parties(
    people: People, hear: Hear, clock: Clock
) -> None:
    entered = [
        step("record", None, "unconfirmed", clock()),
        step("confirm", "unconfirmed", "confirmed", clock()),
    ]
    hear(event(EMBARGO, entered, country="SEN"))
    assert {(name, action) for name, action, _ in told(people)} == {
        (name, action) for name in ("coordinator", "west") for action in ("record", "confirm")
    }
    barred = step("fall", "endorsed", "fallen", clock(), role="matcher", reason="embargo")
    hear(circulated(clock), event(MATCH, [step(*ENDORSED, clock()), barred]))
    assert told_of(people, "fall") == {*SIDES, "coordinator", "west"}


def test_a_webhook_is_called_with_what_its_account_is_told(
    people: People, hear: Hear, clock: Clock, house: House
) -> None:
    account = people["state"]
    webhooks.make(house, account.id, "https://8.8.8.8/in", ["alliance"], clock())
    hear(allied(clock, *REVIEWED, SEN="proposed", BEN="proposed"))
    (call,) = WebhookCall.objects
    assert '"endorse"' in call.body
    WebhookCall.objects.delete()


def test_exemptions_that_end_soon_are_told_once_each(
    people: People, hear: Hear, clock: Clock, house: House
) -> None:
    def ends(days: int) -> str:
        return str((clock() + timedelta(days=days)).date().isoformat())

    def exempted(number: int, *days: int) -> Any:
        exemptions = [
            {"id": str(n), "kinds": ["equipment"], "request": None, "from": ends(-9), "to": ends(d)}
            for n, d in enumerate(days, 1)
        ]
        history = [step("record", None, "unconfirmed", clock())]
        return event(EMBARGO, history, number, country="SEN", exemptions=exemptions)

    hear(exempted(1, -1, 29, 31))
    expiring.warn(house)
    expiring.warn(house)
    assert told_of(people, "expire") == {"state", "colleague", "coordinator", "west"}
    assert {one.facts["last_day"] for one in Notification.objects(action="expire")} == {ends(29)}
    clock.forward(days=2)
    expiring.warn(house)
    assert len({one.facts["last_day"] for one in Notification.objects(action="expire")}) == 2
    Notification.objects.delete()
    history = [
        step("record", None, "unconfirmed", clock()),
        step("end", "unconfirmed", "ended", clock()),
    ]
    ended = exempted(3, 20)
    hear(event(EMBARGO, history, 4, country="SEN", exemptions=ended.data["exemptions"]))
    expiring.warn(house)
    assert told_of(people, "expire") == set()


def test_tokens_that_end_soon_are_told_to_their_owner_once(
    people: People, clock: Clock, house: House
) -> None:
    owner = people["auditor"]
    for name, days in (("long", 60), ("short", 20), ("gone", 20)):
        api_tokens.make(house, owner, name, ["requests:read"], timedelta(days=days), clock())
    gone = ApiToken.objects(name="gone").first()
    assert api_tokens.revoke(gone.id, owner.id, api_tokens.actor_of_account(owner), clock())
    expiring.warn(house)
    assert told_of(people, "expire") == set()
    clock.forward(days=16)
    expiring.warn(house)
    expiring.warn(house)
    (note,) = Notification.objects
    assert (note.account, note.kind) == (owner.id, "expiry")
    assert note.record == ApiToken.objects(name="short").first().id
    clock.forward(days=31)
    expiring.warn(house)
    assert Notification.objects.count() == 2
    assert "short" not in str([one.facts for one in Notification.objects])
