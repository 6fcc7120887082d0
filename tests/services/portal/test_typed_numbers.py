"""Numbers are read alike wherever they are typed, and what stands in a field is read back."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from services.portal.pages.allocation.what_if_forms import Supposition
from services.portal.pages.cases.coverage import _wanted
from services.portal.pages.cases.deciding import CaseForm
from services.portal.pages.forms import PageForm
from services.portal.pages.matches.forms import FiguresForm, amounts, number_of
from services.portal.pages.matches.rows import Line
from services.portal.pages.numbers import in_readers_way, read_number, shown_number
from services.portal.pages.offers.bodies import lines_body, measures, terms_body
from services.portal.pages.offers.forms import ActivityForm, LinesForm, TermsForm
from services.portal.pages.requests import parts
from services.portal.pages.requests.forms import LineForm
from services.portal.sheets import values
from services.portal.sheets.values import UnclearError
from shared.vocabulary import LANGUAGES
from tests.services.portal.browsing import Page

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


@given(
    st.sampled_from(sorted(LANGUAGES)),
    st.sampled_from(sorted(LANGUAGES)),
    st.text("0123456789.,- +'", max_size=40) | st.decimals(-(10**9), 10**9, places=6).map(str),
)
def test_what_was_typed_in_another_language_is_the_same_number_in_the_readers(
    speaking: Callable[[str], None], typed_in: str, reads: str, text: str
) -> None:
    speaking(reads)
    shown = in_readers_way(text, typed_in)
    try:
        found = values.read_number(text, typed_in)
    except UnclearError:
        assert shown == text
        with pytest.raises(UnclearError):
            values.read_number(shown, reads)
    else:
        assert in_readers_way(shown, reads) == shown
        if len(shown) <= 40:
            assert values.read_number(shown, reads) == found


LINE = Line(1, "marking", "equipment", "quantity", "machines", None)
CHOSEN = {"theme": "marking", "kind": "equipment"}


def line_of_an_offer() -> tuple[str, Any]:
    form = LinesForm()
    return form.rows[0].form.capacity.data, lines_body(form)["provisions"][0]["capacity"]


def ceiling_of_an_offer() -> tuple[str, Any]:
    form = TermsForm()
    return form.amount.data, terms_body(form)["ceiling"]["amount"]


def size_of_an_activity() -> tuple[str, Any]:
    form = ActivityForm()
    return form.quantity.data, measures(form, form.quantity, form, "quantity")["quantity"]


def covered_part_of_a_need() -> tuple[str, Any]:
    form = CaseForm()
    return form.quantity.data, _wanted(form.quantity.data, CASE)["quantity"]


def figure_of_a_match() -> tuple[str, Any]:
    form = amounts(FiguresForm, "line-", [LINE])()
    return form["line-1"].data, number_of(form["line-1"].data)


def line_of_a_request() -> tuple[str, Any]:
    sheet = parts.typed_sheet(parts.PARTS["lines"], request.form)
    return sheet.rows[0]["quantity"].data, sheet.members({})["needs"][0]["quantity"]


def supposed_offer() -> tuple[str, Any]:
    form = Supposition(request.form)
    return form.offers[0].quantity.data, form.body()["with"]["offers"][0]["provisions"][0][
        "capacity"
    ]


FORMS = [
    (line_of_an_offer, "rows-0-capacity", {f"rows-0-{name}": one for name, one in CHOSEN.items()}),
    (ceiling_of_an_offer, "amount", {"currency": "EUR"}),
    (size_of_an_activity, "quantity", {}),
    (covered_part_of_a_need, "quantity", {}),
    (figure_of_a_match, "line-1", {}),
    (line_of_a_request, "row-0-quantity", {"rows": "1"}),
    (supposed_offer, "o1-quantity", {f"o1-{name}": one for name, one in CHOSEN.items()}),
]


@contextmanager
def sent(app: Flask, reads: str, form: Mapping[str, str]) -> Iterator[None]:
    """A form as it comes to somebody who reads another language by then."""
    with app.test_request_context(f"/?language={reads}", method="POST", data=dict(form)):
        yield


@pytest.mark.parametrize(("taken", "field", "more"), FORMS)
@pytest.mark.parametrize(
    ("typed_in", "text", "reads", "shown", "value"),
    [
        ("en", "120,000", "fr", "120\u202f000", 120_000),
        ("fr", "1,500", "en", "1.5", 1.5),
        ("ru", "0,5", "zh", "0.5", 0.5),
        ("es", "120.000", "ar", "120,000", 120_000),
        ("en", "120,000", "en", "120,000", 120_000),
        # Of a page that is older than the field, and of who made something up.
        (None, "120,000", "fr", "120,000", 120),
        ("xx", "120,000", "fr", "120,000", 120),
        ("", "120,000", "fr", "120,000", 120),
    ],
)
def test_a_number_is_read_by_the_language_of_the_page_on_which_it_was_typed(
    app: Flask,
    taken: Callable[[], tuple[str, Any]],
    field: str,
    more: Mapping[str, str],
    typed_in: str | None,
    text: str,
    reads: str,
    shown: str,
    value: float,
) -> None:
    language = {} if typed_in is None else {"typed_in": typed_in}
    with sent(app, reads, {**more, field: text, **language}):
        assert taken() == (shown, value)


def test_what_is_no_number_stays_as_it_was_typed_in_another_language(app: Flask) -> None:
    for text in ("a dozen", "1,2,3", "1e5", ""):
        with sent(app, "fr", {"rows": "1", "row-0-quantity": text, "typed_in": "en"}):
            (row,) = parts.typed_sheet(parts.PARTS["lines"], request.form).rows
            assert row["quantity"].data == text


def test_every_form_takes_the_language_of_its_page_along(app: Flask) -> None:
    with app.test_request_context("/?language=ru"):
        form = PageForm()
        for shown in (form.csrf_token(), form.csrf_token(id=False)):
            (found,) = Page(f"<form>{shown}</form>").forms
            assert found.values == {
                "csrf_token": form.csrf_token.current_token,
                "typed_in": "ru",
            }


def test_what_is_supposed_stands_in_an_address_with_its_language(app: Flask) -> None:
    with sent(app, "fr", {"o1-quantity": "120,000", "typed_in": "en"}):
        query = Supposition(request.form).query()
    assert query == [("o1-quantity", "120\u202f000"), ("typed_in", "fr")]
    with app.test_request_context("/", query_string={"language": "en", **dict(query)}):
        (offer, *_more) = Supposition(request.args).offers
        assert offer.quantity.data == "120,000"
        assert Supposition(MultiDict()).query() == []
