"""The words of dates in six languages: names of months, parts of years, what joins two dates."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from babel import Locale

from shared.language.lexemes import Lexemes, without_clitics, words_of
from shared.language.russian import forms

# Arabic has three sets of names: from the Levant, from the Maghreb, and the common one.
_LOCALES = ("en", "fr", "es", "ru", "ar", "ar_SY", "ar_IQ", "ar_DZ", "ar_MA", "ar_MR")
# The United Nations' own spellings of two Arabic months, the Levant's August, which is as short as
# no other name, and Spanish 'setiembre'.
_OTHER_MONTHS = {"يونيه": 6, "يوليه": 7, "آب": 8, "setiembre": 9, "sept": 9}
_SHORTEST = 3
_PARTS = ("begin", "middle", "end")
_ORDINALS = ("first", "second", "third", "fourth")


@cache
def category(name: str) -> frozenset[str]:
    """All languages' words of an entry of dates.json."""
    return frozenset(word for words in _data()[name].values() for word in words.split("|") if word)


def is_in(word: str, name: str) -> bool:
    """Whether a folded word belongs to an entry of dates.json; Arabic clitics do not matter."""
    return any(form in category(name) for form in without_clitics(word))


def part_of_period(word: str) -> str | None:
    """'begin', 'middle' or 'end' for a word that names such a part of a month or year."""
    return next((part for part in _PARTS if is_in(word, part)), None)


def ordinal(word: str) -> int | None:
    """1 to 4 for a word that counts quarters or halves."""
    found = (number for number, name in enumerate(_ORDINALS, start=1) if is_in(word, name))
    return next(found, None)


def month_before(read: Lexemes, place: int) -> tuple[int, int] | None:
    """The month whose name ends at a place, and the place of its first word."""
    for length in (2, 1):
        first = place - length + 1
        if first < 0:
            continue
        words = [lexeme.text for lexeme in read[first : place + 1]]
        for start in without_clitics(words[0]):
            month = _months().get((start, *words[1:]))
            if month is not None:
                return month, first
    return None


@cache
def _months() -> Mapping[tuple[str, ...], int]:
    found = {words_of(name): month for name, month in _OTHER_MONTHS.items()}
    for code in _LOCALES:
        for use in ("stand-alone", "format"):
            for width in ("wide", "abbreviated"):
                for month, name in Locale.parse(code).months[use][width].items():
                    if len(name) >= _SHORTEST:
                        found.setdefault(words_of(name), int(month))
    for month, name in Locale.parse("ru").months["stand-alone"]["wide"].items():
        found.update(((form,), int(month)) for form in forms(words_of(name)[0]))
    return found


@cache
def _data() -> Mapping[str, Mapping[str, str]]:
    source = files("shared.language") / "data" / "dates.json"
    tables: dict[str, dict[str, str]] = json.loads(source.read_text(encoding="utf-8"))
    return tables
