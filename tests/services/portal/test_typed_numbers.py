"""Numbers are read alike wherever they are typed, and what stands in a field is read back."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.portal.pages.cases.coverage import _wanted
from services.portal.pages.matches.forms import number_of
from services.portal.pages.numbers import read_number, shown_number
from services.portal.sheets.values import UnclearError
from shared.vocabulary import LANGUAGES

TYPED = [
    ("1,500", {"en": 1500, "zh": 1500, "ar": 1500, "fr": 1.5, "es": 1.5, "ru": 1.5}),
    ("1.500", {"en": 1.5, "zh": 1.5, "ar": 1.5, "fr": 1500, "es": 1500, "ru": 1500}),
    ("0.500", dict.fromkeys(LANGUAGES, 0.5)),
    ("0,500", dict.fromkeys(LANGUAGES, 0.5)),
    ("1.200,50", dict.fromkeys(LANGUAGES, 1200.5)),
    ("1,200.50", dict.fromkeys(LANGUAGES, 1200.5)),
    ("1\u202f500", dict.fromkeys(LANGUAGES, 1500)),
    ("\u0661\u066c\u0665\u0660\u0660", dict.fromkeys(LANGUAGES, 1500)),
    ("\u20681500\u2069", dict.fromkeys(LANGUAGES, 1500)),
]
CASE = {"basis": "quantity", "unit": "machines"}


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [(language, text, value) for text, by in TYPED for language, value in by.items()],
)
def test_a_number_is_the_same_in_every_form(
    speaking: Callable[[str], None], language: str, text: str, value: float
) -> None:
    speaking(language)
    assert read_number(text) == value
    assert number_of(text) == Decimal(str(value))
    assert _wanted(text, CASE) == {"quantity": value}


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999", "1e5", "twelve", "9" * 50])
def test_what_is_no_number_is_none_in_any_form(speaking: Callable[[str], None], text: str) -> None:
    speaking("en")
    for read in (read_number, number_of):
        with pytest.raises(UnclearError):
            read(text)
    # The service says at the field what is wrong with it.
    assert _wanted(text, CASE) == {"quantity": text}


@pytest.mark.parametrize("basis", ["money", "whole"])
def test_how_much_of_a_line_in_money_is_covered_is_an_amount(
    speaking: Callable[[str], None], basis: str
) -> None:
    speaking("en")
    case = {"basis": basis, "unit": "EUR"}
    assert _wanted("1,500", case) == {"amount": 1500, "currency": "EUR"}


@given(
    st.sampled_from(sorted(LANGUAGES)),
    st.decimals("0.001", "1000000000", places=3, allow_nan=False),
)
def test_what_stands_in_a_field_is_read_back(
    speaking: Callable[[str], None], language: str, value: Decimal
) -> None:
    speaking(language)
    assert read_number(shown_number(float(value))) == float(value)
