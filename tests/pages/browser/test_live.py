"""An open page hears of changes: what it shows is replaced in place, what is new is counted."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from deploy.local.servers import wait_until
from services.portal.domain.people import Office
from tests.pages.browser.conftest import ContextMaker
from tests.pages.browser.hands import PATIENCE
from tests.pages.meeting import draft_request, make_request, publish_offer, submit_request
from tests.pages.running import Portal, another
from tests.pages.visiting import Visitor

pytestmark = [pytest.mark.journey, pytest.mark.long]

NEW = r"Requests for assistance \(\d+\)"
NOTE_BUSY = """card => {
    const note = () => (window.busy ||= card.getAttribute("aria-busy") === "true");
    new MutationObserver(note).observe(card, { attributes: true });
}"""
GONE = "No longer in this list"
NEXT = "a[rel=next]"
BAR = "#live [data-bar]"


def bar(page: Page) -> str:
    """The words of the bar, once it is there."""
    expect(page.locator(BAR)).to_be_visible(timeout=PATIENCE)
    return page.locator(f"{BAR} [data-counts]").inner_text()


def heard_of_all(portal: Portal) -> bool:
    """Whether the portal has heard of the examples: of nothing new for OVERLAP."""
    visitor = portal.visitor("requester")
    visitor.open("/changes")
    return visitor.shown.json()["items"] == []


def test_what_is_shown_is_replaced_and_what_is_new_is_counted_until_it_is_shown(
    portal: Portal, reading: ContextMaker
) -> None:
    wait_until(lambda: heard_of_all(portal), 240.0, "the portal to have heard of the examples")
    changed = draft_request(portal)
    context = reading("requester")
    listed, record = context.new_page(), context.new_page()
    record.goto(f"/requests/{changed}")
    listed.goto("/requests")
    card = listed.locator(f"[data-live='request:{changed}']")
    expect(card.locator(".badge").first).to_have_text("Draft")
    card.evaluate(NOTE_BUSY)
    submit_request(portal, changed)
    expect(card.locator(".badge").first).to_have_text("Submitted", timeout=PATIENCE)
    assert listed.evaluate("window.busy"), "it says that it is asked for anew"
    expect(card).not_to_have_attribute("aria-busy", "true")
    assert bar(record) == "what this page is about"

    new = draft_request(portal)
    submit_request(portal, new)
    assert re.fullmatch(NEW, bar(listed))
    listed.locator(f"{BAR} a").click()
    expect(listed.locator(f"[data-live='request:{new}']")).to_be_visible(timeout=PATIENCE)
    assert not listed.locator(BAR).is_visible()


def test_what_another_decided_says_so_in_an_open_queue(
    portal: Portal, reading: ContextMaker
) -> None:
    context = reading("coordinator")
    queue, other = context.new_page(), context.new_page()
    queue.goto("/review?kind=proposals&best=all")
    rows = queue.locator("[data-row]:has([data-endorse])")
    theirs, own = (str(rows.nth(at).get_attribute("id"))[6:] for at in range(2))
    reject(portal, theirs)
    row = queue.locator(f"[id='waits-{theirs}']")
    expect(row.locator(".badge", has_text=GONE)).to_be_visible(timeout=PATIENCE)
    expect(row.locator("[data-endorse]")).to_be_disabled()
    expect(queue.locator("#live [data-said]")).to_contain_text(GONE)

    queue.locator(f"[id='waits-{own}'] [data-endorse]").click()
    decided = queue.locator(f"[id='decided-{own}']")
    expect(decided.locator("[data-left]")).to_be_visible(timeout=PATIENCE)
    other.goto("/review")
    other.locator(f"[id='decided-{own}'] form[action$='/now'] button").click()
    expect(decided.locator("> .badge")).to_have_text("Settled", timeout=PATIENCE)
    expect(decided.locator("button").first).to_be_disabled()
    expect(queue.locator(f"[id='waits-{own}'] > .badge")).to_have_text(GONE)


def test_what_another_is_about_to_decide_is_told_at_once_in_whatever_is_at_hand(
    portal: Portal, reading: ContextMaker
) -> None:
    context = reading("coordinator")
    queue, proposal, written = (context.new_page() for _ in range(3))
    queue.goto("/review?kind=proposals&best=all")
    rows = queue.locator("[data-row]:has([data-endorse])")
    at_hand, other = (str(rows.nth(at).get_attribute("id"))[6:] for at in range(2))
    proposal.goto(f"/proposals/{at_hand}")
    written.goto(f"/proposals/{at_hand}")
    written.locator("#decide textarea").fill("Half a reason (illustrative)")
    queue.locator(f"[id='row-{at_hand}']").focus()
    theirs = Visitor(portal.url, another(portal, "Ada", Office("coordinator")))
    for one in (at_hand, other):
        theirs.open(f"/proposals/{one}")
        theirs.send(f"/proposals/{one}", decision="endorse")
    says = re.compile("Example Ada.* endorsed it a moment ago.*takes effect in", re.DOTALL)
    for one in (at_hand, other):
        row = queue.locator(f"[id='waits-{one}']")
        expect(row.locator(".pending")).to_contain_text(says, timeout=PATIENCE)
    expect(queue.locator(f"[id='waits-{other}'] [data-endorse]")).to_have_count(0)
    expect(queue.locator(f"[id='row-{at_hand}']")).to_be_focused()
    expect(queue.locator("#live [data-said]")).to_contain_text("Example Ada")
    for page in (proposal, written):
        expect(page.locator("#decide .pending")).to_contain_text(says, timeout=PATIENCE)
        expect(page.locator("#decided")).to_contain_text(says)
    expect(proposal.locator("#decide button")).to_have_count(0)
    expect(written.locator("#decide textarea")).to_have_value("Half a reason (illustrative)")

    theirs.open("/review")
    theirs.send(f"/review/decisions/{at_hand}/take-back")
    expect(proposal.locator("#decide button[value='endorse']")).to_be_visible(timeout=PATIENCE)
    expect(written.locator("#decide .pending")).to_be_hidden(timeout=PATIENCE)
    expect(proposal.locator("#decided")).not_to_contain_text("a moment ago")
    theirs.send(f"/review/decisions/{other}/take-back")


def test_what_left_from_the_end_of_a_page_says_so(portal: Portal, reading: ContextMaker) -> None:
    queue = reading("coordinator").new_page()
    queue.goto("/review?kind=proposals&best=all")
    expect(queue.locator(NEXT)).to_be_visible()
    last = queue.locator("[data-row]").last
    expect(last.locator("[data-endorse]")).to_be_enabled()
    theirs = str(last.get_attribute("id"))[6:]
    reject(portal, theirs)
    row = queue.locator(f"[id='waits-{theirs}']")
    expect(row.locator(".badge", has_text=GONE)).to_be_visible(timeout=PATIENCE)


def test_what_new_rows_moved_to_the_next_page_has_not_left(reading: ContextMaker) -> None:
    queue = reading("coordinator").new_page()
    queue.goto("/review?kind=proposals&best=all")
    own = str(queue.locator("[data-row]").first.get_attribute("id"))

    def move(route: Route) -> None:
        if "x-unattended" not in route.request.headers or "cursor" in route.request.url:
            route.continue_()
            return
        moved = "moved=1" in route.request.url
        page = route.fetch(url=route.request.url.replace("moved=1", "")).text()
        if not moved:
            page = page.replace('id="waits-', 'id="before-').replace("&amp;cursor=", "&amp;moved=1")
        route.fulfill(body=page, content_type="text/html")

    queue.route("**/review?*", move)
    with queue.expect_response(re.compile("moved=1"), timeout=PATIENCE):
        queue.locator(f"[id='{own}']").dispatch_event("due")
    row = queue.locator(f"[id='{own}']")
    expect(row).not_to_have_attribute("aria-busy", "true")
    expect(row.locator(".badge", has_text=GONE)).to_have_count(0)


def test_a_proposal_that_left_its_shortlist_says_so_in_an_open_queue(
    portal: Portal, reading: ContextMaker
) -> None:
    asked, offer = make_request(portal), publish_offer(portal)
    wait_until(lambda: listed(portal, asked, offer), 240.0, "the proposal of the pair")
    queue = reading("coordinator").new_page()
    queue.goto(f"/review?kind=proposals&best=all&place={portal.state}")
    row = queue.locator(f"[id='waits-{asked}.{offer}']")
    while not row.count():
        queue.goto(str(queue.locator(NEXT).get_attribute("href")))
    donor = portal.api("donor")
    etag = donor.get("offers", f"/v1/offers/{offer}").etag
    donor.post("offers", f"/v1/offers/{offer}/withdraw", None, if_match=etag)
    expect(row.locator(".badge", has_text=GONE)).to_be_visible(timeout=PATIENCE)


def reject(portal: Portal, proposal: str) -> None:
    """Have another coordinator reject a proposal."""
    matcher, place = portal.api("coordinator"), f"/v1/proposals/{proposal}"
    rejection = {"decision": "reject", "reason": "Another armoury (illustrative)"}
    matcher.post(
        "matcher", f"{place}/decision", rejection, if_match=matcher.get("matcher", place).etag
    )


def listed(portal: Portal, asked: str, offer: str) -> bool:
    """Whether the request's shortlist has the offer."""
    every = portal.api("coordinator").items("matcher", "/v1/proposals", request=asked)
    return any(one["offer"] == offer for one in every)


def test_a_donor_and_a_state_hear_of_what_newly_fits_and_another_donor_does_not(
    portal: Portal, reading: ContextMaker
) -> None:
    offer = publish_offer(portal)
    context = reading("donor")
    fitting, single = context.new_page(), context.new_page()
    fitting.goto("/fitting-requests")
    single.goto(f"/offers/{offer}")
    since = fitting.locator("#live").get_attribute("data-since")
    asked = make_request(portal)
    assert re.search(r"Requests that fit our offers \(\d+\)", bar(fitting))
    assert re.search(r"Requests that it fits \(\d+\)", bar(single))
    single.locator(f"{BAR} a").click()
    expect(single.locator(f"[data-live='match:{asked}.{offer}']")).to_be_visible(timeout=PATIENCE)

    other = Visitor(portal.url, another(portal, "Bo", Office("donor", organisation="of-nobody")))
    other.open(f"/changes?since={since}")
    kinds = {one["kind"] for one in other.shown.json()["items"]}
    assert kinds <= {"request"}

    page = reading("requester").new_page()
    page.goto(f"/requests/{asked}/offers")
    new = publish_offer(portal)
    assert re.fullmatch(r"Offers that fit \(\d+\)", bar(page))
    page.locator(f"{BAR} a").click()
    expect(page.locator(f"[data-live='match:{asked}.{new}']")).to_be_visible(timeout=PATIENCE)


def test_a_page_of_a_case_says_that_another_decided(portal: Portal, reading: ContextMaker) -> None:
    coordinator = portal.api("coordinator")
    case = next(coordinator.items("matcher", "/v1/coverage", status="open"))
    page = reading("coordinator").new_page()
    page.goto(f"/coverage/{case['id']}")
    path = f"/v1/coverage/{case['id']}"
    seen = coordinator.get("matcher", path).etag
    body = {"decision": "dismiss", "reason": "Another armoury (illustrative)."}
    coordinator.post("matcher", f"{path}/decision", body, if_match=seen)
    assert bar(page) == "what this page is about"


def test_what_one_is_told_of_is_counted_in_the_open_list_and_what_was_read_elsewhere_is_read(
    portal: Portal, reading: ContextMaker
) -> None:
    context = reading("coordinator")
    listed, other = context.new_page(), context.new_page()
    listed.goto("/notifications")
    submit_request(portal, draft_request(portal))
    assert re.fullmatch(r"Notifications \(\d+\)", bar(listed))
    listed.locator(f"{BAR} a").click()
    row = listed.locator("main li:has(strong)").first
    other.goto(str(row.locator("a").first.get_attribute("href")))
    key = row.get_attribute("data-live")
    read = listed.locator(f"[data-live='{key}']")
    expect(read.locator("strong")).to_have_count(0, timeout=PATIENCE)


def test_a_page_for_which_no_place_is_free_asks_every_now_and_then(
    portal: Portal, reading: ContextMaker
) -> None:
    page = reading("requester").new_page()
    page.clock.install()
    page.route("**/changes/stream*", lambda route: route.fulfill(status=204))
    with page.expect_response("**/changes/stream*"):
        page.goto("/requests")
    submit_request(portal, draft_request(portal))
    for _ in range(60):  # until the portal has heard of it
        page.clock.fast_forward("01:00")
        page.wait_for_timeout(500)
        if page.locator(BAR).is_visible():
            break
    assert re.fullmatch(NEW, bar(page))
