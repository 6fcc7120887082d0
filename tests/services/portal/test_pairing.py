"""From a request or an offer to what can be joined: all of one theme, on pages."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.house import House
from services.portal.services import Ask, AwayError, Reader, Services
from tests.services.portal.browsing import Browser

THEMES = ("marking", "destruction", "tracing", "stockpile-management")
LINES = [{"theme": theme} for theme in (*THEMES, "marking")]
COUNT = 75
"""So many records there are of each theme."""
RECORD = {"title": "Help", "language": "en", "needs": LINES, "provisions": LINES}

Opens = Callable[[str], Browser]


def listed(service: str, theme: str, number: int) -> dict[str, Any]:
    """A record of a list; every fourth is the reader's own, or no longer to be helped."""
    own = number % 4 == 0
    more = (
        {"organisation": "ours" if own else "theirs"}
        if service == "offers"
        else {"country": "SEN", "status": "closed" if own else "circulated"}
    )
    return {"id": f"{theme}-{number}", "title": f"Of {theme} {number}.", "language": "en", **more}


@pytest.fixture
def away() -> list[str]:
    """Services that are away when lists are asked for."""
    return []


@pytest.fixture
def opens(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    monkeypatch: pytest.MonkeyPatch,
    away: list[str],
) -> Opens:
    """Opens a page as a donor."""

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        if one.path in ("/v1/requests/r1", "/v1/offers/o1"):
            return Answer({**RECORD, "id": one.path.rpartition("/")[2]})
        if one.path not in ("/v1/requests", "/v1/offers") or one.service in away:
            raise AwayError(one.service)
        begin, limit = int(str(one.query.get("cursor") or 0)), one.query["limit"]
        assert isinstance(limit, int)
        end = min(begin + limit, COUNT)
        theme = str(one.query["theme"])
        items = [listed(one.service, theme, number) for number in range(begin, end)]
        return Answer({"items": items, "next": str(end) if end < COUNT else None})

    monkeypatch.setattr(Services, "fetch", fetch)
    browser = Browser(app).enter(house, make_account("donor", organisation="ours"))

    def open_it(path: str) -> Browser:
        browser.open(path)
        return browser

    return open_it


def further(browser: Browser) -> list[str]:
    tags = browser.page.tags
    return [tag["href"] for name, tag in tags if name == "a" and tag.get("rel") == "next"]


def all_joinable(opens: Opens, path: str) -> list[str]:
    """The pairs that pages lead to, page by page."""
    found, left = list[str](), [path]
    while left:
        browser = opens(left[0])
        hrefs = [tag.get("href", "") for name, tag in browser.page.tags if name == "a"]
        found += [one for one in hrefs if one.endswith("/join")]
        left = further(browser)
    return found


@pytest.mark.parametrize("theme", [*THEMES, None])
def test_every_offer_of_each_theme_can_be_joined(opens: Opens, theme: str | None) -> None:
    path = f"/matches/joining?request=r1&language=en{f'&theme={theme}' if theme else ''}"
    wanted = [number for number in range(COUNT) if number % 4]
    pairs = [f"/matches/r1.{theme or THEMES[0]}-{number}/join" for number in wanted]
    assert all_joinable(opens, path) == pairs


def test_every_request_that_an_offer_may_help_is_come_to(opens: Opens) -> None:
    wanted = [number for number in range(COUNT) if number % 4]
    pairs = [f"/matches/tracing-{number}.o1/join" for number in wanted]
    assert all_joinable(opens, "/matches/joining?offer=o1&theme=tracing&language=en") == pairs


def test_the_page_leads_to_each_theme_from_its_beginning(opens: Opens) -> None:
    browser = opens("/matches/joining?request=r1&language=en")
    browser.open(further(browser)[0])
    current = [tag["href"] for _, tag in browser.page.tags if tag.get("aria-current") == "page"]
    assert any("theme=marking" in one for one in current)
    for theme in THEMES:
        ways = [tag["href"] for _, tag in browser.page.tags if f"&theme={theme}" in str(tag)]
        assert [one for one in ways if "cursor" not in one], theme


def test_an_unknown_theme_is_passed_over(opens: Opens) -> None:
    assert "Of marking 1." in opens("/matches/joining?request=r1&theme=x&language=en").page.text


def test_a_register_that_is_away_is_told(opens: Opens, away: list[str]) -> None:
    away.append("offers")
    text = opens("/matches/joining?request=r1&language=en").page.text
    assert "Which offer? cannot be shown just now." in text
    assert "There is nothing of the same theme" not in text
