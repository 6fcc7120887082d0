"""Every page that links lead to, in a real browser, in English and in Arabic, light and dark: no
barrier that axe-core knows of, nothing that is wider than its screen, nothing that the keyboard
does not reach or show, nothing on paper that is of no use there, no error of scripts or policy; and
where it is asked for a picture of each for people to look at.
"""

import os
import re
from collections import deque
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Error, Page, Response

from services.portal.pages.navigation import PUBLIC_PLACES, navigation
from tests.pages.browser.conftest import ContextMaker
from tests.pages.browser.looking import NARROW, Known, Scheme, asked, faults
from tests.pages.meeting import make_match
from tests.pages.running import Portal
from tests.pages.test_public import a_request
from tests.pages.walking import NO_PAGES, shape

pytestmark = [pytest.mark.journey, pytest.mark.long]

KEPT = os.environ.get("ENTRAIDE_PICTURES")
"""The directory that pictures are kept in; none are without one, for they take long."""
READERS = (None, "requester", "donor", "coordinator", "auditor", "operator")
LANGUAGES: tuple[tuple[str, Scheme], ...] = (("en", "light"), ("ar", "dark"))
MOST = 120
"""Pages of a reader: a walk that finds more has lost its way."""
SEND_EMPTY = """() => {
    const form = document.querySelector("main form[method=post]");
    form.noValidate = true;
    for (const one of form.querySelectorAll("input:not([type=hidden]), textarea")) {
        if (["checkbox", "radio"].includes(one.type)) one.checked = false;
        else one.value = "";
    }
    form.querySelector("button:not([name])")?.click() ?? form.requestSubmit();
}"""
_OPEN = re.compile(r"^/(sign-in|forgotten|public)?(/|$)")
_OWN = re.compile(r"^/(account|notifications)(/|$)")


def alike(path: str, reader: str | None) -> bool:
    """Whether the page was looked at with an earlier reader, to whom it is the same."""
    seen = READERS.index(reader)
    return bool((seen > 0 and _OPEN.match(path)) or (seen > 1 and _OWN.match(path)))


def listen(page: Page, wrong: list[str]) -> None:
    """Add what the page's scripts and its policy complain of."""

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            wrong.append(f"{page.url} says {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: wrong.append(f"{page.url} fails: {error}"))


def opened(page: Page, address: str, language: str) -> Response | None:
    """The answer of the page at that address, in the language; None for a file to be saved."""
    try:
        return page.goto(f"{address}{'&' if '?' in address else '?'}language={language}")
    except Error as error:
        if "Download is starting" not in error.message:
            raise
        return None


def kept(reader: str | None, name: str, language: str) -> Callable[[Page, int], None]:
    """Keeps a picture of each width, where they are asked for."""
    place = re.sub(r"\W+", "-", name).strip("-") or "start"

    def keep(page: Page, width: int) -> None:
        if KEPT is not None:
            picture = Path(KEPT, f"{reader or 'visitor'}-{place}-{language}-{width}.jpeg")
            page.screenshot(path=picture, full_page=True, type="jpeg", quality=70)

    return keep


@pytest.fixture(scope="module")
def busy(portal: Portal) -> None:
    """Something public, and a match that both sides may answer: the examples have neither."""
    a_request(portal)
    make_match(portal)


@pytest.fixture(scope="module")
def known() -> Known:
    """What one reader's pages have and need not be asked of another's again."""
    return Known()


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("reader", READERS)
def test_no_page_has_a_fault(
    portal: Portal, reading: ContextMaker, known: Known, reader: str | None
) -> None:
    page = reading(reader, reduced_motion="reduce").new_page()
    waiting = deque(place.path for place in (navigation(reader) if reader else PUBLIC_PLACES))
    waiting.append("/")
    found: set[str] = set()
    wrong: list[str] = []
    listen(page, wrong)
    while waiting:
        address = waiting.popleft()
        path = urlsplit(address).path
        name = shape(path)
        if name in found or NO_PAGES.search(path) or alike(path, reader):
            continue
        # What another reader has under the same address differs in what it offers, hardly in looks.
        again = KEPT is None and known.looked_at(name)
        languages = LANGUAGES[-1:] if again else LANGUAGES
        for language, scheme in languages:
            page.emulate_media(color_scheme=scheme)
            answer = opened(page, address, language)
            if answer is None:
                break
            assert answer.status == 200, f"{reader} finds {answer.status} at {address}"
            if not answer.headers["content-type"].startswith("text/html"):
                break
            found.add(name)
            assert len(found) <= MOST, sorted(found)
            waiting.extend(asked(page, "links") if language == languages[0][0] else ())
            keep = kept(reader, name, language)
            seen = faults(page, scheme, keep, known=known, called=(name, language))
            wrong += [f"{name} in {language}: {one}" for one in seen]
    assert found
    assert wrong == []


@pytest.mark.parametrize(
    ("reader", "address"),
    [
        (None, "/sign-in"),
        (None, "/forgotten"),
        ("requester", "/requests/new"),
        ("requester", "/account/password"),
        ("donor", "/offers/new"),
        ("donor", "/activities/new"),
        ("coordinator", "/embargoes/new"),
        ("coordinator", "/invitations"),
        ("operator", "/organisations/unregistered/edit"),
    ],
)
def test_no_page_of_errors_has_a_fault(
    reading: ContextMaker, known: Known, reader: str | None, address: str
) -> None:
    """A form that is sent with nothing in it: what is wrong stands above and at each field."""
    page = reading(reader, reduced_motion="reduce").new_page()
    wrong: list[str] = []
    for language, scheme in LANGUAGES:
        page.emulate_media(color_scheme=scheme)
        opened(page, address, language)
        with page.expect_navigation() as sent:
            page.evaluate(SEND_EMPTY)
        assert sent.value is not None
        assert sent.value.status == 422
        name = f"{address}-empty"
        keep, called = kept(reader, name, language), (name, language)
        seen = faults(page, scheme, keep, "errors", known, called)
        wrong += [f"{address} in {language}: {one}" for one in seen]
    assert wrong == []


WIDE_TABLE = """() => {
    const rows = Object.assign(document.createElement("div"), { className: "rows" });
    const cells = "<td class=count>1,000,000 machines</td>".repeat(8);
    const caption = "What is told of each line by both sides, and where they differ: ".repeat(3);
    rows.innerHTML = `<table><caption>${caption}</caption><tr>${cells}</tr></table>`;
    document.querySelector("main").append(rows);
    rows.scrollLeft = document.dir === "rtl" ? -200 : 200;
    return rows.scrollLeft;
}"""


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_caption_is_as_wide_as_what_is_seen_of_its_table(
    reading: ContextMaker, language: str
) -> None:
    page = reading(language=language, width=NARROW).new_page()
    page.goto(f"/public/figures?language={language}")
    assert abs(page.evaluate(WIDE_TABLE)) == 200
    assert asked(page, "wide") == []
