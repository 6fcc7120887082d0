"""Dates as Chinese writes them, largest part first: 2027年3月15日, 2027年底, 2027年第一季度."""

from typing import NamedTuple

from shared.language.lexemes import Lexemes
from shared.language.periods import Period, day, half, month, part, quarter, year
from shared.language.spelling import spelled

_FIRST_YEAR, _LAST_YEAR, _MONTHS, _DAYS = 1950, 2099, 12, 31
_NUMERALS = "零一二三四五六七八九"
_PARTS = {"初": "begin", "中": "middle", "底": "end", "末": "end"}
_TENS = {"上旬": "begin", "中旬": "middle", "下旬": "end"}
_HALVES = {"上半年": 1, "下半年": 2}
_TO = frozenset("至到-")


class ChineseDate(NamedTuple):
    """A period, the place of the first lexeme after it, and whether it is but a year."""

    period: Period
    after: int
    year_only: bool


class _Count(NamedTuple):
    value: int
    after: int


def chinese_date(read: Lexemes, place: int) -> ChineseDate | None:
    """The date that begins with a year at this place; None for none."""
    found = _year(read, place)
    if found is None:
        return None
    number, at = found
    in_month = _counted(read, at, "月", _MONTHS)
    if in_month is not None:
        return _in_month(read, number, in_month.value, in_month.after)
    following = _following(read, at, 5)
    for words, count in _HALVES.items():
        if following.startswith(words):
            return _dated(half(number, count), at + len(words))
    if following.startswith("前") or not following:
        return ChineseDate(year(number), at, year_only=True)
    if following[0] in _PARTS and following[:2] != "中国":
        return _dated(part(year(number), _PARTS[following[0]]), at + 1)
    start = at + 1 if following[0] == "第" else at
    in_quarter = _counted(read, start, "季", 4)
    if in_quarter is not None:
        after = in_quarter.after + (_following(read, in_quarter.after, 1) == "度")
        return _dated(quarter(number, in_quarter.value), after)
    return ChineseDate(year(number), at, year_only=True)


def _dated(period: Period | None, after: int) -> ChineseDate | None:
    return period and ChineseDate(period, after, year_only=False)


def _year(read: Lexemes, place: int) -> tuple[int, int] | None:
    """A year with its 年, in digits or in four numerals, and the place after it."""
    lexeme = read[place]
    if lexeme.kind == "digits" and len(lexeme.text) == 4:
        number, after = int(lexeme.text), place + 1
    elif lexeme.kind == "han" and lexeme.text in _NUMERALS:
        written = _following(read, place, 4)
        if len(written) < 4 or not all(sign in _NUMERALS for sign in written):
            return None
        number = int("".join(str(_NUMERALS.index(sign)) for sign in written))
        after = place + 4
    else:
        return None
    if _following(read, after, 1) != "年" or not _FIRST_YEAR <= number <= _LAST_YEAR:
        return None
    return number, after + 1


def _in_month(read: Lexemes, of_year: int, number: int, at: int) -> ChineseDate | None:
    in_day = _counted(read, at, "日", _DAYS) or _counted(read, at, "号", _DAYS)
    if in_day is not None:
        first = day(of_year, number, in_day.value)
        return first and _up_to(read, of_year, number, first, in_day.after)
    for words, name in _TENS.items():
        if _following(read, at, 2) == words:
            return _dated(part(month(of_year, number), name), at + 2)
    told = _PARTS.get(_following(read, at, 1))
    if told is not None:
        return _dated(part(month(of_year, number), told), at + 1)
    return _up_to(read, of_year, number, month(of_year, number), at)


def _up_to(read: Lexemes, of_year: int, of_month: int, first: Period, at: int) -> ChineseDate:
    """The same, or a range to a date that leaves out its year: 至14日, 到6月."""
    alone = ChineseDate(first, at, year_only=False)
    if at >= len(read) or read[at].text not in _TO:
        return alone
    last: Period | None = None
    in_month = _counted(read, at + 1, "月", _MONTHS)
    number, after = (in_month.value, in_month.after) if in_month else (of_month, at + 1)
    in_day = _counted(read, after, "日", _DAYS) or _counted(read, after, "号", _DAYS)
    if in_day is not None:
        last, after = day(of_year, number, in_day.value), in_day.after
    elif in_month is not None:
        last = month(of_year, number)
    if last is None or last.last < first.first:
        return alone
    return ChineseDate(Period(first.first, last.last), after, year_only=False)


def _counted(read: Lexemes, place: int, sign: str, most: int) -> _Count | None:
    """A number from 1 to `most` with a sign after it, in digits or numerals."""
    if place >= len(read):
        return None
    lexeme = read[place]
    after = place + 1
    if lexeme.kind == "digits":
        value: float | None = int(lexeme.text) if len(lexeme.text) <= 2 else None
    else:
        found = spelled(read, place, "zh") if lexeme.kind == "han" else None
        value, after = (found.value, found.after) if found else (None, place)
    if value is None or not 1 <= value <= most or _following(read, after, 1) != sign:
        return None
    return _Count(int(value), after + 1)


def _following(read: Lexemes, place: int, most: int) -> str:
    """Up to so many Chinese characters from a place on."""
    signs = []
    for lexeme in read[place : place + most]:
        if lexeme.kind != "han":
            break
        signs.append(lexeme.text)
    return "".join(signs)
