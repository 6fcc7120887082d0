"""A unit is shown by its name in the reader's language and read back as its code, in forms and in
files; what is no unit's name stays as it is written."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict
from wtforms import Field

from services.portal.pages.offers import bodies as offer_bodies
from services.portal.pages.offers.forms import LinesForm
from services.portal.pages.requests import bodies as request_bodies
from services.portal.pages.requests.forms import LineForm, shown_choice
from services.portal.pages.requests.parts import PARTS, stored_sheet, typed_sheet
from services.portal.pages.spreadsheets.changing import _as_read
from services.portal.pages.spreadsheets.kinds import KINDS, cells
from services.portal.sheets.columns import unit_of
from shared.vocabulary import LANGUAGES
from shared.vocabulary.units import UNITS
from tests.services.portal.browsing import Page
from tests.services.portal.test_sheet_changes import RECORDS

OWN_WORDS = "boxes of two"


def values_of(*fields: Field) -> dict[str, str]:
    """What a browser sends of these fields as they are shown."""
    (form,) = Page(f"<form>{''.join(str(field()) for field in fields)}</form>").forms
    return form.values


def test_no_name_of_a_unit_names_another() -> None:
    named: dict[str, set[str]] = {}
    for code in UNITS.codes():
        for name in (code, *(UNITS.label(code, language) for language in LANGUAGES)):
            named.setdefault(name.casefold(), set()).add(code)
            assert unit_of(name) == code
    assert [name for name, codes in named.items() if len(codes) > 1] == []


def test_only_a_name_as_a_whole_is_read_as_its_code() -> None:
    assert unit_of(" Jours ") == "days"
    assert unit_of("PERSONS") == "persons"
    for form in ("machine", "machine(s)", "máquina", "станок", "станка", "آلتان", "آلتين"):
        assert unit_of(form) == "machines"
    for text in ("jours de formation", "marking machines", OWN_WORDS, ""):
        assert unit_of(text) == text


def needs(unit: str | None) -> dict[str, Any]:
    record = RECORDS["requests"]
    return {**record, "needs": [{**record["needs"][0], "unit": unit}]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_of_a_request_comes_back_with_its_unit(app: Flask, language: str) -> None:
    with app.test_request_context(f"/?language={language}"):
        for unit in (*UNITS.codes(), OWN_WORDS, None):
            view = needs(unit)
            sheet = stored_sheet(PARTS["lines"], view)
            shown = values_of(sheet.rows[0]["unit"])["row-0-unit"]
            assert shown == (UNITS.label(unit, language) if unit in UNITS else unit or "")
            assert shown_choice(sheet.rows[0]["unit"]) == (shown or "—")
            form = {**dict(sheet.typed()), "row-0-unit": shown}
            again = typed_sheet(PARTS["lines"], MultiDict(form))
            assert request_bodies.line_member(again.rows[0].data)["unit"] == unit


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_of_an_offer_comes_back_with_its_unit(app: Flask, language: str) -> None:
    line = RECORDS["offers"]["provisions"][0]
    for unit in (*UNITS.codes(), OWN_WORDS):
        data = {"rows": [offer_bodies.line_data({**line, "unit": unit})]}
        with app.test_request_context(f"/?language={language}"):
            form = LinesForm(formdata=None, data=data, meta={"csrf": False})
            fields = values_of(*form.rows[0].form)
        with app.test_request_context(f"/?language={language}", method="POST", data=fields):
            form = LinesForm(meta={"csrf": False})
            (sent,) = offer_bodies.lines_body(form)["provisions"]
        assert fields["rows-0-unit"] == (UNITS.label(unit, language) if unit in UNITS else unit)
        assert sent["unit"] == unit
        assert form.problems() == []


def test_what_was_typed_in_one_language_is_gone_on_with_in_another(app: Flask) -> None:
    with app.test_request_context("/?language=fr"):
        row = LineForm("row-0-", MultiDict({"row-0-unit": "jours"}))
    with app.test_request_context("/?language=ru"):
        held = LineForm("row-0-", data=row.data)
        assert values_of(held["unit"])["row-0-unit"] == UNITS.label("days", "ru")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", KINDS)
def test_a_file_names_a_unit_as_its_reader_does(name: str, language: str) -> None:
    kind = KINDS[name]
    (column,) = (one for one in kind.columns if one.key == "unit")
    row = next(iter(kind.rows(RECORDS[name])))
    shown = cells(kind, row, language)[kind.columns.index(column)]
    assert shown == UNITS.label("machines", language)
    assert column.read(shown, shown, language) == "machines"
    assert column.read("participante(s)", "participante(s)", language) == "persons"
    assert column.read(OWN_WORDS, OWN_WORDS, language) == OWN_WORDS
    assert column.labels is not None  # which a template lists
    assert shown in column.labels(language).values()


def test_a_unit_that_was_kept_by_its_name_is_no_change_in_a_file() -> None:
    (row,) = KINDS["requests"].rows(needs("machines"))
    assert _as_read({**row, "unit": "станков"}) == row
    assert _as_read({**row, "unit": None})["unit"] is None
