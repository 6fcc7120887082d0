"""How long what is typed may be: lines end as the services count them, and nothing is lost."""

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict
from wtforms import Form, TextAreaField

from services.portal.pages.lengths import AtMost


class Reason(Form):
    """A form with one limited field."""

    reason = TextAreaField(validators=[AtMost(1_200)])


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ("", []),
        ("x\r\n" * 600, []),
        ("x\r\n" * 600 + "x", ["This is too long. Characters: 1,201, at most: 1,200."]),
    ],
)
def test_a_limit_is_told_with_what_there_is(app: Flask, typed: str, errors: list[str]) -> None:
    with app.test_request_context():
        form = Reason(MultiDict({"reason": typed}))
        assert form.validate() is (not errors)
        assert list(form.reason.errors) == errors
        assert form.reason.data == typed
        assert "maxlength" not in form.reason()
