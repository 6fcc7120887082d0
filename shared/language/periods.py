"""Periods of the calendar as their first and last day."""

from calendar import monthrange
from datetime import date
from typing import NamedTuple

_QUARTERS, _HALVES, _MONTHS_OF_QUARTER, _MONTHS_OF_HALF = 4, 2, 3, 6
_PARTS_OF_YEAR = {"begin": (1, 3), "middle": (5, 8), "end": (10, 12)}
_PARTS_OF_MONTH = {"begin": (1, 10), "middle": (11, 20), "end": (21, 31)}


class Period(NamedTuple):
    """From `first` to `last`, both included."""

    first: date
    last: date


def year(of_year: int) -> Period:
    """A whole year."""
    return Period(date(of_year, 1, 1), date(of_year, 12, 31))


def month(of_year: int, number: int) -> Period:
    """A whole month; ValueError for one that is none."""
    return Period(date(of_year, number, 1), date(of_year, number, _days(of_year, number)))


def day(of_year: int, of_month: int, number: int) -> Period | None:
    """One day; None if the calendar does not have it."""
    try:
        found = date(of_year, of_month, number)
    except ValueError:
        return None
    return Period(found, found)


def quarter(of_year: int, number: int) -> Period | None:
    """The first to fourth quarter; None for any other."""
    if not 1 <= number <= _QUARTERS:
        return None
    return _months(of_year, _MONTHS_OF_QUARTER * number - 2, _MONTHS_OF_QUARTER * number)


def half(of_year: int, number: int) -> Period | None:
    """The first or second half; None for any other."""
    if not 1 <= number <= _HALVES:
        return None
    return _months(of_year, _MONTHS_OF_HALF * number - 5, _MONTHS_OF_HALF * number)


def part(whole: Period, name: str) -> Period:
    """The 'begin', 'middle' or 'end' of a whole year or a whole month."""
    first = whole.first
    if whole.last.month != first.month:
        return _months(first.year, *_PARTS_OF_YEAR[name])
    start, end = _PARTS_OF_MONTH[name]
    return Period(first.replace(day=start), first.replace(day=min(end, whole.last.day)))


def _months(of_year: int, first: int, last: int) -> Period:
    return Period(date(of_year, first, 1), month(of_year, last).last)


def _days(of_year: int, of_month: int) -> int:
    return monthrange(of_year, of_month)[1]
