"""Where there is none of something, the word for it agrees with what that is."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, render_template_string

from entraide.client import Answer
from services.portal.catalogues import read_catalogue
from services.portal.documents import Account
from services.portal.house import House
from services.portal.pages.administration import operations
from services.portal.services import Ask, Reader, Services
from tests.services.portal.browsing import Browser

ENTRY = dict.fromkeys(("from", "to", "stated_on", "review_by"))
FACTS = '{% from "administration/parts.html" import facts %}{{ facts(one) }}'


@pytest.mark.parametrize(("language", "said"), [("fr", "aucun"), ("es", "ninguno")])
def test_no_events_wait(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    said: str,
) -> None:
    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        return Answer({"checks": {}} if one.path == "/readyz" else {"outbox": []})

    monkeypatch.setattr(Services, "fetch", fetch)
    monkeypatch.setattr(operations, "_or_none", lambda _: None)  # no broker is asked
    browser = Browser(app).enter(house, make_account("operator"))
    browser.open(f"/operations?language={language}")
    assert browser.status == 200
    words = browser.page.text.split()
    assert (words.count(said), words.count(f"{said[:-1]}a"), words.count(f"{said}e")) == (3, 0, 0)


@pytest.mark.parametrize(("language", "said"), [("fr", "aucune"), ("es", "ninguna")])
def test_no_kind_of_help_is_allowed(app: Flask, language: str, said: str) -> None:
    one: dict[str, Any] = {**ENTRY, "allowed": [], "source": "Made up"}
    with app.test_request_context(f"/?language={language}"):
        assert f"<dd>{said}</dd>" in render_template_string(FACTS, one=one)


@pytest.mark.parametrize(
    ("language", "needs", "donors"), [("fr", "Aucun.", "Aucun."), ("es", "Ninguna.", "Ninguno.")]
)
def test_nothing_changes_if(language: str, needs: str, donors: str) -> None:
    catalogue = read_catalogue(language, "allocation")
    told = [catalogue.get("None.", context) for context in ("needs", "donors")]
    assert [one and one.string for one in told] == [needs, donors]
