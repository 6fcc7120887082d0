"""Each user's main task in a real browser: in English with scripts, in another language without."""

import re

import pytest
from playwright.sync_api import Page, expect

from services.portal.pages.navigation import PUBLIC_PLACES
from tests.pages.browser.conftest import ContextMaker
from tests.pages.browser.test_every_page import faults_of
from tests.pages.running import Portal
from tests.pages.test_public import a_request

pytestmark = pytest.mark.journey

PATIENCE = 60_000
TEXT = "We mark 6 machines' worth of police weapons each year (illustrative)."


def in_english_and(*others: str) -> pytest.MarkDecorator:
    """A journey's languages; those without scripts are for `make test-long`."""
    without = [pytest.param(other, marks=pytest.mark.long) for other in others]
    return pytest.mark.parametrize("language", ["en", *without])


def opened(reading: ContextMaker, role: str | None, language: str) -> Page:
    """A page of a reader: with scripts in English, without in other languages."""
    page = reading(role, language, scripts=language == "en").new_page()
    page.set_default_timeout(PATIENCE)
    return page


@in_english_and("ar")
def test_a_coordinator_decides_and_takes_it_back(
    portal: Portal, reading: ContextMaker, language: str
) -> None:
    page = opened(reading, "coordinator", language)
    page.goto(f"/review?kind=proposals&language={language}")
    page.locator("a[href^='/proposals/']").first.click()
    page.wait_for_url(re.compile("/proposals/"))
    proposal = re.search(r"/proposals/([^?]+)", page.url)
    assert proposal is not None
    page.locator("button[name=decision][value=endorse]").first.click()
    page.wait_for_url(re.compile("/review"))
    back = page.locator(f"form[action='/review/decisions/{proposal[1]}/take-back'] button")
    with page.expect_response(lambda one: one.url.endswith("/take-back")) as answered:
        back.first.click()
    assert answered.value.status in (302, 303)
    page.goto("/review?kind=proposals")
    page.locator("a[href^='/proposals/']").first.wait_for()
    expect(back).to_have_count(0, timeout=PATIENCE)
    stands = portal.api("coordinator").get("matcher", f"/v1/proposals/{proposal[1]}")
    assert stands.body["status"] == "proposed"


@in_english_and("es")
def test_a_state_writes_a_request_step_by_step(
    portal: Portal, reading: ContextMaker, language: str
) -> None:
    page = opened(reading, "requester", language)
    page.goto(f"/requests/new?language={language}")
    page.locator("#title").fill("Racks (illustrative)")
    page.locator("#description").fill(TEXT)
    forward = "p.buttons button[name=go][value=next]"
    page.locator(forward).click()
    page.wait_for_url(re.compile("/edit/lines"))
    if not page.locator("[name=row-0-theme]").count():
        page.locator("button[name=go][value=add]").click()
    page.locator("[name=row-0-theme]").select_option("stockpile-management")
    page.locator("[name=row-0-kind]").select_option("equipment")
    page.locator("[name=row-0-quantity]").fill("12")
    page.locator("[name=row-0-unit]").fill("racks")
    page.locator(forward).click()
    page.wait_for_url(re.compile("/edit/plan"))
    identifier = page.url.split("/")[-3]
    found = portal.api("requester").get("requests", f"/v1/requests/{identifier}").body
    assert [(need["theme"], need["quantity"]) for need in found["needs"]] == [
        ("stockpile-management", 12)
    ]


@in_english_and("ru")
def test_a_donor_makes_an_offer_step_by_step(
    portal: Portal, reading: ContextMaker, language: str
) -> None:
    page = opened(reading, "donor", language)
    page.goto(f"/offers/new?language={language}")
    page.locator("#title").fill("Marking machines (illustrative)")
    page.locator("#description").fill(TEXT)
    forward = "p.buttons button[name=do][value=save]"
    page.locator(forward).click()
    page.wait_for_url(re.compile("/edit/lines"))
    offer = page.url.split("/")[-3]
    if not page.locator("[name=rows-0-theme]").count():
        page.locator("button[name=do][value=add]").click()
    page.locator("[name=rows-0-theme]").select_option("marking")
    page.locator("[name=rows-0-kind]").select_option("training")
    page.locator("[name=rows-0-capacity]").fill("40")
    page.locator("[name=rows-0-unit]").fill("persons")
    page.locator(forward).click()
    page.wait_for_url(re.compile("/edit/where"))
    found = portal.api("donor").get("offers", f"/v1/offers/{offer}").body
    assert [(line["kind"], line["capacity"]) for line in found["provisions"]] == [("training", 40)]


@in_english_and("fr", "zh")
def test_a_visitor_finds_a_public_request_and_the_figures(
    portal: Portal, reading: ContextMaker, language: str
) -> None:
    a_request(portal, title="Machines for everybody to see (illustrative)")
    page = opened(reading, None, language)
    page.goto(f"/public/requests?language={language}")
    page.locator("#theme").select_option("marking")
    page.locator("form[role=search] button").click()
    page.wait_for_url(re.compile("theme=marking"))
    page.locator(".cards h2 a").first.click()
    page.wait_for_url(re.compile(r"/public/requests/[0-9a-f]{24}"))
    assert page.locator("html").get_attribute("lang") == language
    page.goto("/public/figures")
    expect(page.locator("main table").first).to_be_visible(timeout=PATIENCE)


@pytest.mark.long
@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("ar", "dark")])
def test_no_public_page_has_a_barrier_for_a_visitor(
    portal: Portal, reading: ContextMaker, language: str, scheme: str
) -> None:
    page = reading(None, language, scheme=scheme).new_page()
    record = f"/public/requests/{a_request(portal)}"
    places = ["/", "/sign-in", *(place.path for place in PUBLIC_PLACES), record]
    assert faults_of(page, {path: path for path in places}, language) == []
