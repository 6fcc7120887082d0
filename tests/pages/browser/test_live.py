"""An open page hears of changes: what it shows is replaced in place, what is new is counted."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.pages.browser.conftest import ContextMaker
from tests.pages.browser.hands import PATIENCE
from tests.pages.meeting import draft_request, submit_request
from tests.pages.running import Portal

pytestmark = [pytest.mark.journey, pytest.mark.long]

NEW = r"Requests for assistance \(\d+\)"
BAR = "#live [data-bar]"


def bar(page: Page) -> str:
    """The words of the bar, once it is there."""
    expect(page.locator(BAR)).to_be_visible(timeout=PATIENCE)
    return page.locator(f"{BAR} [data-counts]").inner_text()


def test_what_is_shown_is_replaced_and_what_is_new_is_counted_until_it_is_shown(
    portal: Portal, reading: ContextMaker
) -> None:
    changed = draft_request(portal)
    context = reading("requester")
    listed, record = context.new_page(), context.new_page()
    record.goto(f"/requests/{changed}")
    listed.goto("/requests")
    card = listed.locator(f"[data-live='request:{changed}']")
    expect(card.locator(".badge").first).to_have_text("Draft")
    submit_request(portal, changed)
    expect(card.locator(".badge").first).to_have_text("Submitted", timeout=PATIENCE)
    assert bar(record) == "what this page is about"

    new = draft_request(portal)
    submit_request(portal, new)
    assert re.fullmatch(NEW, bar(listed))
    listed.locator(f"{BAR} a").click()
    expect(listed.locator(f"[data-live='request:{new}']")).to_be_visible(timeout=PATIENCE)
    assert not listed.locator(BAR).is_visible()


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
