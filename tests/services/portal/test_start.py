"""The portal's start page and its settings."""

import base64
import gzip
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from services.portal.addresses import addresses
from services.portal.app import create_app
from shared.settings import Settings, SettingsError
from shared.vocabulary import LANGUAGES

ENVIRON = {
    "ENTRAIDE_PORTAL_KEY": base64.b64encode(b"a key that only the tests use...").decode(),
    "ENTRAIDE_PUBLIC_URL_PORTAL": "https://entraide.example",
    "ENTRAIDE_URL_REQUESTS": "http://127.0.0.1:9/",
    "ENTRAIDE_URL_OFFERS": "http://127.0.0.1:9",
    "ENTRAIDE_PUBLIC_URL_OFFERS": "https://offers.example",
    "ENTRAIDE_URL_MATCHER": "http://127.0.0.1:9",
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


@pytest.fixture
def client(make_settings: Callable[[str], Settings]) -> FlaskClient:
    """A browser before a portal whose services are away."""
    return create_app(make_settings("portal"), ENVIRON).test_client()


def test_start_page_leads_everywhere_though_the_services_are_away(client: FlaskClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    links = Links(answer.text)
    assert {
        *("/sign-in", "/public/requests", "/public/offers", "/public/figures", "/public/map"),
        *("http://127.0.0.1:9/docs", "https://offers.example/docs"),
    } <= set(links.targets)
    assert {"main", "h1", "h2", "title"} <= set(links.tags)
    assert "cannot be shown just now" in answer.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_that_was_chosen_is_kept(client: FlaskClient, language: str) -> None:
    chosen = client.get("/", query_string={"language": language})
    kept = client.get("/public/figures")
    for answer in (chosen, kept):
        assert f'<html lang="{language}"' in answer.text
        assert answer.headers["Content-Language"] == language
    # What sets a cookie is for nobody else; what is kept by its language is told apart by it.
    assert chosen.headers["Cache-Control"] == "no-store"
    assert {"Accept-Language", "Cookie"} <= set(kept.headers["Vary"].replace(" ", "").split(","))


def test_languages_keep_the_filters_of_the_address(client: FlaskClient) -> None:
    page = client.get("/public/requests?theme=marking&q=a%26b").text
    assert "/public/requests?theme=marking&amp;q=a%26b&amp;language=fr" in page


def test_a_page_for_everybody_is_sent_once(client: FlaskClient) -> None:
    first = client.get("/public/requests", headers={"Accept-Language": "fr"})
    assert first.headers["Cache-Control"] == "public, max-age=60"
    tag = {"If-None-Match": first.headers["ETag"], "Accept-Language": "fr"}
    again = client.get("/public/requests", headers=tag)
    assert (again.status_code, again.data) == (304, b"")


def test_pages_go_out_compressed_to_who_takes_that(client: FlaskClient) -> None:
    plain = client.get("/public/requests")
    packed = client.get("/public/requests", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    tag = {"If-None-Match": packed.headers["ETag"], "Accept-Encoding": "gzip"}
    assert client.get("/public/requests", headers=tag).status_code == 304


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
