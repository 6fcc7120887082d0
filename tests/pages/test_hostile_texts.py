"""No text that somebody wrote turns the line that it stands in, on any page that links lead to.

The portal of this module has services whose every such text holds a right-to-left override. What
is shown of one stands in an element that keeps its direction to itself: `bdi`, or one with `dir`;
where there can be no element, between the characters that do the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any, Final

import pytest
import requests

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.pages.frame import PUBLIC_PLACES
from services.portal.services import Ask, Reader, Services
from tests.pages.beside import portal_beside
from tests.pages.meeting import make_match
from tests.pages.running import Portal
from tests.pages.walking import reachable

pytestmark = [pytest.mark.journey, pytest.mark.long]

OPENED, CLOSED = "\u2068", "\u2069"
OPENING: Final = "\u2066\u2067\u2068"
TURN: Final = "\u202e"
WRITES: Final = f"{CLOSED}{TURN}"
"""What every hostile text begins with: it ends the isolate that it stands in, then turns."""
WRITTEN = frozenset(
    {
        *("title", "description", "text", "name", "said", "note", "signed", "reason"),
        *("indicator", "baseline", "resolution", "reference", "source", "organisation_name"),
        *("office", "person", "email", "phone"),
    }
)
"""Members of records that hold what somebody wrote; codes have no blank, and stay."""
LISTS = frozenset({"sites"})
ALWAYS = frozenset({"title", "description", "text"})
VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source"})
REMARK = {"organisation": "acme", "text": "Endorsed", "at": "2026-11-01T00:00:00Z", "shown": True}


def hostile(value: Any, name: str = "") -> Any:
    """A JSON value, every text in it that somebody wrote with an override at its beginning."""
    if isinstance(value, Mapping):
        found = {key: hostile(one, key) for key, one in value.items()}
        if "reason" in value and not {"action", "target", "weight"} & value.keys():
            found["reason"] = f"{WRITES}because"
        if "endorsements" in value:
            found["endorsements"] = [hostile(REMARK)]
        return found
    if isinstance(value, list):
        return [hostile(one, name) for one in value]
    written = name in LISTS or (name in WRITTEN and (name in ALWAYS or " " in str(value)))
    return f"{WRITES}{value}" if isinstance(value, str) and written else value


class HostileServices(Services):
    """The services, but that all they tell is written by who means harm."""

    def fetch(self, reader: Reader, asked: Ask) -> Answer:
        """Make one GET."""
        found = super().fetch(reader, asked)
        return replace(found, body=hostile(found.body))


@pytest.fixture(scope="module")
def own_portal(portal: Portal) -> Iterator[Portal]:
    """Another portal beside that of the stack, of whose services each is hostile."""
    with portal_beside(portal, HostileServices) as (own, _app):
        make_match(portal)
        names = {one.id: one.name for one in Account.objects()}
        Account.objects().update(name=f"{WRITES}Somebody")
        try:
            yield own
        finally:
            for id_, name in names.items():
                Account.objects(id=id_).update(name=name)


class Turned(HTMLParser):
    """Finds the texts of a page that turn what stands beside them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.seen = 0
        self._open: list[tuple[str, bool]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            apart = tag == "bdi" or (tag != "html" and "dir" in dict(attrs))
            self._open.append((tag, apart or tag == "textarea"))
        for name, value in attrs:
            if name in ("title", "aria-label", "alt", "label", "placeholder"):
                self._look(value or "", f"{tag} {name}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.count(CLOSED) > sum(data.count(one) for one in OPENING):
            self.found.append(f"what ends an isolate: {data.strip()[:80]!r}")
        if not any(apart for _tag, apart in self._open):
            self._look(data, " ".join(tag for tag, _ in self._open[-3:]))
        elif TURN in data:
            self.seen += 1

    def _look(self, text: str, place: str) -> None:
        if TURN not in text:
            return
        self.seen += 1
        deep = 0
        for letter in text:
            deep += (letter == OPENED) - (letter == CLOSED)
            if letter == TURN and deep < 1:
                self.found.append(f"{place}: {text.strip()[:80]!r}")
                return


def test_the_finder_finds() -> None:
    assert Turned(f"<html dir=ltr><p>{TURN}x</p>").found
    assert Turned(f"<p title='{TURN}x'></p>").found
    assert Turned(f"<bdi><br></bdi>{TURN}x").found
    assert Turned(f"<bdi>{CLOSED}{TURN}x</bdi>").found
    assert Turned(f"<title>{TURN}x{OPENED}y{CLOSED}</title>").found
    assert not Turned(f"<title>{OPENED}{TURN}x{CLOSED}</title>").found
    assert not Turned(f"<td dir=auto><b>{TURN}x</b></td><p><bdi>{TURN}x</bdi></p>").found


def looked_at(address: str, page: requests.Response) -> Iterator[str]:
    """What turns its line on that page, one text for each place, with the page's address."""
    places = {one.partition(":")[0]: one for one in Turned(page.text).found}
    yield from (f"{address} {one}" for one in places.values())


@pytest.mark.parametrize("role", ["requester", "donor", "coordinator", "auditor", "operator"])
def test_no_text_turns_its_line(own_portal: Portal, role: str) -> None:
    browser = own_portal.visitor(role)
    turned, seen = [], 0
    for address in reachable(browser, role):
        turned += looked_at(address, browser.shown)
        seen += Turned(browser.shown.text).seen
    assert seen > 20
    assert not turned, "\n".join(turned)


def test_no_text_turns_its_line_for_everybody(own_portal: Portal) -> None:
    browser = own_portal.visitor()
    turned = []
    for place in PUBLIC_PLACES:
        browser.open(place.path)
        turned += looked_at(place.path, browser.shown)
        for link in browser.links(f"{place.path}/")[:1]:
            browser.open(link)
            turned += looked_at(link, browser.shown)
    assert not turned, "\n".join(turned)
