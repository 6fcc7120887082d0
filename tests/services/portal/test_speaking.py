"""Flask-Babel's texts and what it notes of a request, found at once."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace

import flask_babel
import pytest
from babel.support import NullTranslations
from flask import Flask, g
from flask_babel import force_locale, get_locale, gettext, pgettext

from services.portal.catalogues import TRANSLATED
from services.portal.pages.speaking import Texts, find_reader_at_once

TEXT = "This page does not exist"
Speaking = Callable[[str], Flask]


@pytest.fixture(scope="module")
def texts() -> Texts:
    return Texts()


@pytest.fixture
def catalogues(texts: Texts) -> Mapping[str, NullTranslations]:
    return texts._catalogues


@pytest.fixture
def speaking(texts: Texts) -> Speaking:
    """An app whose readers read a language."""

    def make(language: str) -> Flask:
        app = Flask(__name__)
        babel = flask_babel.Babel(app, locale_selector=lambda: language)
        babel.domain_instance = texts
        find_reader_at_once()
        return app

    return make


def test_flask_babel_still_notes_what_it_knows_where_it_is_looked_for(speaking: Speaking) -> None:
    found = flask_babel.__dict__["_get_current_context"]
    with speaking("fr").test_request_context():
        assert str(get_locale()) == "fr"
        assert g._flask_babel is found()
        assert isinstance(found(), SimpleNamespace)


def test_each_language_has_its_texts_and_the_source_its_own(
    speaking: Speaking, catalogues: Mapping[str, NullTranslations]
) -> None:
    for language in TRANSLATED:
        with speaking(language).test_request_context():
            assert gettext(TEXT) == catalogues[language].gettext(TEXT) != TEXT
    with speaking("en").test_request_context():
        assert gettext(TEXT) == TEXT
        assert pgettext("nowhere", TEXT) == TEXT


def test_another_language_may_be_spoken_for_a_while(
    speaking: Speaking, catalogues: Mapping[str, NullTranslations]
) -> None:
    with speaking("fr").test_request_context():
        before = gettext(TEXT)
        with force_locale("es"):
            assert gettext(TEXT) == catalogues["es"].gettext(TEXT)
        assert gettext(TEXT) == before


def test_outside_of_a_request_the_source_is_spoken(speaking: Speaking) -> None:
    speaking("fr")
    assert gettext(TEXT) == TEXT
    assert get_locale() is None
