"""The coordinators' queue as they use it: decided, taken back, several at once, authenticated."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.local.programs import service_settings
from deploy.local.servers import wait_until
from shared.ids import new_id
from shared.language import encoder_available
from tests.pages.running import Portal
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]
_GENEROUS = 240.0
HOSTILE = '<script>alert(1)</script> "quoted" \u202eesrever\u202c'


def make_request(portal: Portal, **more: Any) -> str:
    """A request of the requester's State that is like the first example, submitted; its id."""
    like = portal.api("operator").get("requests", f"/v1/requests/{portal.requests['E-R01']}").body
    kept = ("title", "description", "language", "country", "needs", "window", "priority")
    body = {name: like[name] for name in kept if name != "needs"} | {
        "needs": [
            {name: need[name] for name in ("theme", "kind", "quantity", "unit")}
            for need in like["needs"]
        ],
        "external_id": {"source": "review", "id": new_id()},
        **more,
    }
    state = portal.api("requester")
    made = state.post("requests", "/v1/requests", body)
    id_ = str(made.body["id"])
    state.post("requests", f"/v1/requests/{id_}/submit", {"consent": "express"}, if_match=made.etag)
    return id_


@pytest.fixture(scope="module")
def proposals(portal: Portal) -> Iterator[dict[str, Any]]:
    """Proposals that no other test decides on: for a request of this module's own."""
    coordinator = portal.api("coordinator")
    id_ = make_request(portal)
    found = coordinator.get("requests", f"/v1/requests/{id_}")
    coordinator.post("requests", f"/v1/requests/{id_}/authenticate", {}, if_match=found.etag)

    def listed() -> list[dict[str, Any]]:
        page = coordinator.get("matcher", "/v1/proposals", request=id_, limit=50)
        return list(page.body["items"])

    wait_until(lambda: len(listed()) > 3, _GENEROUS, "proposals for the new request")
    return iter(listed())


def first_proposal(portal: Portal, id_: str) -> dict[str, Any]:
    """The first proposal for a request, which is authenticated for it."""
    coordinator = portal.api("coordinator")
    found = coordinator.get("requests", f"/v1/requests/{id_}")
    coordinator.post("requests", f"/v1/requests/{id_}/authenticate", {}, if_match=found.etag)
    query = {"request": id_, "limit": 1}

    def listed() -> list[dict[str, Any]]:
        return list(coordinator.get("matcher", "/v1/proposals", **query).body["items"])

    wait_until(lambda: bool(listed()), _GENEROUS, "proposals for the new request")
    return listed()[0]


@pytest.mark.skipif(not encoder_available(), reason="no sentence encoder here")
def test_a_number_that_the_text_contradicts_is_told(portal: Portal, visitor: Visiting) -> None:
    text = "Our police need laser machines to mark their firearms. We ask for six machines."
    four = {"theme": "marking", "kind": "equipment", "quantity": 4, "unit": "machines"}
    id_ = make_request(portal, title="Marking", description=text, language="en", needs=[four])
    page = visitor("coordinator").open(f"/proposals/{first_proposal(portal, id_)['id']}")
    assert "Need line 1 says 4 machines, the request's text speaks of 6 machines." in page.text


def test_a_proposal_by_inferred_lines_is_marked_so(portal: Portal, visitor: Visiting) -> None:
    id_ = make_request(portal, needs=[])
    one = first_proposal(portal, id_)
    told = "The request states no coded lines"
    assert told in visitor("coordinator").open(f"/proposals/{one['id']}").text
    assert told in visitor("requester").open(f"/requests/{id_}/offers").text


def status_of(portal: Portal, id_: str) -> str:
    found = portal.api("coordinator").get("matcher", f"/v1/proposals/{id_}")
    return str(found.body["status"])


def undo(id_: str, what: str) -> str:
    return f"/review/decisions/{id_}/{what}"


def test_the_queue_shows_every_kind_and_is_filtered_by_its_address(
    portal: Portal, visitor: Visiting
) -> None:
    browser = visitor("coordinator")
    page = browser.open("/review")
    for kind in ("Proposals", "Requests to authenticate", "Duplicates", "Joint projects"):
        assert kind in page.text
    for order in ("most urgent first", "The newest first.", "The likeliest first;"):
        assert order in page.text
    assert browser.links("/duplicates/")
    assert browser.links("/coverage/")
    assert browser.links("/alliances/")
    browser.open("/review?kind=proposals&place=DJI&score=0.5")
    first = browser.links("/proposals/")
    assert first
    countries = {
        portal.api("coordinator").get("matcher", f"/v1/proposals/{link[11:60]}").body["country"]
        for link in first
    }
    assert countries == {"DJI"}
    browser.open("/review?theme=marking&place=Central+Asia")
    assert "Not shown, for it has no theme or score" in browser.page.text
    assert not browser.links("/duplicates/")


def test_pages_of_the_queue_follow_one_another(visitor: Visiting) -> None:
    browser = visitor("coordinator")
    browser.open("/review?kind=proposals")
    first = browser.links("/proposals/")
    (further,) = [link for link in browser.links("/review?") if "cursor=" in link]
    browser.open(further)
    second = browser.links("/proposals/")
    assert second
    assert not {link[:60] for link in first} & {link[:60] for link in second}


def test_a_proposal_is_endorsed_taken_back_and_rejected_at_once(
    portal: Portal, visitor: Visiting, proposals: Iterator[dict[str, Any]]
) -> None:
    one = next(proposals)
    page, browser = f"/proposals/{one['id']}", visitor("coordinator")
    browser.open(page)
    assert "What speaks for it" in browser.page.text
    assert any(tag == "mark" for tag, _ in browser.page.tags)
    browser.send(page, decision="endorse")
    assert (browser.path, status_of(portal, one["id"])) == ("/review", "proposed")
    assert "until then you can take it back" in browser.page.text
    browser.send(undo(one["id"], "take-back"))
    assert "The proposal waits as before" in browser.page.text
    browser.open(page)
    browser.send(page, decision="reject")
    assert browser.status == 422
    assert "Say why" in browser.page.text
    browser.send(page, decision="reject", reason=HOSTILE)
    browser.send(undo(one["id"], "now"))
    assert "It took effect" in browser.page.text
    assert status_of(portal, one["id"]) == "rejected"
    browser.open(page)
    assert "This proposal was decided on" in browser.page.text
    assert browser.links(f"/matches/{one['id']}")
    found = portal.api("coordinator").get("matcher", f"/v1/proposals/{one['id']}")
    assert found.body["reason"] == HOSTILE


def let_the_minute_pass(portal: Portal, id_: str) -> None:
    """Make a decision due that waits: the worker finds it as if its minute were over."""
    settings = service_settings(portal.stack.plan, "portal")
    with MongoClient[dict[str, Any]](settings.mongodb, tz_aware=True) as client:
        kept = client[settings.database]["pending_decisions"]
        update = {"$set": {"due_at": datetime.now(UTC)}}
        assert kept.update_one({"_id": id_, "tries": 0}, update).matched_count == 1


def test_a_decision_takes_effect_by_itself_after_its_minute_and_once(
    portal: Portal, visitor: Visiting, proposals: Iterator[dict[str, Any]]
) -> None:
    one = next(proposals)
    page, browser = f"/proposals/{one['id']}", visitor("coordinator")
    form = next(form for form in browser.open(page).forms if form.action == page)
    for _ in range(2):
        send_again(browser, page, form.values)
        assert browser.path == "/review"
    let_the_minute_pass(portal, one["id"])
    wait_until(
        lambda: status_of(portal, one["id"]) == "endorsed", _GENEROUS, "the endorsement's effect"
    )
    found = portal.api("coordinator").get("matcher", f"/v1/proposals/{one['id']}")
    assert [step["action"] for step in found.body["history"]] == ["endorse"]
    send_again(browser, page, form.values)
    assert "It took effect" in browser.page.text
    assert undo(one["id"], "now") not in [form.action for form in browser.page.forms]
    found = portal.api("coordinator").get("matcher", f"/v1/proposals/{one['id']}")
    assert [step["action"] for step in found.body["history"]] == ["endorse"]


def send_again(browser: Visitor, page: str, values: dict[str, str]) -> None:
    """Endorse by a form that is not the one on the shown page any more."""
    browser.answer = browser.session.post(
        browser.url + page, data={**values, "decision": "endorse"}, timeout=60
    )


def test_what_changed_while_one_read_it_is_shown_with_what_was_typed(
    portal: Portal, visitor: Visiting, proposals: Iterator[dict[str, Any]]
) -> None:
    one = next(proposals)
    page, browser = f"/proposals/{one['id']}", visitor("coordinator", "fr")
    browser.open(f"{page}?language=fr")
    portal.api("coordinator").post(
        "matcher",
        f"/v1/proposals/{one['id']}/decision",
        {"decision": "reject", "reason": "first"},
        if_match=f'"{one["version"]}"',
    )
    browser.send(page, decision="reject", reason="Motif que personne ne doit perdre")
    assert browser.status == 412
    assert "Cette étape n’est plus possible en l’état." in browser.page.text
    assert "Rejetée" in browser.page.text
    assert "Motif que personne ne doit perdre" in browser.page.text


def test_no_reason_is_lost_when_the_session_ended(
    visitor: Visiting, proposals: Iterator[dict[str, Any]]
) -> None:
    page, browser = f"/proposals/{next(proposals)['id']}", visitor("coordinator")
    browser.open(page)
    session = browser.session.cookies.get("entraide-session")
    browser.session.cookies.clear()
    browser.send(page, decision="reject", reason="Typed after the session ended")
    assert (browser.status, browser.path) == (403, page)
    browser.session.cookies.set("entraide-session", session, domain="127.0.0.1", path="/")
    browser.send("")
    assert browser.status == 422
    (form,) = (form for form in browser.page.forms if form.action == page)
    assert form.values["reason"].strip() == "Typed after the session ended"


def test_several_are_endorsed_after_a_preview_of_what_conflicts(
    portal: Portal, visitor: Visiting, proposals: Iterator[dict[str, Any]]
) -> None:
    one, two = next(proposals), next(proposals)
    browser = visitor("coordinator")
    browser.open(f"/review/endorse?chosen={one['id']}&chosen={two['id']}&chosen=a.b&chosen=x")
    assert "No longer there, of those that you chose: 2" in browser.page.text
    browser.send("/review/endorse", chosen=[one["id"], two["id"]])
    assert "Endorsed: 2" in browser.page.text
    for each in (one, two):
        browser.send(undo(each["id"], "take-back"))
    assert "Decided just now" not in browser.page.text
    browser.open("/review/endorse")
    assert "Choose at least one proposal" in browser.page.text


def test_a_request_is_authenticated_or_sent_back_from_the_queue(
    portal: Portal, visitor: Visiting
) -> None:
    good, bad = make_request(portal), make_request(portal, title=f"{HOSTILE} (illustrative)")
    browser = visitor("coordinator")
    browser.open("/review?kind=requests")
    shown = {link.partition("?")[0] for link in browser.links("/review/requests/")}
    assert {f"/review/requests/{id_}" for id_ in (good, bad)} <= shown
    page = f"/review/requests/{bad}"
    browser.open(page)
    assert not [tag for tag, attrs in browser.page.tags if tag == "script" and not attrs.get("src")]
    browser.send(page, decision="return", text="Unsigned.")
    assert (browser.status, "Say why it goes back" in browser.page.text) == (422, True)
    browser.send(page, decision="return", reason="unconfirmed", text="Unsigned.")
    assert "Sent back to its State" in browser.page.text
    page = f"/review/requests/{good}"
    browser.open(page)
    browser.send(page, decision="authenticate")
    assert "Authenticated" in browser.page.text
    shown = portal.api("coordinator").get("requests", f"/v1/requests/{good}").body
    assert shown["status"] == "circulated"
    browser.open(page)
    assert "It does not wait any more" in browser.page.text


@pytest.mark.parametrize("kind", ["requests", "duplicates", "coverage", "alliances"])
def test_one_comes_back_to_the_queue_as_it_was_filtered_at_the_row_after(
    portal: Portal, visitor: Visiting, kind: str
) -> None:
    if kind == "requests":
        make_request(portal), make_request(portal)
    browser, queue = visitor("coordinator"), f"/review?kind={kind}&language=en"
    browser.open(queue)
    rows = [attrs["id"] for tag, attrs in browser.page.tags if "data-open" in attrs]
    addresses = [link for link in browser.links("/") if "?back=" in link]
    assert len(rows) == len(addresses)
    browser.open(addresses[0])
    assert browser.status == 200
    onward = f"#{rows[1]}" if rows[1:] else ""
    assert browser.links("/review?")[0] == f"{queue}{onward}"


def test_a_decision_on_a_case_comes_back_to_the_queue(visitor: Visiting) -> None:
    browser, queue = visitor("coordinator"), "/review?kind=alliances&place=&best=3"
    browser.open(queue)
    browser.open(next(link for link in browser.links("/alliances/") if "?back=" in link))
    browser.send(decision="endorse")
    assert "It was decided" in browser.page.text
    assert browser.shown.url.partition("#")[0] == browser.url + queue


def test_from_a_case_one_goes_on_to_no_other_site(portal: Portal, visitor: Visiting) -> None:
    case = portal.api("coordinator").get("matcher", "/v1/coverage", limit=1).body["items"][0]
    browser = visitor("coordinator")
    for back in ("//evil.example", "https://evil.example/review", "/review/../sign-out"):
        browser.open(f"/coverage/{case['id']}?back={back}")
        assert (browser.status, browser.links(back)) == (200, [])


def test_the_queue_reads_from_right_to_left_in_arabic(visitor: Visiting) -> None:
    browser = visitor("coordinator", "ar")
    browser.open("/review?language=ar")
    assert "المراجعة" in browser.page.text
    html = next(attrs for tag, attrs in browser.page.tags if tag == "html")
    assert (html["lang"], html["dir"]) == ("ar", "rtl")


def test_others_do_not_see_the_queue(visitor: Visiting) -> None:
    for role in ("donor", "requester", "auditor", "operator"):
        browser = visitor(role)
        for page in ("/review", "/review/requests/x", "/proposals/a.b"):
            browser.open(page)
            assert browser.status == 403, (role, page)
