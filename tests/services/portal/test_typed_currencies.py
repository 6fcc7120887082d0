"""A currency is shown by its name and code and read by either, in forms and in files; what several
are called is asked about with the candidates told."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from services.portal.pages.offers import bodies as offer_bodies
from services.portal.pages.offers.forms import LinesForm, TermsForm
from services.portal.pages.requests import bodies as request_bodies
from services.portal.pages.requests.forms import LineForm, shown_choice
from services.portal.pages.spreadsheets.kinds import KINDS
from services.portal.sheets.columns import CellError
from shared.vocabulary import LANGUAGES
from shared.vocabulary.currency_names import USUAL, currencies_called, name_with_code
from tests.services.portal.test_sheet_changes import RECORDS
from tests.services.portal.test_typed_units import values_of

LINE = {
    "row-0-theme": "marking",
    "row-0-kind": "funding",
    "row-0-amount": "100",
    **{f"row-0-{name}": "" for name in ("line", "quantity", "unit", "priority", "sites")},
    "row-0-visibility": "",
}


def need(currency: str) -> LineForm:
    return LineForm("row-0-", MultiDict({**LINE, "row-0-currency": currency}))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_of_a_request_comes_back_with_its_currency(app: Flask, language: str) -> None:
    with app.test_request_context(f"/?language={language}"):
        for code in (*USUAL, "ZAR"):
            stored = LineForm("row-0-", data={"currency": code})
            shown = values_of(stored["currency"])["row-0-currency"]
            assert shown == shown_choice(stored["currency"]) == name_with_code(code, language)
            form = need(shown)
            assert form.validate()
            assert request_bodies.line_member(form.data)["currency"] == code


def test_a_request_is_asked_which_currency_it_means(app: Flask) -> None:
    with app.test_request_context("/?language=en"):
        form = need("dollars")
        assert not form.validate()
        ((_id, told),) = form.problems()
        assert "US Dollar (USD), Canadian Dollar (CAD), Australian Dollar (AUD)" in told
        assert values_of(form["currency"])["row-0-currency"] == "dollars"
        assert need("dollars canadiens").validate()
        for sign, code in (("€", "EUR"), ("US$", "USD"), ("CHF", "CHF"), ("₽", "RUB")):
            form = need(sign)
            assert form.validate()
            assert request_bodies.line_member(form.data)["currency"] == code
        for sign, several in (("$", "Canadian Dollar (CAD)"), ("¥", "(CNY)"), ("£", "(EGP)")):
            form = need(sign)
            assert not form.validate()
            assert several in form.problems()[0][1]
    with app.test_request_context("/?language=fr"):
        form = need("dollars")
        form.validate()
        assert form.problems()[0][1].startswith(
            "Ligne de besoin 1, Monnaie : Quelle monnaie est « dollars » ?"
        )


def offer(app: Flask, form: type[Any], fields: dict[str, str], language: str) -> Any:
    with app.test_request_context(f"/?language={language}", method="POST", data=fields):
        made = form(meta={"csrf": False})
        body = offer_bodies.lines_body(made) if form is LinesForm else offer_bodies.terms_body(made)
        return body, [told for _id, told in made.problems()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_offer_says_its_currencies_by_name(app: Flask, language: str) -> None:
    named = name_with_code("CHF", language)
    line = {"rows-0-theme": "marking", "rows-0-kind": "funding", "rows-0-amount": "5"}
    body, faults = offer(app, LinesForm, {**line, "rows-0-currency": named}, language)
    assert (body["provisions"][0]["currency"], faults) == ("CHF", [])
    body, faults = offer(app, TermsForm, {"amount": "5", "currency": named}, language)
    assert (body["ceiling"]["currency"], faults) == ("CHF", [])
    for form, fields in (
        (LinesForm, {**line, "rows-0-currency": "franc CFA"}),
        (TermsForm, {"amount": "5", "currency": "franc CFA"}),
    ):
        _body, (fault,) = offer(app, form, fields, language)
        assert name_with_code("XOF", language) in fault
        assert name_with_code("XAF", language) in fault


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", KINDS)
def test_a_file_says_a_currency_by_its_name(name: str, language: str) -> None:
    (column,) = (one for one in KINDS[name].columns if one.key == "currency")
    assert next(iter(KINDS[name].rows(RECORDS[name])))
    for text in ("dollars canadiens", name_with_code("CAD", language), "cad", "CA$"):
        assert column.read(text, text, language) == "CAD"
    for text in ("dinar", "£", "¥", "FCFA"):
        with pytest.raises(CellError) as asked:
            column.read(text, text, language)
        assert asked.value.code == "currencies"
        told = asked.value.values_told["candidates"]
        for code in currencies_called(text):
            assert name_with_code(code, language) in str(told)
    with pytest.raises(CellError) as unknown:
        column.read("doubloons", "doubloons", language)
    assert unknown.value.code == "code"
