"""How a reader uses a page: by the keyboard alone, or by a pointer.

By the keyboard a reader first skips to the content, then goes from stop to stop until the one that
is wanted has the focus, and sees it there: a stop is in sight, shows its focus, and nothing lies
over it (WCAG 2.2, 2.1.1, 2.4.1, 2.4.7, 2.4.11).
"""

import re
from contextlib import suppress
from dataclasses import dataclass

from playwright.sync_api import Locator, Page
from playwright.sync_api import TimeoutError as TooLate

from tests.pages.browser.conftest import ContextMaker
from tests.pages.running import PASSWORD

PATIENCE = 60_000
"""Milliseconds that a page is waited for, on a machine with much else to do."""
LET_GO = 10_000
"""Milliseconds within which a key is let go."""
MOST_STOPS = 250
_HAS_FOCUS = "one => one === document.activeElement"
_SEEN = """one => {
  const { left, top, width, height } = one.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + Math.min(height / 2, 20)];
  const over = document.elementFromPoint(x, y);
  const style = getComputedStyle(one);
  return one.matches(":focus-visible") && style.outlineStyle !== "none"
    && over !== null && (one.contains(over) || over.contains(one));
}"""


@dataclass(frozen=True)
class Hands:
    """A page and how it is used."""

    page: Page
    keys: bool

    def press(self, one: Locator) -> None:
        """Follow a link, press a button."""
        if self.keys:
            self.reach(one)
            # Where the next page comes while the key is let go, Chromium may never tell that it
            # was; what the page has to show then is told by what comes next.
            with suppress(TooLate):
                one.press("Enter", timeout=LET_GO)
        else:
            one.click()

    def fill(self, one: Locator, text: str) -> None:
        """Write in a field, in place of what is there."""
        if self.keys:
            self.reach(one)
            if one.get_attribute("type") == "date":
                # Month, day and year one after the other: so the browser writes English dates.
                year, month, day = text.split("-")
                self.page.keyboard.type(f"{month}{day}{year}")
                assert one.input_value() == text
                return
            self.page.keyboard.press("Control+A")
            self.page.keyboard.press("Delete")
            self.page.keyboard.type(text)
        else:
            one.fill(text)

    def choose(self, one: Locator, value: str) -> None:
        """Choose one of a list by its value."""
        if not self.keys:
            one.select_option(value)
            return
        self.reach(one)
        self.page.keyboard.press("Home")
        for _ in range(MOST_STOPS):
            if one.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{value} is no choice of {one}")

    def tick(self, one: Locator) -> None:
        """Tick a box."""
        if self.keys:
            self.reach(one)
            self.page.keyboard.press("Space")
        else:
            one.check()

    def pick(self, buttons: Locator, value: str) -> None:
        """Pick one of several, of which one alone can be: a stop that arrows go on from."""
        wanted = buttons.and_(self.page.locator(f"[value='{value}']"))
        if not self.keys:
            wanted.check()
            return
        picked = buttons.and_(self.page.locator(":checked"))
        self.reach((picked if picked.count() else buttons).first)
        self.page.keyboard.press("Space")
        for _ in range(buttons.count()):
            if wanted.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{value} is none of {buttons}")

    def reach(self, one: Locator) -> None:
        """Go on to it from where the focus is, or from the page's first stop, by the keyboard."""
        one.wait_for()
        if self.page.evaluate("document.activeElement === document.body"):
            self.page.keyboard.press("Tab")
            assert self.page.evaluate("document.activeElement.hash") == "#main"
            self.page.keyboard.press("Enter")
        for _ in range(MOST_STOPS):
            if one.evaluate(_HAS_FOCUS):
                assert one.evaluate(_SEEN), f"{one} has the focus and does not show it"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {one}")


def opened(reading: ContextMaker, role: str | None, language: str) -> tuple[Page, Hands]:
    """A page and how it is used: with scripts and by keys in English, without both in others."""
    english = language == "en"
    page = reading(role, language, scripts=english).new_page()
    page.set_default_timeout(PATIENCE)
    return page, Hands(page, keys=english)


def sign_in(hands: Hands, address: str) -> None:
    """Sign in as who has this e-mail address and the password of every account of these tests."""
    hands.page.goto("/sign-in?next=/account")
    hands.fill(hands.page.locator("#email"), address)
    hands.fill(hands.page.locator("#password"), PASSWORD)
    hands.press(hands.page.locator("main form button"))
    hands.page.wait_for_url(re.compile("/account"))
