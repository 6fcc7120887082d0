"""What the register refuses of a spreadsheet's records, in words of the spreadsheet."""

import pytest
from flask import Flask
from flask_babel import force_locale

from services.portal.pages.spreadsheets.bringing import said_of
from services.portal.pages.spreadsheets.kinds import KINDS
from services.portal.services import RefusedError


@pytest.mark.parametrize(
    ("name", "field", "expected"),
    [
        ("offers", "provisions[0].capacity", "Combien: Remplissez ce champ."),
        ("requests", "needs[1].quantity", "Combien: Remplissez ce champ."),
        ("activities", "window.to", "Dernier jour: Remplissez ce champ."),
        ("offers", "external_id", "Remplissez ce champ."),
        ("offers", "", "Remplissez ce champ."),
    ],
)
def test_a_refusal_names_the_column_and_no_member_of_the_interface(
    app: Flask, name: str, field: str, expected: str
) -> None:
    errors = [{"field": field, "code": "required", "message": "Missing data."}]
    error = RefusedError("offers", 422, {"errors": errors})
    with app.test_request_context("/?language=fr"), force_locale("fr"):
        assert said_of(KINDS[name], error) == expected
