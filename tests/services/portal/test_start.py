"""The portal's start page and its settings."""

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from services.portal.addresses import addresses
from services.portal.app import create_app
from shared.settings import Settings, SettingsError

ENVIRON = {
    "ENTRAIDE_PORTAL_KEY": base64.b64encode(b"a key that only the tests use...").decode(),
    "ENTRAIDE_PUBLIC_URL_PORTAL": "https://entraide.example",
    "ENTRAIDE_URL_REQUESTS": "http://127.0.0.1:8101/",
    "ENTRAIDE_URL_OFFERS": "http://offers:8000",
    "ENTRAIDE_PUBLIC_URL_OFFERS": "https://offers.example",
    "ENTRAIDE_URL_MATCHER": "http://127.0.0.1:8103",
}


class Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.targets: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "a":
            self.targets.append(dict(attrs)["href"] or "")


def test_start_page_links_every_api_where_a_browser_finds_it(
    make_settings: Callable[[str], Settings],
) -> None:
    client = create_app(make_settings("portal"), ENVIRON).test_client()
    answer = client.get("/")
    assert answer.status_code == 200
    links = Links(answer.text)
    assert links.targets == [
        "/sign-in",
        "http://127.0.0.1:8101/docs",
        "https://offers.example/docs",
        "http://127.0.0.1:8103/docs",
    ]
    assert "script" not in links.tags
    assert {"main", "h1", "h2", "title"} <= set(links.tags)


def test_the_policy_allows_exactly_the_pages_own_style(
    make_settings: Callable[[str], Settings],
) -> None:
    answer = create_app(make_settings("portal"), ENVIRON).test_client().get("/")
    style = re.search(r"<style>(.*)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]


def test_is_ready_with_broker_and_database(make_settings: Callable[[str], Settings]) -> None:
    client = create_app(make_settings("portal"), ENVIRON).test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ENTRAIDE_URL_MATCHER": ""}, "set ENTRAIDE_URL_MATCHER"),
        ({"ENTRAIDE_URL_OFFERS": "offers:8000"}, "ENTRAIDE_URL_OFFERS must begin with http"),
        ({"ENTRAIDE_PUBLIC_URL_OFFERS": "javascript:1"}, "ENTRAIDE_PUBLIC_URL_OFFERS must begin"),
    ],
)
def test_a_wrong_address_is_named(change: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        addresses(ENVIRON | change)
