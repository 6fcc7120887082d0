"""The pages of notifications, as people without scripts use them."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.domain.telling import ROLE_KINDS
from services.portal.followed_state import TYPES
from services.portal.house import House
from services.portal.listening import cursor
from services.portal.note_documents import Followed, Notification
from services.portal.notifying import Note, notify
from services.portal.sentences import sentence
from services.portal.services import Ask, AwayError, Reader, Services
from shared.events.envelope import (
    ALLIANCE,
    APPLICATION,
    COMMITMENT,
    COVERAGE,
    DRAFT,
    DUPLICATE,
    JOINING,
)
from tests.services.portal.browsing import Browser
from tests.services.portal.conftest import Clock, forget_attempts
from tests.services.portal.events import DONOR, MATCH_ID, OFFER_ID, REQUEST_ID, event, step

SignIn = Callable[[Account], Browser]
calls: list[Ask] = []
"""What pages asked of the services since `titles` was made."""


@pytest.fixture(autouse=True)
def fresh(app: object) -> None:
    forget_attempts()
    Notification.objects.delete()
    Followed.objects.delete()


def tell(clock: Clock, account: Account, number: int, **facts: Any) -> str:
    clock.forward(seconds=1)
    facts = {"country": "SEN", **facts}
    made = Note("match-step", "match", MATCH_ID, "decline", str(number), clock(), facts)
    assert notify(made, [account], clock()) == 1
    return made.id_for(account.id)


def test_a_list_leads_to_each_which_is_read_thereby(
    signed_in: SignIn, make_account: Callable[..., Account], clock: Clock
) -> None:
    account = make_account(state="SEN")
    browser = signed_in(account)
    assert "There is nothing here." in browser.open("/notifications").text
    ids = [tell(clock, account, number) for number in range(32)]
    page = browser.open("/notifications")
    assert "Notifications (32)" in page.text
    links = [tag["href"] for name, tag in page.tags if name == "a" and "href" in tag]
    assert f"/notifications/{ids[-1]}" in links
    (older,) = (link for link in links if "cursor=" in link)
    page = browser.open(older)
    assert page.text.count("The proposal for Senegal was declined.") == 2
    page = browser.open(f"/notifications/{ids[0]}")
    assert "Open the match" in page.text
    assert MATCH_ID not in page.text
    assert f"/matches/{MATCH_ID}" in [tag["href"] for name, tag in page.tags if "href" in tag]
    assert "Notifications (31)" in page.text
    browser.open("/notifications?cursor=nonsense")
    assert (browser.status, browser.path) == (200, "/notifications")


def test_no_page_counts_more_than_99(
    signed_in: SignIn, make_account: Callable[..., Account], clock: Clock
) -> None:
    account = make_account(state="SEN")
    for number in range(99):
        tell(clock, account, number)
    browser = signed_in(account)
    assert "Notifications (99)" in browser.open("/notifications").text
    tell(clock, account, 99)
    assert "Notifications (99+)" in browser.open("/notifications").text


def test_an_open_list_can_be_told_what_came_and_what_was_read(
    signed_in: SignIn, make_account: Callable[..., Account], clock: Clock
) -> None:
    account = make_account(state="SEN")
    browser = signed_in(account)

    def shown() -> dict[str, str]:
        tags = [tag for _, tag in browser.open("/notifications").tags]
        (live,) = (tag for tag in tags if tag.get("id") == "live")
        assert (live["data-lists"], live["data-wanted"]) == ("notification", "&notes=1")
        return {tag["data-live"]: tag["data-version"] for tag in tags if "data-live" in tag}

    assert shown() == {}
    since = cursor(clock())
    key = f"notification:{tell(clock, account, 1)}"

    def heard(wanted: str = "&notes=1") -> dict[str, str]:
        told = browser.client.get(f"/changes?since={since}{wanted}").get_json()
        return {f"{one['kind']}:{one['id']}": one["version"] for one in told["items"]}

    unread = shown()
    assert unread == heard()
    assert set(unread) == {key}
    clock.forward(minutes=1)
    browser.open(f"/notifications/{key.partition(':')[2]}")
    assert shown() == heard()
    assert shown()[key] > unread[key]
    assert heard("") == {}


def test_what_it_is_about_is_named_by_both_titles(
    signed_in: SignIn,
    make_account: Callable[..., Account],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = make_account(state="SEN")
    titles = {REQUEST_ID: "Marquage <b>", OFFER_ID: "Marking machines"}

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        (id_,) = one.query["id"]
        return Answer({"items": [{"id": id_, "title": titles[id_], "language": "fr"}]})

    monkeypatch.setattr(Services, "fetch", fetch)
    page = signed_in(account).open(f"/notifications/{tell(clock, account, 1)}")
    assert "Marquage <b> – Marking machines" in page.text


@pytest.fixture
def titles(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """What records are called for the reader, by service and id; one that is not in it is away."""
    found: dict[str, dict[str, str]] = {}

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        calls.append(one)
        if one.service not in found:
            raise AwayError(one.service)
        shown = found[one.service]
        wanted = one.query["id"]
        assert isinstance(wanted, list)
        items = [
            {"id": id_, "title": shown[id_], "language": "fr"} for id_ in wanted if id_ in shown
        ]
        return Answer({"items": items})

    calls.clear()
    monkeypatch.setattr(Services, "fetch", fetch)
    return found


def told(clock: Clock, account: Account, record_type: str, record: str, action: str) -> None:
    kind = ROLE_KINDS[account.role][0]
    clock.forward(seconds=1)
    made = Note(kind, record_type, record, action, "1", clock(), {"country": "SEN"})
    assert notify(made, [account], clock()) == 1


def test_a_list_names_what_each_is_about_with_one_call_to_each_service(
    signed_in: SignIn,
    make_account: Callable[..., Account],
    clock: Clock,
    titles: dict[str, dict[str, str]],
) -> None:
    account = make_account(state="SEN")
    browser = signed_in(account)
    for number in range(20):
        told(clock, account, "request", f"r{number}", "authenticate")
        told(clock, account, "match", f"r{number}.o{number}", "reject")
    titles["requests"] = {f"r{number}": f"Marquage <b> {number}" for number in range(19)}
    titles["offers"] = {"o18": "Machines"}
    text = browser.open("/notifications").text
    assert [(one.service, one.path) for one in calls] == [
        ("requests", "/v1/requests/titles"),
        ("offers", "/v1/offers/titles"),
    ]
    assert text.count("Marquage <b> 17") == 2
    assert "Marquage <b> 18 – Machines" in text  # r19 and o17 are withheld, and nothing is said
    assert text.count("–") == 1
    assert not {"r19", "o17"} & set(text.split())
    marked = [attrs for tag, attrs in browser.page.tags if tag == "bdi" and "lang" in attrs]
    assert {one["lang"] for one in marked} == {"fr"}


def test_a_list_tells_which_titles_are_missing_while_a_service_is_away(
    signed_in: SignIn,
    make_account: Callable[..., Account],
    clock: Clock,
    titles: dict[str, dict[str, str]],
) -> None:
    account = make_account(state="SEN")
    tell(clock, account, 1)
    titles["requests"] = {REQUEST_ID: "Marquage"}
    text = signed_in(account).open("/notifications").text
    assert "The proposal for Senegal was declined. Marquage" in text
    assert "The register of offers cannot be reached just now." in text


def test_a_list_without_records_asks_for_nothing(
    signed_in: SignIn,
    make_account: Callable[..., Account],
    clock: Clock,
    titles: dict[str, dict[str, str]],
) -> None:
    account = make_account(state="SEN")
    told(clock, account, "state", "SEN", "remind")
    assert "Senegal" in signed_in(account).open("/notifications").text
    assert calls == []


FIRST, SECOND = REQUEST_ID, f"{REQUEST_ID[:-1]}2"
BOTH = "Marquage – Armoury"


@pytest.mark.parametrize(
    ("type_", "action", "status", "named"),
    [
        (COMMITMENT, "hold", "held", "Marquage – Machines"),
        (JOINING, "offer", "offered", "Marquage – Machines"),
        (ALLIANCE, "endorse", "endorsed", BOTH),
        (DUPLICATE, "find", "open", BOTH),
        (COVERAGE, "find", "open", "Marquage – Project"),
        (APPLICATION, "submit", "submitted", BOTH),
        (DRAFT, "assemble", "draft", ""),
    ],
)
def test_what_has_no_title_is_named_by_the_records_that_it_is_about(
    signed_in: SignIn,
    make_account: Callable[..., Account],
    hear: Callable[..., None],
    clock: Clock,
    titles: dict[str, dict[str, str]],
    type_: str,
    action: str,
    status: str,
    named: str,
) -> None:
    account = make_account(state="SEN")
    heard = event(type_, [step(action, None, status, clock())])
    hear(heard)
    Notification.objects.delete()
    told(clock, account, TYPES[type_], heard.subject, action)
    titles["requests"] = {FIRST: "Marquage", SECOND: "Armoury"}
    titles["offers"] = {OFFER_ID: "Machines", "66f0000000000000000000c1": "Project"}
    browser = signed_in(account)
    shown = browser.open("/notifications")
    assert named in shown.text
    assert ("Marquage" in shown.text) == bool(named)
    note = Notification.objects.get(account=account.id)
    assert named in browser.open(f"/notifications/{note.id}").text


def opened(
    browser: Browser, clock: Clock, account: Account, record_type: str, record: str
) -> Browser:
    """The page of a notification of a record, which was made just now."""
    action = {"joining": "offer", "token": "expire", "embargo": "expire"}.get(record_type, "remind")
    facts = {"country": "SEN", "last_day": "2026-12-31"}
    made = Note("expiry", record_type, record, action, "1", clock(), facts)
    assert notify(made, [account], clock()) == 1
    browser.open(f"/notifications/{made.id_for(account.id)}")
    return browser


def ways(browser: Browser) -> list[str]:
    """Where the notification leads."""
    tags = browser.page.tags
    return [tag["href"] for name, tag in tags if name == "a" and tag.get("class") == "button"]


@pytest.mark.parametrize(
    ("role", "bound", "record_type", "record", "way"),
    [
        ("requester", {"state": "SEN"}, "state", "SEN", "/contacts"),
        ("donor", {"organisation": DONOR}, "organisation", DONOR, "/contacts"),
        ("requester", {"state": "SEN"}, "token", "t1", "/account/tokens"),
        ("auditor", {}, "embargo", "e1", "/embargoes/e1"),
    ],
)
def test_what_asks_for_something_leads_to_where_it_is_done(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    clock: Clock,
    titles: dict[str, dict[str, str]],
    role: str,
    bound: dict[str, str],
    record_type: str,
    record: str,
    way: str,
) -> None:
    account = make_account(role, **bound)
    browser = opened(Browser(app).enter(house, account), clock, account, record_type, record)
    assert ways(browser) == [way]
    assert record not in browser.page.text.split()


def test_a_state_is_led_to_no_register_of_embargoes(
    signed_in: SignIn,
    make_account: Callable[..., Account],
    clock: Clock,
    titles: dict[str, dict[str, str]],
) -> None:
    account = make_account(state="SEN")
    browser = opened(signed_in(account), clock, account, "embargo", "e1")
    assert ways(browser) == []
    assert "e1" not in browser.page.text.split()


def test_an_offer_to_join_leads_to_the_proposal_and_its_own_organisation_to_its_offer(
    signed_in: SignIn,
    make_account: Callable[..., Account],
    hear: Callable[..., None],
    clock: Clock,
    titles: dict[str, dict[str, str]],
) -> None:
    heard = event(JOINING, [step("offer", None, "offered", clock())])
    hear(heard)
    place = f"/matches/{heard.data['proposal']}"
    for bound, way in (
        ({"role": "requester", "state": "SEN"}, f"{place}#joinings"),
        ({"role": "donor", "organisation": heard.data["donor"]}, f"{place}#joinings"),
        ({"role": "donor", "organisation": heard.data["organisation"]}, f"{place}/join"),
    ):
        account = make_account(**bound)
        assert ways(opened(signed_in(account), clock, account, "joining", heard.subject)) == [way]
    browser = opened(signed_in(account), clock, account, "joining", "unknown")
    assert ways(browser) == []
    assert "unknown" not in browser.page.text.split()


def test_all_that_is_shown_is_marked_as_read_and_nothing_newer(
    signed_in: SignIn, make_account: Callable[..., Account], clock: Clock
) -> None:
    account = make_account(state="SEN")
    browser = signed_in(account)
    tell(clock, account, 1)
    browser.open("/notifications")
    late = tell(clock, account, 2)
    page = browser.send("/notifications/read")
    assert "All is marked as read." in page.text
    assert "Notifications (1)" in page.text
    assert [one.id for one in Notification.objects(read_at=None)] == [late]
    browser.send("/notifications/read", until="no time")
    browser.send("/notifications/read", until="2126-01-01T00:00:00")
    assert Notification.objects(read_at=None).count() == 1
    browser.client.post("/notifications/read", data={"until": "2126-01-01T00:00:00+00:00"})
    assert Notification.objects(read_at=None).count() == 1  # without the page's own token


def test_others_are_not_shown(
    signed_in: SignIn, make_account: Callable[..., Account], clock: Clock
) -> None:
    browser, theirs = signed_in(make_account()), tell(clock, make_account(), 1)
    browser.open(f"/notifications/{theirs}")
    assert browser.status == 404
    assert Notification.objects(id=theirs).first().read_at is None
    assert "There is nothing here." in browser.open("/notifications").text


def test_a_reader_of_arabic_reads_from_right_to_left(
    signed_in: SignIn, make_account: Callable[..., Account], clock: Clock
) -> None:
    account = make_account(state="SEN")
    browser = signed_in(account)
    tell(clock, account, 1)
    page = browser.open("/notifications?language=ar")
    assert sentence("ar", "match", "decline", {"country": "SEN"}) in page.text
    (html,) = (attributes for tag, attributes in page.tags if tag == "html")
    assert (html["lang"], html["dir"]) == ("ar", "rtl")


@pytest.mark.parametrize("role", ["requester", "donor", "coordinator"])
def test_one_chooses_what_comes_by_mail(
    signed_in: SignIn,
    make_account: Callable[..., Account],
    with_factor: Callable[[Account], str],
    clock: Clock,
    role: str,
) -> None:
    account = make_account(role)
    browser = signed_in(account)
    if role == "coordinator":  # nothing before the second factor
        assert browser.open("/notifications/choices") is not None
        assert browser.path == "/account/second-factor"
        return
    browser.open("/notifications/choices")
    kinds = ROLE_KINDS[role]
    page = browser.send(**{kinds[0]: "none", kinds[1]: "digest"})
    assert "What you get by mail was changed." in page.text
    account.reload()
    assert account.mail_choices[kinds[0]] == "none"
    (form,) = (form for form in page.forms if kinds[0] in form.values)
    assert (form.values[kinds[0]], form.values[kinds[2]]) == (
        "none",
        "digest" if kinds[2] == "match-step" else "now",
    )
    browser.send(**{kinds[0]: "sms"})
    assert browser.status == 422
