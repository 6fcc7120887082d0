"""Numbers are read alike wherever they are typed, and what stands in a field is read back."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from services.portal.pages.cases.coverage import _wanted
from services.portal.pages.matches.forms import number_of
from services.portal.pages.numbers import read_number, shown_number
from services.portal.pages.offers.bodies import lines_body
from services.portal.pages.offers.forms import LinesForm
from services.portal.pages.requests.forms import LineForm
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


PARTS = [("12.5", "machines", True), ("12.0", "machines", False), ("2.5", "tonnes", False)]
PARTS += [("0.5", "months", False), ("1.5", "", False), ("1.5", "of a kind of our own", False)]


@pytest.mark.parametrize(("count", "unit", "is_part"), PARTS)
def test_a_part_of_what_is_counted_whole_is_told_of_where_it_is_typed(
    app: Flask, count: str, unit: str, is_part: bool
) -> None:
    told = ["This is counted whole. Write a number without decimals."] if is_part else []
    line = {"theme": "marking", "kind": "equipment", "amount": "", "unit": unit}
    offered = {f"rows-0-{name}": value for name, value in (*line.items(), ("capacity", count))}
    with app.test_request_context("/?language=en", method="POST", data=offered):
        form = LinesForm(meta={"csrf": False})
        lines_body(form)
        assert [said.split(": ", 1)[1] for _id, said in form.problems()] == told
        blank = dict.fromkeys(("line", "priority", "sites", "visibility"), "")
        asked = {f"row-0-{name}": value for name, value in {**line, **blank}.items()}
        need = LineForm("row-0-", MultiDict({**asked, "row-0-quantity": count}))
        assert need.validate() is not is_part
        assert [said.split(": ", 1)[1] for _id, said in need.problems()] == told


@given(
    st.sampled_from(sorted(LANGUAGES)),
    st.decimals("0.001", "1000000000", places=3, allow_nan=False),
)
def test_what_stands_in_a_field_is_read_back(
    speaking: Callable[[str], None], language: str, value: Decimal
) -> None:
    speaking(language)
    assert read_number(shown_number(float(value))) == float(value)
