"""What somebody typed is there again after the session ended, and gone once it was sent."""

import re

import pytest

from tests.browser.conftest import ContextMaker
from tests.pages.meeting import make_match
from tests.pages.running import Portal

pytestmark = pytest.mark.journey

TYPED = "When do the machines arrive?"
FIELD = "#message-text"
SEND = "form[action$='/messages'] > button"


def test_what_was_typed_when_the_session_ended_is_not_lost(
    portal: Portal, reading: ContextMaker
) -> None:
    address = f"/matches/{make_match(portal)}"
    context = reading("donor")
    session = next(one for one in context.cookies() if one["name"] == "entraide-session")
    page = context.new_page()
    page.goto(address)
    page.locator(FIELD).press_sequentially(TYPED)
    context.clear_cookies(name="entraide-session")
    page.locator(SEND).click()
    page.wait_for_url(re.compile(r"/sign-in\?next="))
    context.add_cookies([session])  # type: ignore[list-item]
    page.goto(address)
    assert page.locator(FIELD).input_value() == TYPED
    page.locator(SEND).click()
    page.locator(".thread .said", has_text=TYPED).wait_for()
    assert page.locator(FIELD).input_value() == ""
    page.goto(address)
    assert page.locator(FIELD).input_value() == ""
