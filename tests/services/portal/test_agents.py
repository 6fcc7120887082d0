"""Browsers are told by name and system; of what calls itself otherwise, what it calls itself."""

import pytest
from flask import Flask

from services.portal.pages.agents import agent_name
from tests.services.portal.browsing import Browser
from tests.services.portal.conftest import PASSWORD

_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_GOOGLE = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0"
NAMED = {
    FIREFOX: "Firefox on Windows",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0": "Firefox on Linux",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_GOOGLE} Safari/537.36": "Chrome on Windows",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_GOOGLE} Safari/537.36 Edg/140.0.0.0": (
        "Microsoft Edge on Windows"
    ),
    f"Mozilla/5.0 (Linux; Android 10; K) {_GOOGLE} Mobile Safari/537.36": "Chrome on Android",
    f"Mozilla/5.0 (Linux; Android 10; K) {_GOOGLE} Mobile Safari/537.36 OPR/90.0.0.0": (
        "Opera on Android"
    ),
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {_GOOGLE} Safari/537.36": "Chrome on ChromeOS",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_APPLE} Version/18.5 Safari/605.1.15": (
        "Safari on macOS"
    ),
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {_APPLE} Version/18.5 Mobile/15E148"
    " Safari/604.1": "Safari on iOS",
    f"Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) {_APPLE} CriOS/140.0 Mobile/15E148"
    " Safari/604.1": "Chrome on iPadOS",
}


@pytest.mark.parametrize("agent", NAMED)
def test_a_browser_is_told_by_its_name_and_system(app: Flask, agent: str) -> None:
    with app.test_request_context("/?language=en"):
        assert agent_name(agent) == NAMED[agent]


@pytest.mark.parametrize("agent", ["", "curl/8.5.0", "Firefox", "Mozilla/5.0 (Windows)", "x" * 200])
def test_what_is_not_known_has_no_name(app: Flask, agent: str) -> None:
    with app.test_request_context("/?language=en"):
        assert agent_name(agent) == ""


@pytest.mark.parametrize(
    ("agent", "language", "told"),
    [
        (FIREFOX, "en", "Firefox on Windows"),
        (FIREFOX, "zh", "Windows 上的 Firefox"),
        ("curl/<b>8.5.0", "en", "curl/<b>8.5.0"),
    ],
)
def test_the_account_tells_where_it_is_used(
    app: Flask, make_account: object, agent: str, language: str, told: str
) -> None:
    account = make_account(state="SEN")  # type: ignore[operator]
    browser = Browser(app, User_Agent=agent)
    browser.open("/sign-in")
    browser.send(email=account.email, password=PASSWORD)
    text = browser.open(f"/account?language={language}").text
    assert told in text
    assert agent in text  # in full, for who wants to know
    assert text.count(agent) == 1
