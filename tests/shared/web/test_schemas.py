"""Fields of what crosses the wire."""

import math
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any

import marshmallow as ma
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import fields

from shared.vocabulary.terms import Term, Vocabulary
from shared.web.field_errors import field_errors
from shared.web.schemas import (
    Amount,
    Code,
    CountryCode,
    Day,
    MoneyMixin,
    Quantity,
    StrictSchema,
    Text,
    Window,
)

COLOURS = Vocabulary(
    "colours",
    [
        Term("red", {}),
        Term("puce", {}, retired=date(2026, 1, 1), replaced_by="red"),
    ],
)


def load(field: fields.Field[Any], value: Any) -> Any:
    return StrictSchema.from_dict({"it": field})().load({"it": value})["it"]


def code_of(field: fields.Field[Any], value: Any) -> str:
    with pytest.raises(ma.ValidationError) as caught:
        load(field, value)
    (error,) = field_errors(caught.value.messages)
    assert error.field == "it"
    return error.code


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, "1"),
        (0.001, "0.001"),
        (1e9, "1000000000"),
        (0.1 + 0.2, None),
        (0.0005, None),
        (0, None),
        (-1, None),
        (1e9 + 1, None),
        (10**4000, None),
        (True, None),
        ("1", None),
        ([1], None),
        (math.nan, None),
        (math.inf, None),
    ],
)
def test_quantities(value: Any, number: str | None) -> None:
    if number is None:
        assert code_of(Quantity(), value)
    else:
        assert load(Quantity(), value) == Decimal(number)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0, None),
        (0.01, None),
        (1e13, None),
        (9_999_999_999_999.99, None),
        (10**13 + 1, "too_large"),
        (0.001, "decimals"),
        (-0.01, "too_small"),
        (False, "number"),
    ],
)
def test_amounts(value: Any, code: str | None) -> None:
    if code is None:
        assert load(Amount(), value) == Decimal(repr(value))
    else:
        assert code_of(Amount(), value) == code


@given(st.integers(0, 10**15))
def test_every_cent_up_to_the_limit_survives_the_wire(cents: int) -> None:
    schema = StrictSchema.from_dict({"it": Amount()})()
    amount = Decimal(cents) / 100
    assert schema.loads(schema.dumps({"it": amount})) == {"it": amount}


class _Money(MoneyMixin, StrictSchema):
    pass


def test_amount_and_currency_come_together_or_not_at_all() -> None:
    assert _Money().load({}) == {"amount": None, "currency": None}
    assert _Money().load({"amount": 5, "currency": "USD"})["amount"] == 5
    assert _Money().load({"amount": 0, "currency": "USD"})["currency"] == "USD"
    assert _Money().validate({"amount": 5}).keys() == {"currency"}
    assert _Money().validate({"amount": 0, "currency": None}).keys() == {"currency"}
    assert _Money().validate({"currency": "USD"}).keys() == {"amount"}
    assert _Money().validate({"amount": 5, "currency": "US$"}).keys() == {"currency"}


def test_codes_that_are_unknown_or_retired_are_told_apart() -> None:
    assert load(Code(COLOURS), "red") == "red"
    assert code_of(Code(COLOURS), "blue") == "unknown-code"
    assert code_of(Code(COLOURS), "puce") == "retired-code"
    assert code_of(Code(COLOURS), "") == "unknown-code"
    assert code_of(Code(COLOURS), 7) == "invalid"
    assert load(Code(COLOURS, retired=True), "puce") == "puce"
    assert load(Code(COLOURS, on=lambda: date(2025, 12, 31)), "puce") == "puce"


def test_a_retired_code_says_what_to_use() -> None:
    with pytest.raises(ma.ValidationError, match="Use 'red'"):
        load(Code(COLOURS), "puce")


def test_a_country_is_a_code_in_capitals() -> None:
    assert load(CountryCode(), "SEN") == "SEN"
    for wrong in ("sen", "SN", "XXX", "", "SEN "):
        assert code_of(CountryCode(), wrong) == "unknown-code"


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("  a  ", "a"),
        ("e\u0301", "é"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\tb", "a\tb"),
        ("a\x07b\x1b[31m\x85", "ab[31m"),
        ("السلام\u200cعليكم", "السلام\u200cعليكم"),
    ],
)
def test_texts_are_cleaned(given_text: str, kept: str) -> None:
    assert load(Text(20), given_text) == kept


def test_texts_have_limits_after_cleaning() -> None:
    assert load(Text(3), "  abc  ") == "abc"
    assert code_of(Text(3), "abcd") == "too_long"
    assert load(Text(1), "e\u0301") == "é"
    assert code_of(Text(9), "a\0b") == "text"
    assert code_of(Text(9), "\udfff") == "text"
    assert load(Text(9, single_line=True), "a\n b\t c") == "a b c"
    # Some characters grow by normalisation.
    assert code_of(Text(1), "\u0958") == "too_long"


def test_blank_texts_are_missing() -> None:
    unseen = ("\u200b", "\u202e\u200f", "\ufeff \u00ad", "\u2800\u3164", "\u2066\n\u2069")
    for blank in ("", " ", "\n\t", "\u3000", "\x07", *unseen):
        assert code_of(Text(9, required=True), blank) == "blank"
        assert code_of(Text(9), blank) == "blank"
        assert load(Text(9, allow_none=True), blank) is None


@given(st.text())
def test_any_text_is_refused_or_comes_out_fit_to_keep(text: str) -> None:
    try:
        kept = load(Text(100), text)
    except ma.ValidationError:
        return
    assert kept == unicodedata.normalize("NFC", kept)
    assert not any(unicodedata.category(sign) == "Cc" and sign not in "\n\t" for sign in kept)
    assert load(Text(100), kept) == kept
    kept.encode()


@pytest.mark.parametrize(
    "day",
    [
        "2026-1-1",
        "20260101",
        "2026-02-30",
        "2026-W01-1",
        "",
        "x",
        5,
        "٢٠٢٦-٠١-٠١",
        "2026-01-01T00:00",
    ],
)
def test_what_is_no_day_is_refused(day: Any) -> None:
    assert code_of(Day(), day) == "invalid"


def test_days_have_years_that_can_be_meant() -> None:
    assert load(Day(), "2000-01-01") == date(2000, 1, 1)
    assert code_of(Day(), "1999-12-31") == "year"
    assert code_of(Day(), "2101-01-01") == "year"


def test_windows() -> None:
    schema = StrictSchema.from_dict({"window": Window()})()
    day = {"from": "2026-01-01", "to": "2026-01-01"}
    assert schema.load({"window": day})["window"] == dict.fromkeys(day, date(2026, 1, 1))
    assert schema.load({})["window"] is None
    assert schema.dump(schema.load({"window": day})) == {"window": day}
    assert schema.validate({"window": {"from": "2026-01-01"}}) == {
        "window": {"to": ["Missing data for required field."]}
    }
    assert schema.validate({"window": {**day, "to": "2025-12-31"}})["window"].keys() == {"to"}
    required = StrictSchema.from_dict({"window": Window(required=True)})()
    assert required.validate({}).keys() == required.validate({"window": None}).keys() == {"window"}
