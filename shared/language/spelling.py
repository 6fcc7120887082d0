"""Numbers in words: 'twenty-four', 'quatre-vingt-dix', 'двенадцать', 'خمسة وعشرون', '二十四'."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from shared.language.lexemes import Lexeme, Lexemes, glued, words_of

_CLITICS = ("و", "ب", "ل", "ك", "ف", "وب", "ول")
_LARGEST = 10.0**12
_BELOW_EIGHTY = (60, 80)
"""French counts on after these up to nineteen."""


class Spelled(NamedTuple):
    """The value of a run of number words and the place of the first lexeme after it.

    The value is None for Chinese digits one by one: a year, a telephone number.
    """

    value: float | None
    after: int


class Multiplier(NamedTuple):
    """What a number in digits is multiplied by, and the place of the first lexeme after it."""

    value: float
    after: int


@dataclass(frozen=True)
class _Language:
    adds: Mapping[tuple[str, ...], float]
    times: Mapping[tuple[str, ...], float]
    joins: frozenset[str]
    articles: frozenset[str]
    longest: int


class _Part(NamedTuple):
    value: float
    multiplies: bool
    after: int


@cache
def number_words(name: str) -> frozenset[tuple[str, ...]]:
    """All languages' forms of an entry of numbers.json, as folded words."""
    return frozenset(
        words_of(form) for entry in data().values() for form in entry[name].split("|") if form
    )


@cache
def data() -> Mapping[str, Mapping[str, Any]]:
    """The tables of numbers.json by language."""
    source = files("shared.language") / "data" / "numbers.json"
    tables: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return {name: table for name, table in tables.items() if name != "provenance"}


def language_of(lexeme: Lexeme, language: str) -> str:
    """The language in which a lexeme is read: its script's, or for Latin letters the text's."""
    sign = lexeme.text[0]
    if lexeme.kind == "han":
        return "zh"
    if "\u0600" <= sign <= "\u077f":
        return "ar"
    if "\u0400" <= sign <= "\u04ff":
        return "ru"
    return language if language in ("es", "fr") else "en"


def spelled(read: Lexemes, place: int, language: str) -> Spelled | None:
    """The number whose words begin at a place, of the six languages' words; None for none."""
    first = read[place]
    if first.kind == "han":
        return _chinese(read, place)
    if first.kind != "word":
        return None
    return _composed(read, place, language_of(first, language))


def times(read: Lexemes, place: int, language: str) -> Multiplier | None:
    """The multiplier after a number in digits: 'million', 'тыс.', 'ألف', '万'; None for none."""
    value, at = 1.0, place
    while at < len(read) and at - place < 3 and value < _LARGEST:
        name = language_of(read[at], language)
        part = _part(read, at, name)
        if part is None or not part.multiplies or (name == "zh" and read[at].spaced and at > place):
            break
        value, at = value * part.value, part.after
        if name != "zh":
            break
    return Multiplier(value, at) if at > place else None


def is_article(lexeme: Lexeme, language: str) -> bool:
    """Whether a word for one is as often an article."""
    return lexeme.text in _language(language_of(lexeme, language)).articles


def russian_number(word: str) -> float | None:
    """The value of one Russian number word in any case; None for any other word."""
    return _language("ru").adds.get((word,))


def _composed(read: Lexemes, place: int, name: str) -> Spelled | None:
    total, current, at = 0.0, 0.0, place
    least = _LARGEST
    before: _Part | None = None
    while at < len(read):
        start = at if before is None else _after_join(read, at, name)
        part = _part(read, start, name, anew=before is None)
        if part is None:
            break
        if part.multiplies and part.value < 1000:
            if current >= 100 or (current and part.value != 100 and current > 12):
                break
            current = max(current, 1.0) * part.value
        elif part.multiplies:
            if part.value >= least or (not current and total):
                break
            total, current, least = total + max(current, 1.0) * part.value, 0.0, part.value
        elif before is not None and not _may_add(total, current, part.value, name):
            break
        else:
            current += part.value
        before, at = part, part.after
    return Spelled(total + current, at) if before is not None else None


def _may_add(total: float, current: float, value: float, name: str) -> bool:
    if current == 0:
        return value < 1000 and total > 0
    low = current % 100
    if value >= 100 or value < 1 or current % 1:
        return False
    if low == 0:
        return current >= 100
    if name == "ar" and low < 10:
        return value % 10 == 0 and value >= 20
    if name == "fr" and low in _BELOW_EIGHTY:
        return value < 20
    return low >= 20 and low % 10 == 0 and value < 10


def _after_join(read: Lexemes, place: int, name: str) -> int:
    """The place of the word that may go on with a number: over a hyphen, 'and', 'y', 'et'."""
    lexeme = read[place]
    if lexeme.text == "-" and not lexeme.spaced:
        place += 1
    if place < len(read) and read[place].text in _language(name).joins:
        place += 1
        if place < len(read) and read[place].text == "-":
            place += 1
    return place


def _part(read: Lexemes, place: int, name: str, *, anew: bool = True) -> _Part | None:
    """The longest number word at a place; Arabic ones may have a conjunction before them."""
    table = _language(name)
    words: list[str] = []
    best: _Part | None = None
    at = place
    while at < len(read) and len(words) < table.longest:
        lexeme = read[at]
        if words and lexeme.text == "-" and glued(read[at - 1], lexeme):
            at += 1
            continue
        if lexeme.kind not in ("word", "han"):
            break
        words.append(lexeme.text)
        at += 1
        for key in _spellings(words, name, anew=anew):
            if key in table.adds:
                best = _Part(table.adds[key], False, at)
            elif key in table.times:
                best = _Part(table.times[key], True, at)
    return best


def _spellings(words: list[str], name: str, *, anew: bool) -> Iterator[tuple[str, ...]]:
    yield tuple(words)
    if name == "ar":
        for clitic in _CLITICS if anew else _CLITICS[:1]:
            if words[0].startswith(clitic) and len(words[0]) > len(clitic) + 1:
                yield (words[0][len(clitic) :], *words[1:])


def _chinese(read: Lexemes, place: int) -> Spelled | None:
    total, section, digit, at = 0.0, 0.0, -1.0, place
    unit_seen = one_by_one = False
    while at < len(read) and read[at].kind == "han":
        part = _part(read, at, "zh")
        if part is None or (at > place and read[at].spaced):
            break
        if not part.multiplies:
            one_by_one = one_by_one or (digit >= 0 and not unit_seen)
            digit = part.value
        elif part.value < 10_000:
            unit_seen = True
            section += max(digit, 1.0) * part.value
            digit = -1.0
        else:
            unit_seen = True
            total = (total + section + max(digit, 0.0) or 1.0) * part.value
            section, digit = 0.0, -1.0
        at = part.after
    if at == place:
        return None
    value = total + section + max(digit, 0.0)
    return Spelled(None if one_by_one or value > _LARGEST else value, at)


@cache
def _language(name: str) -> _Language:
    table = data()[name]
    adds = _forms(table["adds"])
    multipliers = _forms(table["times"])
    return _Language(
        adds=adds,
        times=multipliers,
        joins=frozenset(table["joins"].split()),
        articles=frozenset(table["articles"].split("|")),
        longest=max(len(words) for words in (*adds, *multipliers)),
    )


def _forms(rows: Mapping[str, str]) -> dict[tuple[str, ...], float]:
    return {
        words_of(form): float(value) for value, forms in rows.items() for form in forms.split("|")
    }
