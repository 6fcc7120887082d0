"""A day that a text names and nothing besides: '3 mars 2027', '٣ آذار ٢٠٢٧', '2027年三月三日'."""

from collections.abc import Iterator
from datetime import date
from functools import cache

from babel import Locale

from shared.language.calendar_words import is_in, month_before
from shared.language.chinese_dates import chinese_date
from shared.language.lexemes import Lexeme, Lexemes, lexemes, words_of
from shared.language.periods import day
from shared.vocabulary import LANGUAGES

_BESIDE = ("fillers", "ordinals", "beside")


def whole_day(text: str) -> date | None:
    """The day that a text in any of the six languages names by its month's name, in any order.

    Beside it may stand its day of the week, and words that change nothing of it; None where
    anything else does ('before 3 March 2027'), and for a month, a range, or a day that is none.
    """
    read = [lexeme for lexeme in lexemes(text) if lexeme.kind != "mark"]
    chinese = chinese_date(read, 0) if read else None
    if chinese is not None:
        period, rest = chinese.period, read[chinese.after :]
        return period.first if period.first == period.last and _is_weekday(rest) else None
    months: set[int] = set()
    years: list[int] = []
    days: list[int] = []
    place = len(read) - 1
    while place >= 0:
        lexeme = read[place]
        named = month_before(read, place)
        if lexeme.kind == "digits":
            (years if len(lexeme.text) == 4 else days).append(int(lexeme.text))
        elif named is not None:
            months.add(named[0])
            place = named[1]
        elif not _is_beside(lexeme):
            return None
        place -= 1
    if len(years) != 1 or len(days) != 1 or len(months) != 1 or not years[0]:
        return None
    found = day(years[0], months.pop(), days[0])
    return found and found.first


def _is_beside(lexeme: Lexeme) -> bool:
    return _is_weekday((lexeme,)) or any(is_in(lexeme.text, name) for name in _BESIDE)


def _is_weekday(words: Lexemes) -> bool:
    """Whether words are a day of the week, or none at all."""
    return not words or "".join(lexeme.text for lexeme in words) in _weekdays()


@cache
def _weekdays() -> frozenset[str]:
    return frozenset("".join(words_of(name)) for name in _names_of_weekdays())


def _names_of_weekdays() -> Iterator[str]:
    for language in LANGUAGES:
        for use in ("stand-alone", "format"):
            for width in ("wide", "abbreviated"):
                yield from Locale.parse(language).days[use][width].values()
