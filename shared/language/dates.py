"""Dates and periods in free text: '15 March 2027', 'fin 2027', 'с марта по июнь 2028', '2027年3月'.

Every date found is a first and a last day. Without a year there is no date.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from shared.language.calendar_words import is_in
from shared.language.chinese_dates import chinese_date
from shared.language.lexemes import Lexemes, lexemes
from shared.language.periods import Period
from shared.language.western_dates import (
    BARE_YEAR,
    MONTH,
    WEAK_YEAR,
    YEAR,
    Named,
    date_at_year,
    is_between,
    is_year,
)

SURE_DATE = 0.6
"""From this probability on a date's digits count nothing."""

_YEAR_RANGE = 0.85
_LONGEST_GAP = 4


@dataclass(frozen=True)
class FoundDate:
    """A period from `first` to `last`, both included, and where the text names it."""

    first: date
    last: date
    start: int
    end: int
    probability: float


def find_dates(text: str, language: str) -> tuple[FoundDate, ...]:
    """The dates of a text, in its order, not overlapping; years from 1950 to 2099.

    `language`, one of the six, decides how surely 5/6/2027 is the fifth of June. Parts of a period
    are its first and last quarter or its middle third. Offsets are characters; any text is taken.
    """
    return dates_in(lexemes(text), language)


def dates_in(read: Lexemes, language: str) -> tuple[FoundDate, ...]:
    """The dates among the lexemes of a text."""
    found = _joined(read, list(_named(read, language)))
    return tuple(
        FoundDate(
            name.period.first,
            name.period.last,
            read[name.start].start,
            read[name.after - 1].end,
            name.probability,
        )
        for name in found
    )


def _named(read: Lexemes, language: str) -> Iterator[Named]:
    least = 0
    for place, lexeme in enumerate(read):
        if place < least:
            continue
        chinese = chinese_date(read, place)
        if chinese is not None:
            probability = YEAR if chinese.year_only else MONTH
            name: Named | None = Named(chinese.period, place, chinese.after, probability)
        elif is_year(read, place):
            name = date_at_year(read, place, int(lexeme.text), language, least)
        else:
            continue
        if name is not None:
            least = name.after
            yield name


def _joined(read: Lexemes, found: list[Named]) -> list[Named]:
    """The dates, two of them made one range where 'from … to …' or a dash joins them."""
    joined: list[Named] = []
    for name in found:
        last = joined[-1] if joined else None
        if last is None or not _are_range(read, last, name):
            joined.append(name)
            continue
        both_years = {last.probability, name.probability} <= {YEAR, WEAK_YEAR, BARE_YEAR}
        probability = _YEAR_RANGE if both_years else min(last.probability, name.probability)
        period = Period(last.period.first, name.period.last)
        joined[-1] = Named(period, last.start, name.after, max(probability, YEAR))
    return joined


def _are_range(read: Lexemes, left: Named, right: Named) -> bool:
    gap = read[left.after : right.start]
    if not 0 < len(gap) <= _LONGEST_GAP or left.period.first > right.period.last:
        return False
    connectors = [lexeme.text for lexeme in gap if is_in(lexeme.text, "to")]
    others = [lexeme for lexeme in gap if not is_in(lexeme.text, "to")]
    if not connectors or not all(is_in(lexeme.text, "inside") for lexeme in others):
        return False
    if all(is_in(connector, "and") for connector in connectors):
        return is_between(read, left.start)
    return True
