"""Pages while one service is away: each shows what it has and says which part is missing.

A portal of the tests' own looks at the running stack; the service that is away is one that it has
another address of, where nobody answers.
"""

from collections.abc import Callable, Iterator

import mongoengine
import pytest

from deploy.local.programs import portal_environment
from services.portal.app import create_app
from tests.pages.running import Portal
from tests.services.portal.browsing import Browser

pytestmark = pytest.mark.journey

NOBODY = "http://127.0.0.1:9"
NAMES = {
    "requests": "The register of requests cannot be reached just now.",
    "offers": "The register of offers cannot be reached just now.",
    "matcher": "The matcher cannot be reached just now.",
}
Without = Callable[..., Browser]


@pytest.fixture
def without(portal: Portal) -> Iterator[Without]:
    """Makes browsers: without("requester", "matcher") reads with the matcher away."""

    def browse(role: str, *services: str) -> Browser:
        mongoengine.disconnect()
        away = {f"ENTRAIDE_URL_{service.upper()}": NOBODY for service in services}
        app = create_app(environ={**portal_environment(portal.stack.plan), **away})
        browser = Browser(app)
        browser.client.set_cookie("entraide-session", portal.cookies[role])
        return browser

    yield browse
    mongoengine.disconnect()


def test_offers_that_fit_are_missing_alone(portal: Portal, without: Without) -> None:
    browser, request = without("requester", "matcher"), portal.requests["E-R01"]
    title = portal.api("requester").get("requests", f"/v1/requests/{request}").body["title"]
    for page in ("", "/offers"):
        text = browser.open(f"/requests/{request}{page}").text
        assert (browser.status, title in text) == (200, True), page
        assert "Offers that fit cannot be shown just now. The rest of this page works." in text
        assert "No offer fits so far" not in text


def test_requests_that_fit_say_what_is_missing(without: Without) -> None:
    browser = without("donor", "matcher")
    text = browser.open("/fitting-requests").text
    assert browser.status == 200
    assert "The list of requests cannot be shown just now. The rest of this page works." in text
    assert "Nothing so far" not in text
    for service in ("requests", "offers"):
        browser = without("donor", service)
        page = browser.open("/fitting-requests")
        assert (browser.status, NAMES[service] in page.text) == (200, True), service
        assert any(attrs.get("href", "").startswith("/matches/") for _, attrs in page.tags)
        assert "You have no published offer" not in page.text
    page = browser.open("/fitting-requests?offer=nobody")
    assert "No request fits this choice." in page.text
    assert {"offer": "nobody"}.items() <= page.forms[-1].values.items()


@pytest.mark.parametrize("path", ["/allocation", "/alliances", "/embargoes", "/models"])
def test_a_page_that_needs_what_is_away_names_it(without: Without, path: str) -> None:
    browser = without("coordinator", "matcher")
    page = browser.open(path)
    assert browser.status == 503
    assert NAMES["matcher"] in page.text
    assert "Pages that do without it work meanwhile." in page.text


@pytest.mark.parametrize("service", ["requests", "offers"])
def test_a_proposal_shows_the_side_that_is_there(
    portal: Portal, without: Without, service: str
) -> None:
    browser = without("coordinator", service)
    proposals = portal.api("coordinator").get(
        "matcher", "/v1/proposals", status="proposed", limit=1
    )
    page = browser.open(f"/proposals/{proposals.body['items'][0]['id']}")
    assert browser.status == 200
    assert page.text.count("cannot be shown just now. The rest of this page works.") == 1
    assert "this cannot be endorsed" in page.text


@pytest.mark.parametrize(
    ("kind", "service"),
    [("duplicates", "requests"), ("coverage", "requests"), ("coverage", "offers")],
)
def test_a_case_shows_what_is_there_and_names_its_own_keeper(
    portal: Portal, without: Without, kind: str, service: str
) -> None:
    cases = portal.api("coordinator").items("matcher", f"/v1/{kind}")
    case = next(one for one in cases if one.get("side", "request") == "request")
    address = f"/{kind}/{case['id']}"
    browser = without("coordinator", service)
    page = browser.open(address)
    assert browser.status == 200
    assert "cannot be shown just now. The rest of this page works." in page.text
    browser = without("coordinator", "matcher")
    page = browser.open(address)
    assert (browser.status, NAMES["matcher"] in page.text) == (503, True)


@pytest.mark.parametrize(
    ("role", "path", "service"),
    [
        ("requester", "/requests/E-R01", "requests"),
        ("donor", "/offers/E-O01", "offers"),
        ("donor", "/offers/E-O01/edit/words", "offers"),
        ("requester", "/contacts", "requests"),
        ("donor", "/contacts", "offers"),
    ],
)
def test_a_record_whose_register_is_away_names_the_register(
    without: Without, role: str, path: str, service: str
) -> None:
    browser = without(role, service)
    page = browser.open(path)
    assert (browser.status, NAMES[service] in page.text) == (503, True)
