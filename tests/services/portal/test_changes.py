"""What open pages are told of by themselves: to whom, how often, until when."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from services.portal.changes import MOST, MOST_AGE, OVERLAP, Wanted, changes_since
from services.portal.documents import Account, Session
from services.portal.domain import lifetimes
from services.portal.followed_state import BEST
from services.portal.house import House
from services.portal.listening import CLOSED, Pace, cursor, listen, since_of
from services.portal.note_documents import Followed, Notification
from services.portal.notifying import Note, notify
from services.portal.pages.live import PACE
from services.portal.reading import mark_all_read, mark_read
from services.portal.sessions import open_session
from shared.events.envelope import (
    ALLIANCE,
    COVERAGE,
    DUPLICATE,
    OFFER,
    REQUEST,
    SHORTLIST,
    Event,
    check,
)
from shared.events.versions import Version
from tests.services.portal.conftest import Clock
from tests.services.portal.events import (
    DONOR,
    ENDORSED,
    MATCH_ID,
    ORGANISATION,
    REQUEST_ID,
    circulated,
    event,
    matched,
    step,
)

ALL = ("auditor", "operator")
"""Who oversees everything."""
QUICK = Pace(look=0.01, beat=0.02, whole=60.0)


@pytest.fixture(autouse=True)
def empty(app: Flask) -> None:
    for kind in (Followed, Account, Session, Notification):
        kind.objects.delete()


def told(account: Account, since: datetime, clock: Clock) -> list[tuple[str, str]]:
    found = changes_since(account, since, clock())
    assert not found.more
    return [(one.kind, one.id) for one in found.items]


def knowing(people: dict[str, Account], kind: str, since: datetime, clock: Clock) -> set[str]:
    """Who is told of a record of that kind."""
    return {
        name
        for name, account in people.items()
        if any(one == kind for one, _ in told(account, since, clock))
    }


def shortlist(
    number: int, *offers: str, superseded: str | None = None, request: str = REQUEST_ID
) -> Event:
    entries: list[dict[str, Any]] = [
        {"offer": offer, "score": 0.5, "rank": rank} for rank, offer in enumerate(offers, start=1)
    ]
    for entry in entries:
        if entry["offer"] == superseded:
            entry["displaced"] = {
                "code": "superseded",
                "by": [{"offer": offer(99), "by": "commitment"}],
            }
    data = {
        "request": request,
        "country": "SEN",
        "model": "prior-4",
        "as_of": "2026-03-03",
        "entries": entries,
        "request_version": "1.2",
    }
    time = datetime.fromisoformat("2026-03-03T00:00:00Z")
    subject = f"shortlist-{request}"
    made = Event(SHORTLIST, "/entraide/matcher", subject, time, Version(1, number), data)
    check(made)
    return made


def test_of_a_theme_and_a_score_only_what_a_page_lists_is_new_to_it(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    since, coordinator = clock(), people["coordinator"]
    hear(circulated(clock, country="SEN"))  # whose needs are of marking
    hear(shortlist(1, offer(1)))

    def listed(wanted: Wanted) -> set[str]:
        """Its kinds of what is new."""
        found = changes_since(coordinator, since, clock(), wanted).items
        assert {one.kind for one in found} >= {"request"}  # it may be shown, and is told of
        return {one.kind for one in found if not one.aside}

    assert listed(Wanted()) == {"request", "proposal"}
    assert listed(Wanted(theme="marking", score=0.5)) == {"request", "proposal"}
    assert listed(Wanted(theme="tracing")) == set()
    assert listed(Wanted(score=0.75)) == {"request"}


def offer(number: int) -> str:
    return f"66f0000000000000000001{number:02x}"


def test_who_may_not_see_a_request_is_not_told_that_it_changed(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    since = clock()
    own, overseeing = {"state", "colleague"}, {"coordinator", "west", "auditor", "operator"}
    draft = event(REQUEST, [step("withdraw", "draft", "withdrawn", clock())], 1, country="SEN")
    hear(draft)  # it never was anything but a draft
    assert knowing(people, "request", since, clock) == own
    hear(circulated(clock, number=9, country="SEN", visibility="coordinators"))
    assert knowing(people, "request", since, clock) == own | overseeing
    hear(circulated(clock, number=10, country="SEN", visibility="restricted"))
    donors = {"donor", "other-donor", "east"}  # of another region one sees what donors see
    assert knowing(people, "request", since, clock) == own | overseeing | donors
    needs = [{**need, "visibility": "public"} for need in circulated(clock).data["needs"]]
    hear(circulated(clock, number=11, country="SEN", visibility="public", needs=needs))
    assert knowing(people, "request", since, clock) == set(people)


def test_of_a_match_its_parties_are_told_once_they_were_asked(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    since = clock()
    hear(circulated(clock, country="SEN", visibility="restricted"))
    sides = {"country": "SEN", "organisation": DONOR}
    rejected = ("reject", "proposed", "rejected")
    hear(matched(clock, rejected, **sides))
    assert knowing(people, "match", since, clock) == {"coordinator", "west", *ALL}
    hear(matched(clock, rejected, ("reopen", "rejected", "proposed"), ENDORSED, **sides))
    asked = {"coordinator", "west", *ALL, "state", "colleague", "donor"}
    assert knowing(people, "match", since, clock) == asked


def test_cases_and_proposals_are_for_who_coordinates_all_their_states(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    since = clock()
    found = [step("find", None, "open", clock(), role="service")]
    hear(event(DUPLICATE, found, side="request", left_owner="SEN", right_owner="KEN"))
    assert knowing(people, "duplicate", since, clock) == {"coordinator", *ALL}
    hear(shortlist(1, offer(1)))  # its request is not known yet
    assert knowing(people, "proposal", since, clock) == {"coordinator", "west", *ALL}
    hear(event(COVERAGE, found, country="SEN"))
    assert knowing(people, "coverage", since, clock) == {"coordinator", "west", *ALL}
    hear(event(ALLIANCE, [step("propose", None, "proposed", clock(), role="service")]))
    told_of_it = knowing(people, "alliance", since, clock)
    assert {"coordinator", *ALL} <= told_of_it
    assert not {"state", "other-state", "donor"} & told_of_it


def test_of_an_offer_those_are_told_who_read_it(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    since, ids = clock(), {"id": OWN, "organisation": DONOR}
    hear(event(OFFER, [step("submit", "draft", "submitted", clock(), role="donor")], 1, **ids))
    unpublished = {"donor", "coordinator", *ALL}
    assert knowing(people, "offer", since, clock) == unpublished
    hear(published(clock, number=2))
    assert knowing(people, "offer", since, clock) == set(people) - {"other-donor"}
    history = [
        step("submit", "draft", "submitted", clock(), role="donor"),
        step("publish", "submitted", "published", clock()),
        step("close", "published", "closed", clock(), role="donor"),
    ]
    hear(event(OFFER, history, 3, **ids))
    assert knowing(people, "offer", since, clock) == unpublished


def test_proposals_that_come_among_the_best_are_told_and_no_others(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    first = [offer(n) for n in range(BEST + 2)]
    hear(shortlist(1, *first, superseded=first[0]))
    clock.forward(minutes=5)
    since = clock()
    assert told(people["coordinator"], since, clock) == []
    clock.forward(seconds=1)
    hear(shortlist(2, offer(90), *first[:BEST]))
    (change,) = changes_since(people["coordinator"], since, clock()).items
    # The one that is no longer superseded is new as well; what went down a place is not.
    assert change.new == (f"{REQUEST_ID}.{offer(90)}", f"{REQUEST_ID}.{first[0]}")
    assert (change.kind, change.version) == ("proposal", "1.2")


def test_a_shortlist_that_lost_a_proposal_is_told_to_whoever_shows_its_request(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    hear(shortlist(1, offer(1), offer(2)))
    clock.forward(minutes=5)
    since = clock()
    hear(shortlist(2, offer(1)))
    (change,) = changes_since(people["coordinator"], since, clock()).items
    assert (change.kind, change.id, change.new) == ("proposal", REQUEST_ID, ())
    assert change.aside, "there is nothing new to list"


OWN, OTHERS = offer(0x10), offer(0x20)


def published(
    clock: Clock,
    offer_id: str = OWN,
    organisation: str = DONOR,
    number: int = 1,
    to: str = "publish",
) -> Event:
    """An offer of that donor's, which is published, or closed again."""
    history = [step("publish", "submitted", "published", clock())]
    if to == "close":
        history.append(step("close", "published", "closed", clock(), role="donor"))
    return event(OFFER, history, number, id=offer_id, organisation=organisation)


def pair(clock: Clock, action: tuple[str, str, str], offer_id: str, organisation: str) -> Event:
    """A proposal of the request and that offer, after a step."""
    ids = {"id": f"{REQUEST_ID}.{offer_id}", "offer": offer_id, "organisation": organisation}
    return matched(clock, action, country="SEN", **ids)


def own_proposals(account: Account, since: datetime, clock: Clock, **wanted: Any) -> list[str]:
    """The ids of the proposals that are new to a page."""
    found = changes_since(account, since, clock(), Wanted(**wanted)).items
    return [id_ for one in found if not one.aside for id_ in one.new]


@pytest.fixture
def ranked(people: dict[str, Account], hear: Callable[..., None], clock: Clock) -> datetime:
    """The time after which nothing came: two donors' offers, and a request that has no list yet."""
    hear(published(clock), published(clock, OTHERS, ORGANISATION))
    hear(circulated(clock, country="SEN", visibility="restricted"))
    clock.forward(minutes=5)
    since = clock()
    clock.forward(seconds=1)
    return since


def test_a_donor_is_told_what_its_own_offers_came_to_fit_however_far_down(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock, ranked: datetime
) -> None:
    fits = [f"{REQUEST_ID}.{OWN}"]
    hear(shortlist(1, *(offer(n) for n in range(BEST + 2)), OWN))
    assert own_proposals(people["donor"], ranked, clock) == fits
    assert knowing(people, "proposal", ranked, clock) == {
        *("coordinator", "west", "donor", *ALL),
        *("state", "colleague"),
    }
    for wanted in ({"offer": OWN}, {"request": REQUEST_ID}, {"theme": "marking"}):
        assert own_proposals(people["donor"], ranked, clock, **wanted) == fits
    for wanted in ({"offer": OTHERS}, {"request": OTHERS}, {"theme": "tracing"}):
        assert own_proposals(people["donor"], ranked, clock, **wanted) == []
    assert len(own_proposals(people["state"], ranked, clock)) == BEST + 3


def test_of_what_other_donors_do_nothing_that_a_donor_is_told_is_otherwise(
    app: Flask,
    house: House,
    people: dict[str, Account],
    hear: Callable[..., None],
    clock: Clock,
    ranked: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither the answer itself, nor how far it goes, nor whether there is more."""
    monkeypatch.setattr("services.portal.changes.MOST", 2)
    cookie = open_session(house, people["donor"], "full", "tests", clock(), None)
    client = asking(app, cookie)
    asked = [f"/changes?since={cursor(ranked)}{more}" for more in ("", f"&offer={OTHERS}")]

    def answers() -> list[bytes]:
        return [client.get(address).data for address in asked]

    before = answers()
    hear(shortlist(1, OTHERS), shortlist(2, offer(1), OTHERS))
    hear(*(shortlist(1, OTHERS, request=offer(number)) for number in range(50, 53)))
    hear(pair(clock, ENDORSED, OTHERS, ORGANISATION))
    assert answers() == before
    hear(shortlist(3, OTHERS, OWN))
    own = answers()
    assert own != before
    clock.forward(minutes=1)
    hear(shortlist(4, OWN))
    hear(shortlist(5, offer(2), OTHERS, OWN))
    for number in range(3, 9):
        hear(published(clock, offer(number), ORGANISATION))
        hear(pair(clock, ENDORSED, offer(number), ORGANISATION))
    assert answers() == own
    assert own_proposals(people["coordinator"], clock() - timedelta(seconds=1), clock) == []


def test_a_donor_is_told_of_no_fit_that_it_may_not_see(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock, ranked: datetime
) -> None:
    donor, number = people["donor"], 10
    needs = circulated(clock).data["needs"]
    hear(shortlist(1, OWN))
    assert own_proposals(donor, ranked, clock)
    hidden = [{**needs[0], "confidential": True, "visibility": "coordinators"}]
    secret = {**hidden[0], "line": 2, "theme": "border-control"}
    for changes in (
        {"visibility": "coordinators"},
        {"visibility": "restricted", "needs": hidden},
        {"visibility": "restricted", "needs": [*needs, secret]},
    ):
        hear(circulated(clock, number=number, country="SEN", **changes))
        assert own_proposals(donor, ranked, clock) == []
        assert own_proposals(people["state"], ranked, clock) == [f"{REQUEST_ID}.{OWN}"]
        number += 1
    # And the theme of the line that it does not read moves the request to no page of it.
    themed = changes_since(donor, ranked, clock(), Wanted(theme="border-control")).items
    assert [one.aside for one in themed if one.kind == "request"] == [True]
    hear(circulated(clock, number=number, country="SEN", visibility="restricted"))
    assert own_proposals(donor, ranked, clock)
    hear(pair(clock, ("reject", "proposed", "rejected"), OWN, DONOR))
    assert own_proposals(donor, ranked, clock) == []


def test_an_offer_that_is_closed_fits_nothing_new(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock, ranked: datetime
) -> None:
    hear(shortlist(1, OWN), published(clock, number=2, to="close"))
    assert own_proposals(people["donor"], ranked, clock) == []


def test_who_listens_hears_of_a_fit_once_whatever_else_moves_on_the_list(
    house: House,
    people: dict[str, Account],
    hear: Callable[..., None],
    clock: Clock,
    ranked: datetime,
) -> None:
    own = open_session(house, people["donor"], "full", "tests", clock(), None)
    events = listen(house, own, ranked, QUICK)
    assert next(events).startswith("retry: ")
    hear(shortlist(1, OWN))
    assert [one["new"] for one in next_told(events)["items"]] == [[f"{REQUEST_ID}.{OWN}"]]
    hear(shortlist(2, OTHERS, OWN))
    assert [next(events) for _ in range(3)] == [": \n\n"] * 3


def test_a_page_of_notifications_hears_of_its_readers_own_and_no_other_page_does(
    people: dict[str, Account], clock: Clock
) -> None:
    def noted(since: datetime, name: str = "donor", *, notes: bool = True) -> list[Any]:
        """By id, whether it counts as new, and its version."""
        found = changes_since(people[name], since, clock(), Wanted(notes=notes))
        return sorted((one.id, not one.aside, one.version) for one in found.items)

    def tell(key: str) -> str:
        made = Note("match-step", "match", MATCH_ID, "decline", key, clock(), {"country": "SEN"})
        notify(made, [people["donor"]], clock())
        return made.id_for(people["donor"].id)

    before = tell("1")
    clock.forward(minutes=1)
    since = clock()
    clock.forward(minutes=1)
    new, told_at = tell("2"), clock()
    ((told_id, is_new, version),) = noted(since)
    assert (told_id, is_new) == (new, True)
    assert noted(since, notes=False) == noted(since, "state") == []
    assert changes_since(people["donor"], since, clock(), Wanted(notes=True)).until == told_at
    clock.forward(minutes=1)
    mark_read(people["donor"].id, [before], clock())
    assert [(one, counts) for one, counts, _ in noted(clock())] == [(before, False)]
    mark_all_read(people["donor"].id, clock(), clock())
    later = {one: version for one, _, version in noted(clock())}
    assert later[new] > version


def test_what_is_heard_again_or_late_is_no_change(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    newest = circulated(clock, number=5)
    hear(newest)
    clock.forward(minutes=1)
    hear(newest, circulated(clock, number=4))
    assert told(people["coordinator"], clock(), clock) == []


def test_what_another_worker_wrote_a_moment_late_is_told_still(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    hear(circulated(clock))
    just, over = clock() + OVERLAP / 2, clock() + OVERLAP + timedelta(seconds=1)
    clock.forward(minutes=1)
    assert told(people["auditor"], just, clock) == [("request", REQUEST_ID)]
    assert told(people["auditor"], over, clock) == []


def test_too_much_to_be_told_one_by_one_is_told_as_such(
    people: dict[str, Account], clock: Clock
) -> None:
    many = [
        {"_id": f"match:{n}", "record_type": "match", "record": str(n), "heard_at": clock()}
        for n in range(MOST + 1)
    ]
    Followed._get_collection().insert_many(many)
    found = changes_since(people["auditor"], clock(), clock())
    assert (list(found.items), found.more, found.until) == ([], True, clock())
    long_ago = clock() - MOST_AGE - timedelta(seconds=1)
    assert changes_since(people["auditor"], long_ago, clock()).more


@pytest.fixture
def cookie(people: dict[str, Account], house: House) -> str:
    """That of a session of the State's."""
    return open_session(house, people["state"], "full", "tests", house.clock(), None)


def next_told(events: Iterator[str]) -> dict[str, Any]:
    """What the stream says next, past what only shows that it is there."""
    said = next(one for one in events if not one.startswith(":"))
    name, data = said.strip().split("\n")
    assert name.startswith("id: ")
    found: dict[str, Any] = json.loads(data.removeprefix("data: "))
    return found


def test_who_listens_is_told_once_until_the_session_ends(
    house: House, cookie: str, hear: Callable[..., None], clock: Clock
) -> None:
    events = listen(house, cookie, clock(), QUICK)
    assert next(events).startswith("retry: ")
    hear(circulated(clock, country="SEN"))
    said = next_told(events)
    assert [(one["id"], one["status"]) for one in said["items"]] == [(REQUEST_ID, "circulated")]
    assert next(events) == ": \n\n"
    hear(circulated(clock, number=20, country="SEN"))
    assert [one["version"] for one in next_told(events)["items"]] == [str(Version(1, 20))]
    Session.objects.delete()
    assert next(one for one in events if not one.startswith(":")) == CLOSED
    assert list(events) == []


def test_who_comes_back_is_told_what_was_missed(
    app: Flask, cookie: str, hear: Callable[..., None], clock: Clock, monkeypatch: Any
) -> None:
    left = cursor(clock())
    clock.forward(minutes=2)
    hear(circulated(clock, country="SEN"))
    client = asking(app, cookie)
    told = client.get(f"/changes?since={left}").get_json()
    assert [one["id"] for one in told["items"]] == [REQUEST_ID]
    assert client.get(f"/changes?since={cursor(clock() + OVERLAP)}").get_json()["items"] == [
        *told["items"]
    ], "a time to come is now"
    monkeypatch.setitem(app.config, PACE, Pace(look=0, whole=0.2))
    again = client.get(
        f"/changes/stream?since={cursor(clock())}",
        headers={"Last-Event-ID": str(left)},
        buffered=True,
    )
    assert REQUEST_ID in again.text
    assert again.headers["X-Accel-Buffering"] == "no"


def test_listening_keeps_no_session_alive(
    app: Flask, house: House, cookie: str, clock: Clock
) -> None:
    client = asking(app, cookie)
    clock.forward(minutes=10)
    seen = Session.objects.first().seen_at
    assert client.get("/changes").status_code == 200
    assert client.get("/notifications", headers={"X-Unattended": "1"}).status_code == 200
    assert Session.objects.first().seen_at == seen
    clock.now = seen + lifetimes.SESSION_IDLE
    assert client.get("/changes").status_code == 401
    assert client.get("/changes/stream").status_code == 401


def test_places_are_few_and_come_free_again(
    app: Flask, house: House, cookie: str, monkeypatch: Any
) -> None:
    monkeypatch.setitem(app.config, PACE, QUICK)
    client, listening = asking(app, cookie), []
    for _ in range(house.portal.listeners):
        listening.append(client.get("/changes/stream", buffered=False))
        assert listening[-1].status_code == 200
    assert client.get("/changes/stream").status_code == 204
    listening[0].close()  # before it heard anything
    again = client.get("/changes/stream", buffered=False)
    assert next(again.iter_encoded()).startswith(b"retry: ")
    assert client.get("/changes/stream").status_code == 204
    for one in (*listening[1:], again):
        one.close()
    client.get("/changes/stream", buffered=False).close()


@pytest.mark.parametrize("text", ["", "x", "-1", "²", "9" * 14, "9" * 40])
def test_a_time_that_is_none_is_now(text: str, clock: Clock) -> None:
    assert since_of(text, clock()) == clock()


def asking(app: Flask, cookie: str) -> Any:
    client = app.test_client()
    client.set_cookie("entraide-session", cookie)
    return client


def test_a_match_says_of_which_request_it_is(
    people: dict[str, Account], hear: Callable[..., None], clock: Clock
) -> None:
    hear(circulated(clock, country="SEN"))
    hear(matched(clock, ENDORSED, country="SEN", organisation=DONOR))
    found = changes_since(people["state"], clock(), clock())
    assert [one.told() for one in found.items if one.kind == "match"] == [
        {
            "kind": "match",
            "id": MATCH_ID,
            "version": "1.1",
            "status": "endorsed",
            "request": REQUEST_ID,
            "states": ["SEN"],
        }
    ]
