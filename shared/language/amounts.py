"""Amounts of money: '90,000 US dollars', '1,5 million d'euros', '25 万美元', 'USD 40k'."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from shared.language.lexemes import Lexeme, Lexemes, glued, lexemes
from shared.language.numbers import Number, numbers_in
from shared.language.phrases import Phrases
from shared.vocabulary.currencies import all_currencies
from shared.vocabulary.currency_names import names_of_currencies

_NAMED, _LIKELY, _ACRONYM = 0.95, 0.65, 0.4
_BETWEEN = "-.'"
_MOST_FILLERS = 2
_CENTS = 100
_LARGEST = 10.0**13


@dataclass(frozen=True)
class Amount:
    """Money: `cents` are hundredths of the currency's major unit, `currency` is of ISO 4217."""

    cents: int
    currency: str
    start: int
    end: int
    probability: float


class _Found(NamedTuple):
    currency: str
    probability: float
    start: int
    after: int


def find_amounts(text: str, language: str) -> tuple[Amount, ...]:
    """The amounts of money in a text, in its order, each with its currency.

    `language`, one of the six, decides on 1.500 and 1,500. A bare dollar is the United States', a
    CFA franc West Africa's, as currency_names.tsv says, both at a lower probability. Offsets are
    characters; any text is taken.
    """
    read = lexemes(text)
    return amounts_in(read, numbers_in(read, language))


def amounts_in(read: Lexemes, numbers: Sequence[Number]) -> tuple[Amount, ...]:
    """The amounts among the lexemes of a text, whose numbers are known."""
    return tuple(_walk(read, numbers))


def _walk(read: Lexemes, numbers: Sequence[Number]) -> Iterator[Amount]:
    least = 0
    for number in numbers:
        if number.first < least:
            continue
        value, after = _with_suffix(read, number)
        # 'EUR 15k per …, 20 US dollars': what follows is nearer than what another number may own.
        found = _before(read, number.first, least) or _after(read, after)
        if found is None and after > number.after:
            value, after = number.value, number.after
            found = _after(read, after)
        if found is None or not 0 < value < _LARGEST:
            continue
        first, least = min(found.start, number.first), max(found.after, after)
        probability = round(found.probability * min(1.0, number.probability + 0.05), 2)
        start, end = read[first].start, read[least - 1].end
        yield Amount(round(value * _CENTS), found.currency, start, end, probability)


def _with_suffix(read: Lexemes, number: Number) -> tuple[float, int]:
    """The number's value with the letter that may multiply it: '2.4m', '3bn', 'M€'."""
    if number.after >= len(read):
        return number.value, number.after
    following = read[number.after]
    factor = _data()["suffixes"].get(following.text)
    if factor is None or number.value >= _LARGEST:
        return number.value, number.after
    near = glued(read[number.after - 1], following) or following.upper
    return (number.value * factor, number.after + 1) if near else (number.value, number.after)


def _before(read: Lexemes, place: int, least: int) -> _Found | None:
    """A currency right before a number: 'USD 40k', 'US$ 5', '€3', '$2.4 million'."""
    for length in (2, 1):
        start = place - length
        if start < least:
            continue
        named = _named(read, start)
        if named is not None and named.after == place and _may_lead(read[start:place]):
            return named
    return _code(read, place - 1) if place > least else None


def _may_lead(written: Sequence[Lexeme]) -> bool:
    """Whether a currency's sign or name may stand before its number; words do in Chinese only."""
    return any(lexeme.kind in ("mark", "han") for lexeme in written) or written[-1].upper


def _after(read: Lexemes, place: int) -> _Found | None:
    skipped = 0
    while place < len(read) and skipped < _MOST_FILLERS:
        lexeme = read[place]
        if lexeme.text not in _fillers() and lexeme.text not in ".'":
            break
        place += 1
        skipped += lexeme.text not in ".'"
    if place >= len(read) or read[place].text in (".", "'"):
        return None
    return _named(read, place) or _code(read, place)


def _named(read: Lexemes, place: int) -> _Found | None:
    sure, likely = _names()
    found, probability = sure.longest(read, place), _NAMED
    perhaps = likely.longest(read, place)
    if perhaps is not None and (found is None or perhaps.after > found.after):
        found, probability = perhaps, _LIKELY
    return found and _Found(found.code, probability, place, found.after)


def _code(read: Lexemes, place: int) -> _Found | None:
    """A code of ISO 4217 in capitals."""
    if place >= len(read):
        return None
    lexeme = read[place]
    code = lexeme.text.upper()
    if lexeme.kind != "word" or not lexeme.upper or code not in all_currencies():
        return None
    acronyms = _data()["acronyms"].split("|")
    return _Found(code, _ACRONYM if code in acronyms else _NAMED, place, place + 1)


@cache
def _names() -> tuple[Phrases, Phrases]:
    """The names that are one currency's, and those that are likely one's."""
    sure, likely = Phrases(_BETWEEN), Phrases(_BETWEEN)
    homonyms = set(_data()["homonyms"].split("|"))
    for called in names_of_currencies().values():
        phrases, code = (sure, called.codes[0]) if called.sure else (likely, called.likely)
        if code is not None:
            for spelling in sorted(called.spellings - homonyms):
                words = (one.text for one in lexemes(spelling) if one.text not in _BETWEEN)
                phrases.plant([{word} for word in words], code)
    return sure, likely


@cache
def _fillers() -> frozenset[str]:
    return frozenset(_data()["fillers"].split("|"))


@cache
def _data() -> Mapping[str, Any]:
    source = files("shared.language") / "data" / "amounts.json"
    data: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return data
