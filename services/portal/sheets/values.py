"""What people write in cells and fields: numbers and days, in six languages' manners."""

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation

from shared.language.whole_days import whole_day

_MOST_LENGTH = 40
MOST_DAY = 80
"""The most characters of a day that is written."""

_COMMA_DECIMAL = frozenset({"es", "fr", "ru"})
"""Languages that write 1,5 for one and a half; the others write 1.5."""

_SPACES = re.compile(r"[\s\u00a0\u202f'’_٬]+")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:([.,])\d{3})(?:\1\d{3})*")
_ISO = re.compile(
    r"([12]\d{3})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]\d\d?:\d\d(?::\d\d(?:\.\d+)?)?Z?)?"
)
_BASIC = re.compile(r"(20\d{2})(\d{2})(\d{2})")
_LAST_YEAR = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.]([12]\d{3})")


class UnclearError(ValueError):
    """What was written can mean two things, or nothing; `meanings` are the days that it can be."""

    def __init__(self, text: str, meanings: tuple[date, ...] = ()) -> None:
        super().__init__(text)
        self.meanings = meanings


def read_number(text: str, language: str) -> Decimal:
    """A number as it is written: "1,200.50", "1 200,50", "١٬٢٠٠"; raises UnclearError for none.

    So is everything that is typed in a field, and every cell of a file. A single separator before
    three digits is read as the language has it: 1,200 is twelve hundred in English and one and a
    fifth in French.
    """
    plain = _SPACES.sub("", _ascii_digits(shown(text[: _MOST_LENGTH + 1]))).replace("٫", ".")
    if len(text) > _MOST_LENGTH or not re.fullmatch(r"[+-]?[\d.,]*\d[\d.,]*", plain, re.ASCII):
        raise UnclearError(text)
    separators = [mark for mark in plain if mark in ".,"]
    if separators:
        plain = _without_groups(plain, separators, language)
    try:
        return Decimal(plain)
    except InvalidOperation:
        raise UnclearError(text) from None


def _without_groups(plain: str, separators: list[str], language: str) -> str:
    last = separators[-1]
    if len(set(separators)) == 2:
        whole, _, part = plain.rpartition(last)
        groups = ".,".replace(last, "")
        if last in whole or not _GROUPED.fullmatch(whole.lstrip("+-")):
            raise UnclearError(plain)
        return f"{whole.replace(groups, '')}.{part}"
    grouping = len(separators) > 1 or (last == ",") != (language in _COMMA_DECIMAL)
    if grouping and _GROUPED.fullmatch(plain.lstrip("+-")):
        return plain.replace(last, "")
    if len(separators) > 1:
        raise UnclearError(plain)
    return plain.replace(last, ".")


def read_day(text: str) -> date:
    """A day as it is written: 2026-10-01, 1.10.2026, 13/10/2026, 1 October 2026, 2026年10月1日.

    Raises UnclearError; for 1/10/2026, which is a day in October for some and in January for
    others, with both. The time that databases write behind a day is left out.
    """
    plain = _ascii_digits(shown(unicodedata.normalize("NFKC", text[: MOST_DAY + 1]))).strip()
    if len(text) > MOST_DAY:
        raise UnclearError(text)
    for pattern in (_ISO, _BASIC):
        if found := pattern.fullmatch(plain):
            return _day(text, *(int(part) for part in found.groups()))
    if found := _LAST_YEAR.fullmatch(plain):
        first, second, year = (int(part) for part in found.groups())
        return _day_first(text, first, second, year, sure="." in plain)
    named = whole_day(plain)
    if named is None:
        raise UnclearError(text)
    return named


def _day_first(text: str, first: int, second: int, year: int, *, sure: bool) -> date:
    if sure or first > 12 or first == second or not first or not second:
        return _day(text, year, second, first)
    if second > 12:
        return _day(text, year, first, second)
    raise UnclearError(text, (date(year, second, first), date(year, first, second)))


def _day(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise UnclearError(text) from None


def shown(text: str) -> str:
    """A text without what only says which way it runs, as what is copied from a page has, and
    without other marks that nobody sees; spaces and ends of lines stay."""
    return "".join(
        mark for mark in text if mark.isspace() or unicodedata.category(mark) not in ("Cf", "Cc")
    )


def _ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(mark)) if mark.isdecimal() else mark for mark in text)
