"""Pages of matches while the services are away: what is missing is said, nothing typed is lost."""

from collections.abc import Callable

import pytest

from services.portal.documents import Account
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
