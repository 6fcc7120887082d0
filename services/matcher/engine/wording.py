"""Sentences and the words in them: numbers, lists and names as the reader's language has them."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_percent

from shared.language.concepts import thesaurus
from shared.vocabulary.counts import number_text, plural, quantity_text
from shared.vocabulary.errors import UnknownCode
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.languages import locale
from shared.vocabulary.terms import Term, Vocabulary
from shared.vocabulary.themes import THEMES
from shared.vocabulary.units import UNITS

DOLLARS = "USD"
"""Stands for a unit where money is counted: amounts in the engine are in US dollars."""

_COMMAS = {"ar": "، ", "zh": "、"}
_COLONS = {"fr": " : ", "zh": "："}
# The United Nations write the day before the month in English too.
_DATES = {"en": "d MMMM y"}
_LATIN = re.compile(r"[A-Za-z]")
_ISOLATED = "\u2068{}\u2069"


def filled(template: Mapping[str, str], language: str, facts: Mapping[str, str]) -> str:
    """The template's sentence in a language with its places filled."""
    return template[language].format_map(facts)


@cache
def sentences() -> Mapping[str, Mapping[str, Any]]:
    """The templates of `data/sentences.json`, by group."""
    source = files("services.matcher.engine") / "data" / "sentences.json"
    found: dict[str, dict[str, Any]] = json.loads(source.read_text(encoding="utf-8"))
    return found


@lru_cache(maxsize=1024)
def percent_text(value: float, language: str) -> str:
    """A part of one in per cent; what is not all of it is never told as all, nor as nothing."""
    shown = round(value, 2)
    if 0.0 < value < 1.0:
        shown = min(max(shown, 0.01), 0.99)
    return str(format_percent(shown, locale=locale(language)))


@lru_cache(maxsize=4096)
def date_text(day: date, language: str) -> str:
    """A day, written out."""
    text = str(format_date(day, _DATES.get(language, "long"), locale=locale(language)))
    return f"1er{text[1:]}" if language == "fr" and day.day == 1 else text


def span_text(first: date, last: date, language: str) -> str:
    """How long after `first` it is `last`: in months where they are whole ones, else in days."""
    months = (last.year - first.year) * 12 + last.month - first.month
    if months > 0 and first.day == last.day:
        return _counted("months", months, language)
    return _counted("days", (last - first).days, language)


def span_of_ends_text(first: date, last: date, language: str) -> str:
    """How long after the end of the day `first` the day `last` ends."""
    a_day = timedelta(days=1)
    return span_text(first + a_day, last + a_day, language)


def part_texts(given: float, needed: float, unit: str, language: str) -> tuple[str, str]:
    """Both parts of 'given of needed', the latter with its unit; a unit may be DOLLARS."""
    counted = amount_text(needed, unit, language)
    # Chinese has its measure word after either number.
    own = amount_text(given, unit, language) if language == "zh" else number_text(given, language)
    return own, counted


def amount_text(number: float, unit: str, language: str) -> str:
    """So many of a unit, in the case that 'of' asks for; a unit may be a currency or DOLLARS."""
    if unit == DOLLARS:
        return _counted("dollars", number, language)
    if unit in UNITS:
        return quantity_text(number, unit, language)
    return f"{number_text(number, language)} {_isolated(unit) if language == 'ar' else unit}"


def list_text(names: Iterable[str], language: str) -> str:
    """Names one after the other, Latin ones kept apart from the Arabic around them."""
    return _COMMAS.get(language, ", ").join(_kept_apart(names, language))


def all_text(names: Iterable[str], language: str) -> str:
    """The same of names that are all, "and" before the last: for the midst of a sentence."""
    return str(format_list(_kept_apart(names, language), locale=locale(language)))


def _kept_apart(names: Iterable[str], language: str) -> list[str]:
    return list(names) if language != "ar" else [_isolated(name) for name in names]


def concepts_text(concepts: Sequence[str], most: int, language: str) -> str:
    """The names of the first concepts; those that the thesaurus does not have are left out."""
    known = (thesaurus().get(concept) for concept in concepts)
    names = [concept.label(language) for concept in known if concept is not None]
    return list_text(names[:most], language)


def theme_text(theme: str, language: str) -> str:
    """A theme's name, or its code if this vocabulary does not have it."""
    return _label(THEMES, theme, language)


def kind_text(kind: str, language: str) -> str:
    """A kind's name, or its code if this vocabulary does not have it."""
    return _label(KINDS, kind, language)


def theme_and_kind_text(theme: str, kind: str, language: str) -> str:
    """What a line is about."""
    colon = _COLONS.get(language, ": ")
    return f"{theme_text(theme, language)}{colon}{kind_text(kind, language)}"


def _label(vocabulary: Vocabulary[Any], code: str, language: str) -> str:
    term: Term
    try:
        term = vocabulary.get(code)
    except UnknownCode:
        return _isolated(code) if language == "ar" else code
    return term.labels[language]


def states_text(number: int, language: str) -> str:
    """So many States, as after 'by'."""
    return _counted("states", number, language)


def _counted(what: str, number: float, language: str) -> str:
    forms: Mapping[str, str] = sentences()["counts"][what][language]
    form = forms.get(plural(number, language), forms["other"])
    return form.format(n=number_text(number, language))


def _isolated(text: str) -> str:
    return _ISOLATED.format(text) if _LATIN.search(text) else text
