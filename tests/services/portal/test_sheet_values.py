"""Numbers and days as people write them, in six languages' manners."""

from datetime import date
from decimal import Decimal

import pytest

from services.portal.sheets.values import UnclearError, read_day, read_number


@pytest.mark.parametrize(
    ("text", "language", "number"),
    [
        ("1,200", "en", "1200"),
        ("1,200", "fr", "1.2"),
        ("1.200", "es", "1200"),
        ("1.234.567", "es", "1234567"),
        ("1 200,50", "fr", "1200.5"),
        ("1\u202f200,50", "ru", "1200.5"),
        ("1,200.50", "zh", "1200.5"),
        ("1.200,50", "en", "1200.5"),
        ("١٬٢٠٠٫٥", "ar", "1200.5"),
        ("1.5", "fr", "1.5"),
        ("-5", "en", "-5"),
    ],
)
def test_numbers_are_read_as_their_language_writes_them(
    text: str, language: str, number: str
) -> None:
    assert read_number(text, language) == Decimal(number)


@pytest.mark.parametrize("text", ["", "x", "1,2,3", "1.2.3", "1e5", "NaN", "9" * 50, "=1+1", "1-2"])
def test_what_is_no_number_is_not_guessed(text: str) -> None:
    with pytest.raises(UnclearError):
        read_number(text, "en")


@pytest.mark.parametrize(
    "text",
    [
        *("2026-10-01", "2026/10/1", "20261001", "1.10.2026", "01.10.2026"),
        *("1 October 2026", "Oct 1, 2026", "1 octobre 2026", "1 de octubre de 2026"),
        *("1 октября 2026 г.", "2026年10月1日", "١ أكتوبر ٢٠٢٦"),
        *("١ تشرين الأول ٢٠٢٦", "2026 年 10 月 1 日", "٢٠٢٦-١٠-٠١", "\u200e2026-10-01\u200e"),
        *("2026-10-01 00:00:00", "2026-10-01T00:00:00Z"),
    ],
)
def test_days_are_read_in_many_styles(text: str) -> None:
    assert read_day(text) == date(2026, 10, 1)


def test_a_day_that_can_be_two_is_not_guessed() -> None:
    assert read_day("13/10/2026") == read_day("10/13/2026") == date(2026, 10, 13)
    with pytest.raises(UnclearError) as found:
        read_day("1/10/2026")
    assert found.value.meanings == (date(2026, 10, 1), date(2026, 1, 10))


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "2026-13-01", "31/02/2026", "1 2 October 2026", "2026年10月", "1/10/26"),
        *("0/5/2026", "12/0/2026", "0/0/2026", "before 1 October 2026"),
        f"1 October 2026{' ' * 80}or 2 October",
    ],
)
def test_what_is_no_day_is_not_guessed(text: str) -> None:
    with pytest.raises(UnclearError):
        read_day(text)
