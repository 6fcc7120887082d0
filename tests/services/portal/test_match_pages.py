"""Pages of matches while the services are away: what is missing is said, nothing typed is lost."""

from collections.abc import Callable

import pytest

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.services import Ask, Reader, Services
from tests.services.portal.browsing import Browser
from tests.services.portal.conftest import forget_attempts

SignIn = Callable[[Account], Browser]
TYPED = 'We agree, "gladly" <script>alert(1)</script>'
PAGE = "/matches/r.o"


@pytest.fixture
def browser(app: object, signed_in: SignIn, make_account: Callable[..., Account]) -> Browser:
    """A requester's."""
    assert app is not None
    forget_attempts()
    return signed_in(make_account(state="SEN"))


def test_a_list_that_is_away_is_said_to_be(browser: Browser) -> None:
    page = browser.open("/matches")
    assert browser.status == 200
    assert "The list of matches cannot be shown just now." in page.text
    assert "Nothing waits for you." not in page.text


@pytest.mark.parametrize(
    ("next_", "query", "is_told"),
    [(None, "", True), ("more", "", False), (None, "&cursor=x", False)],
)
def test_that_nobody_offers_to_join_is_told_where_it_is_so(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, next_: str | None, query: str, is_told: bool
) -> None:
    """A page may be empty and have others after it: what a reader may not know of is left out."""

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        assert one.path == "/v1/joinings"
        return Answer({"items": [], "next": next_})

    monkeypatch.setattr(Services, "fetch", fetch)
    page = browser.open(f"/matches?joins=1{query}")
    assert browser.status == 200
    assert ("Nobody offers to join." in page.text) == is_told
    followed = [tag["href"] for name, tag in page.tags if name == "a" and tag.get("rel") == "next"]
    assert bool(followed) == (next_ is not None)


def test_offers_to_join_that_are_away_are_said_to_be(browser: Browser) -> None:
    page = browser.open("/matches?joins=1")
    assert browser.status == 200
    assert "The list of offers to join cannot be shown just now." in page.text


@pytest.mark.parametrize("path", ["do/agree", "messages"])
def test_what_was_sent_to_a_service_that_is_away_can_be_sent_again(
    browser: Browser, path: str
) -> None:
    sent = {"text": TYPED, "reason": TYPED, "accepts": ["a", "b"], "key": "k", "version": '"1.2"'}
    answer = browser.client.post(f"{PAGE}/{path}", data={**sent, "csrf_token": "old"})
    assert answer.status_code == 503
    assert TYPED not in answer.text  # it stands there as text, not as markup
    assert answer.text.count("We agree, &#34;gladly&#34; &lt;script&gt;") == 4
    assert answer.text.count('name="accepts"') == 2
    assert 'name="version">\n&#34;1.2&#34;</textarea>' in answer.text
    assert 'name="key">\nk</textarea>' in answer.text
    assert ">\nold</textarea>" not in answer.text


def test_where_forms_are_sent_leads_back_to_the_page(browser: Browser) -> None:
    for path in ("do/agree", "messages", "files", "messages/1/strike", "joinings/x/answer"):
        answer = browser.client.get(f"{PAGE}/{path}?language=fr")
        assert answer.status_code == 303
        assert answer.headers["Location"].partition("#")[0] == PAGE


@pytest.mark.parametrize("id_", ["..", "r.o%3Fx=1", "r.o%23", "%2e%2e", "r%0a", "r%20o", "%C2%AB"])
def test_an_address_that_would_lead_elsewhere_in_an_api_is_no_page(
    browser: Browser, id_: str
) -> None:
    for path in (f"/matches/{id_}", f"/matches/r.o/files/{id_}", f"/commitments/{id_}"):
        assert browser.client.get(path).status_code == 404


def test_what_waits_beyond_a_page_has_pages_of_its_own(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {
        "request": "r",
        "offer": "o",
        "country": "SEN",
        "organisation": "d",
        "status": "agreed",
        "answer_by": None,
        "updated_at": "2026-11-01T00:00:00Z",
        "waits": ["commit"],
        "serves": [],
        "asks_at": None,
        "shows_request": True,
        "version": "1.1",
    }

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        if one.path != "/v1/matches":
            return Answer({"items": [], "next": None})
        query = one.query or {}
        if not query.get("waiting"):
            return Answer({"items": [], "next": None})
        at = "second" if query.get("cursor") else "first"
        return Answer(
            {"items": [{**row, "id": f"r.{at}"}], "next": None if at == "second" else "c/1"}
        )

    monkeypatch.setattr(Services, "fetch", fetch)
    page = browser.open("/matches")
    links = [tag["href"] for name, tag in page.tags if name == "a" and "href" in tag]
    (further,) = (link for link in links if "waits=1" in link)
    assert further == "/matches?waits=1&cursor=c/1"
    assert "/matches/r.first" in links
    page = browser.open(further)
    links = [tag["href"] for name, tag in page.tags if name == "a" and "href" in tag]
    assert "/matches/r.second" in links
    assert "/matches?waits=1" in links  # from the beginning
    assert "/matches/r.first" not in links


def test_where_what_waits_is_away_its_own_page_says_so(browser: Browser) -> None:
    page = browser.open("/matches?waits=1")
    assert browser.status in {200, 503}
    assert "Nothing waits for you." not in page.text
