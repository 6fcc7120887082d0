"""The names of countries and areas in six languages, with their forms, as one tree.

They come from the vocabulary (the United Nations' names), Babel (CLDR's) and pycountry; what
people say besides stands in places.json.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import takewhile
from typing import Any

import pycountry

from shared.language import russian
from shared.language.lexemes import fold, words_of
from shared.language.phrases import Phrases
from shared.vocabulary import LANGUAGES
from shared.vocabulary.countries import AREAS, Country, all_countries, country_name
from shared.vocabulary.languages import locale

ELSEWHERE = "-"
"""The code of a phrase that holds a country's name and names no country."""

_INFLECTED = 3


@cache
def place_names() -> Phrases:
    """All names; what is planted first stays where two places have the same name."""
    phrases = Phrases(between="-'.,&()（）")
    for name in _data()["elsewhere"].split("|"):
        phrases.plant(_forms(name), ELSEWHERE)
    for alpha3, name in _country_names():
        phrases.plant(_forms(name), alpha3)
    for area in AREAS:
        others = _data()["names"].get(area.code, "").split("|")
        for name in filter(words_of, (*area.labels.values(), *others)):
            phrases.plant(_forms(name), area.code)
    return phrases


@cache
def acronyms() -> Mapping[str, str]:
    """The countries that are called by an acronym, by its folded letters."""
    table: dict[str, str] = _data()["acronyms"]
    return {fold(name): code for code, names in table.items() for name in names.split("|")}


@cache
def ambiguous() -> tuple[frozenset[str], frozenset[str]]:
    """Folded names that are other words too: always, and at the start of a sentence."""
    data = _data()
    always, at_start = (data[key].split("|") for key in ("ambiguous", "at_start"))
    return frozenset(map(fold, always)), frozenset(map(fold, at_start))


@cache
def context() -> frozenset[str]:
    """Folded words after which an ambiguous name is a place's."""
    return frozenset(map(fold, _data()["context"].split("|")))


def _country_names() -> Iterator[tuple[str, str]]:
    countries = all_countries()
    for source in (_official, _spoken, _short):
        for country in countries:
            yield from ((country.alpha3, name) for name in source(country) if words_of(name))


def _official(country: Country) -> Iterator[str]:
    yield from (country_name(country.alpha3, language) for language in LANGUAGES)


def _spoken(country: Country) -> Iterator[str]:
    yield from _data()["names"].get(country.alpha3, "").split("|")
    yield from (locale(language).territories.get(country.alpha2, "") for language in LANGUAGES)
    entry = pycountry.countries.get(alpha_3=country.alpha3)
    for key in ("common_name", "name", "official_name"):
        name = str(getattr(entry, key, ""))
        # 'Congo, The Democratic Republic of the' would name another country without its comma.
        if "," not in name:
            yield name


def _short(country: Country) -> Iterator[str]:
    """What stands before a bracket: 'Bolivia (Plurinational State of)'."""
    for name in (*_official(country), *_spoken(country)):
        yield "".join(takewhile(lambda sign: sign not in "(（", name))


def _forms(name: str) -> list[Iterable[str]]:
    """A name's words; the first Russian ones with their endings."""
    words = words_of(name)
    return [
        russian.forms(word) if "а" <= word[0] <= "я" and place < _INFLECTED else {word}
        for place, word in enumerate(words)
    ]


@cache
def _data() -> Mapping[str, Any]:
    source = files("shared.language") / "data" / "places.json"
    data: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return data
