"""Each user's main task in a real browser: in English with scripts and by the keyboard alone, in
another language without scripts and by the mouse.
"""

import re
from collections.abc import Mapping

import pytest
from playwright.sync_api import Locator, expect

from tests.pages.browser.conftest import ContextMaker
from tests.pages.browser.hands import PATIENCE, Hands, opened
from tests.pages.meeting import (
    authenticate_request,
    carry_out,
    endorse_pair,
    make_match,
    make_request,
    pass_months,
    publish_offer,
    publish_submitted,
)
from tests.pages.running import Portal
from tests.pages.test_public import a_request

pytestmark = pytest.mark.journey

NOTE_BUSY = """() => {
    const form = document.querySelector("form[action$='/do/agree']");
    const note = () => sessionStorage.setItem("busy", form.getAttribute("aria-busy"));
    new MutationObserver(note).observe(form, { attributes: true });
}"""
"""A form says that it is being sent, to whoever cannot see it, for as long as the page lives."""
NOTE_WAITING = """() => {
    const main = document.querySelector("main");
    const place = () => main.firstElementChild.getBoundingClientRect().top;
    const before = place();
    const told = () => `${main.getAttribute("aria-busy")} ${place() - before}`;
    const note = () => sessionStorage.setItem("waiting", told());
    new MutationObserver(note).observe(main, { attributes: true });
}"""
"""A page says that it is waited for, and whether what is on it moved."""
TEXT = "We mark 6 machines' worth of police weapons each year (illustrative)."


def in_english_and(*others: str) -> pytest.MarkDecorator:
    """A journey's languages; those without scripts are for `make test-long`."""
    without = [pytest.param(other, marks=pytest.mark.long) for other in others]
    return pytest.mark.parametrize("language", ["en", *without])


@in_english_and("ar")
def test_a_coordinator_decides_and_takes_it_back(
    portal: Portal, reading: ContextMaker, language: str
) -> None:
    page, hands = opened(reading, "coordinator", language)
    page.goto(f"/review?kind=proposals&language={language}")
    hands.press(page.locator("#queue a[href^='/proposals/']").first)
    page.wait_for_url(re.compile("/proposals/"))
    proposal = re.search(r"/proposals/([^?]+)", page.url)
    assert proposal is not None
    hands.press(page.locator("button[name=decision][value=endorse]").first)
    page.wait_for_url(re.compile("/review"))
    back = page.locator(f"form[action='/review/decisions/{proposal[1]}/take-back'] button")
    with page.expect_response(lambda one: one.url.endswith("/take-back")) as answered:
        hands.press(back.first)
    assert answered.value.status in (302, 303)
    page.goto("/review?kind=proposals")
    page.locator("a[href^='/proposals/']").first.wait_for()
    expect(back).to_have_count(0, timeout=PATIENCE)
    stands = portal.api("coordinator").get("matcher", f"/v1/proposals/{proposal[1]}")
    assert stands.body["status"] == "proposed"


def say_line(hands: Hands, row: str, add: Locator, says: Mapping[str, str]) -> None:
    """Write a form's first line, which is added where there is none; themes and kinds are lists."""
    if not hands.page.locator(f"[name={row}-theme]").count():
        hands.press(add)
    for name, value in says.items():
        do = hands.choose if name in ("theme", "kind") else hands.fill
        do(hands.page.locator(f"[name={row}-{name}]"), value)


@in_english_and("es")
def test_a_state_asks_agrees_and_says_whether_the_need_was_met(
    portal: Portal, reading: ContextMaker, language: str
) -> None:
    offer = publish_offer(portal)
    page, hands = opened(reading, "requester", language)
    page.goto(f"/requests/new?language={language}")
    hands.fill(page.locator("#title"), "Marking machines (illustrative)")
    hands.fill(page.locator("#description"), TEXT)
    forward = page.locator("p.buttons button[name=go][value=next]")
    hands.press(forward)
    page.wait_for_url(re.compile("/edit/lines"))
    add = page.locator("button[name=go][value=add]")
    says = {"theme": "marking", "kind": "equipment", "quantity": "6", "unit": "machines"}
    say_line(hands, "row-0", add, says)
    for part in ("plan", "papers", "check"):
        hands.press(forward)
        page.wait_for_url(re.compile(f"/edit/{part}"))
    identifier = page.url.split("/")[-3]
    hands.pick(page.locator("[name=consent]"), "express")
    hands.press(page.locator("form[action$='/steps/submit'] button"))
    page.wait_for_url(re.compile(f"/requests/{identifier}(#main)?$"))
    found = portal.api("requester").get("requests", f"/v1/requests/{identifier}").body
    assert [(need["theme"], need["quantity"]) for need in found["needs"]] == [("marking", 6)]
    authenticate_request(portal, identifier)
    match = endorse_pair(portal, identifier, offer)

    hands.press(page.locator(f"main a[href='/requests/{identifier}/offers']").first)
    page.wait_for_url(re.compile("/offers$"))
    expect(page.locator("main")).to_contain_text("Marking machines <script>")
    page.goto("/matches")
    hands.press(page.locator(f"a[href='/matches/{match}']").first)
    form = page.locator("form[action$='/do/agree']")
    hands.tick(form.locator("input[type=checkbox]"))
    hands.press(form.locator("button"))
    expect(form).to_have_count(0, timeout=PATIENCE)
    carry_out(portal, match, "donor", "agree")
    carry_out(portal, match, "coordinator", "commit", **{"need-1": "4", "give-1": "4"})
    carry_out(portal, match, "donor", "start")

    page.goto(f"/matches/{match}")
    hands.press(page.locator("form[action$='/do/deliver'] button"))
    expect(page.locator("form[action$='/do/deliver']")).to_have_count(0, timeout=PATIENCE)
    pass_months(portal, 4)
    page.goto(f"/matches/{match}")
    form = page.locator("form[action$='/do/assess-3']")
    for name, score in (("adequate", "4"), ("effective", "1"), ("sustainable", "5")):
        hands.pick(form.locator(f"[name='{name}']"), score)
    hands.fill(form.locator("textarea"), "Three posts still wait.")
    hands.press(form.locator("button"))
    expect(form).to_have_count(0, timeout=PATIENCE)
    life = portal.api("requester").get("matcher", f"/v1/proposals/{match}/life").body
    (said,) = (one for one in life["follow_ups"] if one["answered_at"])
    assert (said["adequate"], said["effective"], said["sustainable"]) == (4, 1, 5)


@in_english_and("ru")
def test_a_donor_offers_agrees_and_reports_what_was_disbursed(
    portal: Portal, reading: ContextMaker, language: str
) -> None:
    request = make_request(portal)
    page, hands = opened(reading, "donor", language)
    page.goto(f"/offers/new?language={language}")
    hands.fill(page.locator("#title"), "Marking machines (illustrative)")
    hands.fill(page.locator("#description"), TEXT)
    forward = page.locator("p.buttons button[name=do][value=save]")
    hands.press(forward)
    page.wait_for_url(re.compile("/edit/lines"))
    offer = page.url.split("/")[-3]
    add = page.locator("button[name=do][value=add]")
    says = {"theme": "marking", "kind": "equipment", "capacity": "6", "unit": "machines"}
    say_line(hands, "rows-0", add, says)
    for place in ("edit/where", "edit/terms", offer):
        hands.press(forward)
        page.wait_for_url(re.compile(f"/{place}(#main)?$"))
    hands.press(page.locator("form[action$='/step/submit'] button"))
    expect(page.locator("form[action$='/step/submit']")).to_have_count(0, timeout=PATIENCE)
    found = portal.api("donor").get("offers", f"/v1/offers/{offer}").body
    assert [(line["kind"], line["capacity"]) for line in found["provisions"]] == [("equipment", 6)]
    publish_submitted(portal, offer)
    match = endorse_pair(portal, request, offer)

    page.goto(f"/offers/{offer}")
    hands.press(page.locator(f"a[href='/matches/{match}']"))
    form = page.locator("form[action$='/do/agree']")
    hands.fill(form.locator("[name=line-1]"), "4")
    hands.press(form.locator("button"))
    expect(form).to_have_count(0, timeout=PATIENCE)
    carry_out(portal, match, "requester", "agree")
    carry_out(portal, match, "coordinator", "commit", **{"need-1": "4", "give-1": "4"})

    page.goto(f"/matches/{match}")
    hands.press(page.locator("form[action$='/do/start'] button"))
    form = page.locator("form[action$='/do/figures']")
    hands.fill(form.locator("[name=line-1]"), "3")
    with page.expect_response(lambda one: one.url.endswith("/do/figures")) as answered:
        hands.press(form.locator("button"))
    assert answered.value.status in (302, 303)
    life = portal.api("donor").get("matcher", f"/v1/proposals/{match}/life").body
    figures = [(one["pledged"], one["committed"], one["disbursed"]) for one in life["figures"]]
    assert (life["status"], figures) == ("delivering", [(4, 4, 3)])


@in_english_and("fr", "zh")
def test_a_visitor_finds_a_public_request_and_the_figures(
    portal: Portal, reading: ContextMaker, language: str
) -> None:
    a_request(portal, title="Machines for everybody to see (illustrative)")
    page, hands = opened(reading, None, language)
    page.goto(f"/public/requests?language={language}")
    hands.choose(page.locator("#theme"), "marking")
    hands.press(page.locator("form[role=search] button"))
    page.wait_for_url(re.compile("theme=marking"))
    hands.press(page.locator(".cards h2 a").first)
    page.wait_for_url(re.compile(r"/public/requests/[0-9a-f]{24}"))
    assert page.locator("html").get_attribute("lang") == language
    page.goto("/public/figures")
    expect(page.locator("main table").first).to_be_visible(timeout=PATIENCE)


@pytest.mark.long
def test_a_coordinator_goes_through_the_queue_by_its_keys(
    portal: Portal, reading: ContextMaker
) -> None:
    page, _ = opened(reading, "coordinator", "en")
    page.goto("/review?kind=proposals")
    rows, sheet = page.locator("[data-row]"), page.locator("#keys")
    page.keyboard.press("?")
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    for _ in range(2):
        page.keyboard.press("?")
        sheet.get_by_role("button").click()
        expect(sheet).to_be_hidden()
    for key, at in (("j", 0), ("j", 1), ("k", 0)):
        page.keyboard.press(key)
        expect(rows.nth(at).locator("[data-open]")).to_be_focused()
    page.keyboard.press("x")
    expect(rows.nth(0).locator("[name=chosen]")).to_be_checked()
    page.keyboard.press("r")
    expect(rows.nth(0).locator("textarea")).to_be_focused()
    page.keyboard.type("ed")  # are letters here, not keys
    expect(rows.nth(0).locator("textarea")).to_have_value("ed")
    page.keyboard.press("Escape")
    expect(rows.nth(0).locator("[data-open]")).to_be_focused()
    expect(rows.nth(0).locator("textarea")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("d")
    page.wait_for_url(re.compile("/proposals/"))


@pytest.mark.long
def test_a_coordinator_decides_by_the_keys_and_goes_on_at_the_next_row(
    portal: Portal, reading: ContextMaker
) -> None:
    page, _ = opened(reading, "coordinator", "en")
    page.goto("/review?kind=proposals&best=all")
    rows = page.locator("[data-row]:has([data-endorse])")
    endorsed, rejected, onward = (str(rows.nth(at).get_attribute("id"))[6:] for at in range(3))
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.wait_for_url(re.compile(f"best=all#row-{rejected}$"))
    expect(page.locator(f"[id='row-{rejected}']")).to_be_focused()
    expect(page.locator(f"[id='waits-{endorsed}']")).to_contain_text("endorsed it a moment ago")
    page.keyboard.press("r")
    page.keyboard.type("Another armoury (illustrative)")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"best=all#row-{onward}$"))
    expect(page.locator(f"[id='row-{onward}']")).to_be_focused()
    for proposal, button in ((endorsed, "take-back"), (rejected, "now")):
        form = f"form[action='/review/decisions/{proposal}/{button}']"
        page.locator(f"[id='decided-{proposal}'] {form} button").click()
        expect(page.locator(form)).to_have_count(0, timeout=PATIENCE)
    matcher = portal.api("coordinator")
    found = {
        id_: matcher.get("matcher", f"/v1/proposals/{id_}").body for id_ in (endorsed, rejected)
    }
    assert found[endorsed]["status"] == "proposed"
    assert found[rejected]["status"] == "rejected"
    assert found[rejected]["reason"] == "Another armoury (illustrative)"


@pytest.mark.long
def test_a_page_that_is_waited_for_says_so_without_moving_anything(
    portal: Portal, reading: ContextMaker
) -> None:
    page, _ = opened(reading, "coordinator", "en")
    page.goto("/review")
    page.evaluate(NOTE_WAITING)
    page.locator("nav a[href='/matches']").first.click()
    page.wait_for_url(re.compile("/matches$"))
    told, moved = page.evaluate("sessionStorage.getItem('waiting').split(' ')")
    assert (told, float(moved)) == ("true", 0)
    main = page.locator("main")
    expect(main).not_to_have_attribute("aria-busy", "true")
    page.locator("a.skip").press("Enter")
    expect(main).to_be_focused()
    expect(main).not_to_have_attribute("aria-busy", "true")
    page.goto("/exports")
    with page.expect_download():
        page.locator("a[download]").first.click()
    expect(main).not_to_have_attribute("aria-busy", "true")


@pytest.mark.long
def test_without_scripts_a_decision_comes_back_to_the_next_row(
    portal: Portal, reading: ContextMaker
) -> None:
    page = reading("coordinator", scripts=False).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto("/review?kind=proposals&best=all")
    rows = page.locator("[data-row]:has([data-endorse])")
    decided, onward = (str(rows.nth(at).get_attribute("id"))[6:] for at in (-2, -1))
    page.locator(f"[id='waits-{decided}'] [data-endorse]").click()
    page.wait_for_url(re.compile(f"best=all#row-{onward}$"))
    expect(page.locator(f"[id='row-{onward}']")).to_be_focused()
    page.locator(f"form[action='/review/decisions/{decided}/take-back'] button").first.click()
    expect(page.locator(f"[id='decided-{decided}']")).to_have_count(0, timeout=PATIENCE)


@pytest.mark.long
def test_a_state_agrees_with_the_conditions_by_the_keyboard(
    portal: Portal, reading: ContextMaker
) -> None:
    match = make_match(portal)
    page, hands = opened(reading, "requester", "en")
    page.goto("/matches")
    hands.press(page.locator(f"a[href='/matches/{match}']").first)
    page.wait_for_url(re.compile(f"/matches/{match}"))
    form = f"form[action='/matches/{match}/do/agree']"
    hands.tick(page.locator(f"{form} input[type=checkbox]"))
    page.evaluate(NOTE_BUSY)
    with page.expect_response(lambda one: one.url.endswith("/do/agree")) as answered:
        hands.press(page.locator(f"{form} button"))
    assert answered.value.status in (302, 303)
    page.wait_for_function("sessionStorage.getItem('busy') === 'true'")
    stands = portal.api("requester").get("matcher", f"/v1/proposals/{match}")
    assert stands.body["status"] == "state-agreed"
