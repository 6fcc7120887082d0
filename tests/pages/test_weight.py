"""What the main pages of each role weigh over the wire, with the examples in them."""

import gzip

import pytest
import requests
from pymongo import MongoClient

from bench.pages import FIRST, NEXT, PAGES, records
from services.portal.pages.navigation import PUBLIC_PLACES, navigation
from tests.pages.meeting import make_match
from tests.pages.running import Portal
from tests.services.portal.browsing import Page

pytestmark = pytest.mark.journey

ROLES = (None, "requester", "donor", "coordinator", "auditor", "operator")


def sent(session: requests.Session, address: str) -> tuple[int, str]:
    """Bytes of an answer as it came, packed and with its headers; its text."""
    with session.get(address, stream=True, timeout=60) as answer:
        assert answer.status_code == 200, address
        head = sum(len(f"{name}: {value}\r\n") for name, value in answer.headers.items())
        body = answer.raw.read(decode_content=False)
        packed = answer.headers.get("Content-Encoding") == "gzip"
    return head + len(body), (gzip.decompress(body) if packed else body).decode()


def loads(page: Page) -> set[str]:
    """The addresses of the portal that a page loads by itself."""
    found = {
        attrs.get("src") or (attrs["href"] if attrs.get("rel") == "stylesheet" else "")
        for tag, attrs in page.tags
        if tag in ("link", "script", "img")
    }
    return {address for address in found if address.startswith("/")}


@pytest.fixture(scope="module")
def held(portal: Portal) -> dict[str, str]:
    """The records that pages are of: a request of the examples' State, an offer of their donor, a
    match of two others."""
    request, offer = next(iter(portal.requests.values())), next(iter(portal.offers.values()))
    known = {"request": request, "offer": offer, "match": make_match(portal)}
    with MongoClient[dict[str, object]](portal.stack.plan.ports.mongodb) as client:
        found = records(client, known)
    assert all(found.values())
    return found


@pytest.mark.parametrize("role", ROLES)
def test_a_first_visit_and_a_next_page_are_light(
    portal: Portal, held: dict[str, str], role: str | None
) -> None:
    session = requests.Session()
    session.trust_env = False
    if role is not None:
        session.cookies.set("entraide-session", portal.cookies[role], domain="127.0.0.1", path="/")
    places = navigation(role) if role else PUBLIC_PLACES
    pages = [page.found(held) for page in PAGES if page.role == role]
    addresses = {place.path for place in places} | {page.path for page in pages}
    assert len(addresses) > 1
    weights: dict[str, int] = {}
    for address in sorted(addresses):
        following, text = sent(session, portal.url + address)
        loaded = loads(Page(text))
        assert len(loaded) > 1, f"{address} loads its style and script"
        for one in loaded - weights.keys():
            weights[one] = sent(session, portal.url + one)[0]
        assert following <= NEXT, address
        assert following + sum(weights[one] for one in loaded) <= FIRST, address
