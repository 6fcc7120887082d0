"""Lists, moments and patterns that are held in bounds."""

from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
import pytest
from marshmallow import fields

from shared.vocabulary import errors
from shared.web.bounds import BoundedList, Moment, Pattern
from shared.web.field_errors import field_errors
from shared.web.problems import MAX_FIELD_ERRORS
from shared.web.schemas import CountryCode, StrictSchema


def load(field: fields.Field[Any], value: Any) -> Any:
    return StrictSchema.from_dict({"it": field})().load({"it": value})["it"]


def code_of(field: fields.Field[Any], value: Any) -> str:
    with pytest.raises(ma.ValidationError) as caught:
        load(field, value)
    (error,) = field_errors(caught.value.messages)
    assert error.field == "it"
    return error.code


class Counted(fields.String):
    """A field that counts how often it reads."""

    read = 0

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        Counted.read += 1
        return super()._deserialize(*args, **kwargs)


def test_a_list_that_is_too_long_is_refused_before_its_items_are_read() -> None:
    Counted.read = 0
    assert code_of(BoundedList(Counted(), 3), ["x"] * 4) == "too_long"
    assert Counted.read == 0
    assert load(BoundedList(Counted(), 3), ["x"] * 3) == ["x"] * 3
    assert Counted.read == 3
    assert StrictSchema.from_dict({"it": BoundedList(Counted(), 3)})().load({}) == {"it": []}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-01T02:00:00+02:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("2100-12-31T23:59:59Z", datetime(2100, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("1970-01-01T00:00:00+00:01", None),
        ("2100-12-31T23:59:59-00:01", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59-23:59", None),
    ],
)
def test_moments_are_loaded_in_utc_and_lie_in_our_time(text: str, moment: datetime | None) -> None:
    if moment is None:
        assert code_of(Moment(), text) == "year"
    else:
        assert load(Moment(), text) == moment
        assert load(Moment(), text).tzinfo is UTC


def test_a_pattern_matches_the_whole_text() -> None:
    field = fields.String(validate=Pattern("^[a-z]+$"))
    assert load(field, "abc") == "abc"
    for text in ("abc\n", "abc1", "1abc", ""):
        code_of(field, text)
    with pytest.raises(ValueError, match="between"):
        Pattern(r"[a-z]+\Z")


def test_suggestions_are_made_only_for_the_errors_that_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sought = []
    monkeypatch.setattr(errors, "_closest", lambda code, _: sought.append(code) or ())
    schema = StrictSchema.from_dict({"it": BoundedList(CountryCode(), 300)})()
    with pytest.raises(ma.ValidationError) as caught:
        schema.load({"it": ["???"] * 300})
    found = field_errors(caught.value.messages)
    assert {error.code for error in found} == {"unknown-code"}
    assert len(found) == 300
    assert len(sought) == MAX_FIELD_ERRORS
