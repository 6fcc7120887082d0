"""Writing a request in a real browser: a draft is kept while it is typed, never over another."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Route, expect

from tests.pages.browser.conftest import ContextMaker
from tests.pages.running import Portal

pytestmark = pytest.mark.journey

PATIENCE = 60_000
FORMATTED = "(1234.5).toLocaleString(document.documentElement.dataset.formats)"
TEXT = (
    "Two rooms without shelves hold seized weapons. We ask for 12 racks (à titre d'illustration)."
)


def test_a_draft_is_kept_while_it_is_typed_and_both_are_shown_where_another_kept_one(
    portal: Portal, reading: ContextMaker
) -> None:
    page = reading("requester", "fr").new_page()
    page.goto("/requests/new?language=fr")
    page.locator("#title").fill("Rayonnages (à titre d'illustration)")
    page.locator("#description").fill(TEXT)
    expect(page.locator("#saving")).to_have_text(
        re.compile(r"Enregistré à \d\d:\d\d UTC"), timeout=PATIENCE
    )
    expect(page).to_have_url(re.compile(r"/requests/[0-9a-f]{24}/edit/need$"))
    identifier = page.url.split("/")[-3]
    api = portal.api("requester")
    kept = api.get("requests", f"/v1/requests/{identifier}")
    assert kept.body["description"] == TEXT

    other = reading("requester", "fr").new_page()
    other.goto(f"/requests/{identifier}/edit/need")
    other.locator("#title").fill("Rayonnages, autre appareil (à titre d'illustration)")
    other.locator("button[name=go][value=out]").click()
    page.locator("#title").fill("Rayonnages, ici (à titre d'illustration)")
    expect(page.locator("#both")).to_contain_text("autre appareil", timeout=PATIENCE)
    assert page.locator("#title").input_value().startswith("Rayonnages, ici")
    now = api.get("requests", f"/v1/requests/{identifier}").body["title"]
    assert "autre appareil" in now


def test_a_draft_whose_first_answer_was_lost_is_gone_on_with_and_is_one(
    portal: Portal, reading: ContextMaker
) -> None:
    page = reading("requester", "en").new_page()
    lost: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST" or lost:
            route.fallback()
            return
        lost.append(route.fetch().text())
        route.abort()

    page.route("**/requests/new", lose)
    page.goto("/requests/new")
    page.locator("#title").fill("A lost answer (illustrative)")
    page.locator("#description").fill(TEXT)
    expect(page.locator("#saving")).to_have_text(re.compile("Not saved"), timeout=PATIENCE)
    assert '"saved"' in lost[0]
    page.locator("#description").fill(f"{TEXT} Soon.")
    expect(page.locator("#saving")).to_have_text(re.compile("Saved at"), timeout=PATIENCE)
    expect(page).to_have_url(re.compile(r"/requests/[0-9a-f]{24}/edit/need$"))
    found = portal.api("requester").items("requests", "/v1/requests", country=portal.state)
    drafts = [one for one in found if one["title"] == "A lost answer (illustrative)"]
    assert [one["description"] for one in drafts] == [f"{TEXT} Soon."]


def test_a_part_that_was_sent_while_its_register_was_away_stays_where_it_is(
    portal: Portal, reading: ContextMaker
) -> None:
    page = reading("requester", "en").new_page()
    page.goto("/requests/new")
    page.locator("#title").fill("A later part (illustrative)")
    page.locator("#description").fill(TEXT)
    page.locator("p.buttons button[name=go][value=next]").click()
    page.wait_for_url(re.compile("/edit/lines$"))
    plan = page.url.replace("/lines", "/plan")

    def away(route: Route) -> None:
        """As a page of before, which did not know its request."""
        if route.request.method != "POST":
            route.fallback()
            return
        shown = route.fetch(method="GET", post_data=b"")
        text = re.sub('<input type="hidden" name="request"[^>]*>', "", shown.text())
        route.fulfill(status=503, body=text, headers=shown.headers)

    page.goto(plan)
    page.route("**/edit/plan", away)
    page.locator("p.buttons button[name=go][value=next]").click()
    expect(page.locator("[name=request]")).to_have_count(0)
    page.unroute("**/edit/plan")
    page.locator("#priority").select_option(index=1)
    expect(page.locator("#saving")).to_have_text(re.compile("Saved at"), timeout=PATIENCE)
    assert page.url == plan
    expect(page.locator("[name=request]")).to_have_count(1)


def test_the_time_of_saving_is_told_as_pages_tell_times_and_in_their_digits(
    portal: Portal, reading: ContextMaker
) -> None:
    page = reading("requester", "ar", timezone_id="Asia/Kabul").new_page()
    page.clock.set_fixed_time(datetime(2026, 3, 3, 21, 5, tzinfo=UTC))
    page.goto("/requests/new?language=ar")
    assert page.evaluate(FORMATTED) == "1,234.5"
    page.locator("#title").fill("رفوف")
    page.locator("#description").fill(TEXT)
    expect(page.locator("#saving")).to_have_text(re.compile("[^0-9]21:05 UTC"), timeout=PATIENCE)


def test_a_title_alone_and_a_line_without_its_kind_are_gone_on_with_on_another_device(
    portal: Portal, reading: ContextMaker
) -> None:
    here, there = (reading("requester", "en").new_page() for _ in range(2))
    here.goto("/requests/new")
    here.locator("#title").fill("Racks for two rooms (illustrative)")
    told = re.compile("Kept as you typed it at .* UTC.*: What is needed, and why")
    expect(here.locator("#saving")).to_have_text(told, timeout=PATIENCE)
    there.goto("/requests/new")
    expect(there.locator("#title")).to_have_value("Racks for two rooms (illustrative)")
    there.locator("#description").fill(TEXT)
    there.locator("p.buttons button[name=go][value=next]").click()
    there.wait_for_url(re.compile("/edit/lines"))
    if not there.locator("[name=row-0-theme]").count():
        there.locator("button[name=go][value=add]").click()
    there.locator("[name=row-0-theme]").select_option("stockpile-management")
    told = re.compile("Kept as you typed it .*: Need line 1, Kind of help")
    expect(there.locator("#saving")).to_have_text(told, timeout=PATIENCE)
    here.goto(there.url)
    expect(here.locator("[name=row-0-theme]")).to_have_value("stockpile-management")
    here.locator("[name=row-0-kind]").select_option("equipment")
    expect(here.locator("#saving")).to_have_text(re.compile("Saved at"), timeout=PATIENCE)
    identifier = here.url.split("/")[-3]
    found = portal.api("requester").get("requests", f"/v1/requests/{identifier}").body
    assert [(need["theme"], need["kind"]) for need in found["needs"]] == [
        ("stockpile-management", "equipment")
    ]


def test_what_is_too_long_is_not_cut_off_and_says_by_how_much(reading: ContextMaker) -> None:
    page = reading("coordinator", "en").new_page()
    page.goto("/embargoes/new")  # nothing of it is kept before it is sent
    reason = page.locator("#reason")
    told = page.locator("#reason ~ [data-length]")
    for length, words in ((3_010, "Characters too many: 1,010"), (1_995, "Characters left: 5")):
        reason.clear()
        reason.press("x")
        page.keyboard.insert_text("x" * (length - 1))
        assert len(reason.input_value()) == length
        expect(told).to_have_text(words)
        valid = reason.evaluate("(field) => field.validationMessage")
        assert valid == (words if length > 2_000 else "")
    reason.fill("A resolution (illustrative)")
    expect(told).to_have_text("")
