"""The parts that both registers stand on, by themselves."""

import json
from datetime import date
from decimal import Decimal
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.registers.lines import Use, check_codes, number_lines
from shared.registers.measures import (
    amount_of,
    event_quantity,
    event_unit,
    hundredths,
    quantity_of,
    thousandths,
)
from shared.registers.search import search_condition, search_terms
from shared.vocabulary.themes import THEMES
from shared.web.problems import Problem


@given(st.decimals(0, 10**9, places=3))
def test_quantities_go_in_and_out_exactly(quantity):
    stored = thousandths(quantity)
    assert quantity_of(stored) == quantity
    assert Decimal(repr(event_quantity(stored))) == quantity


@given(st.decimals(0, 10**13, places=2))
def test_amounts_go_in_and_out_exactly(amount):
    assert amount_of(hundredths(amount)) == amount


def test_nothing_stays_nothing():
    assert thousandths(None) is hundredths(None) is quantity_of(None) is amount_of(None) is None
    assert event_quantity(None) is event_unit(None) is event_unit("") is None


def test_whole_quantities_are_whole_numbers():
    assert isinstance(event_quantity(4000), int)
    assert isinstance(event_quantity(4500), float)


def test_lines_are_numbered_after_the_highest_ever_given():
    assert number_lines([{}, {"line": 2}, {}], {1, 2}, 5, "needs") == ([5, 2, 6], 7)


@pytest.mark.parametrize(
    ("lines", "field", "code"),
    [
        ([{"line": 9}], "needs[0].line", "unknown-line"),
        ([{"line": 0}], "needs[0].line", "unknown-line"),
        ([{"line": 1}, {"line": 1}], "needs[1].line", "repeated-line"),
    ],
)
def test_wrong_line_numbers(lines, field, code):
    with pytest.raises(Problem) as error:
        number_lines(lines, {1}, 2, "needs")
    (found,) = error.value.errors
    assert (found.field, found.code) == (field, code)


def test_numbers_run_out_where_events_end():
    """A PUT without `line` makes all lines new: whoever repeats it often enough gets here."""
    common = json.loads((files("shared.events") / "schemas/common.schema.json").read_text())
    last = common["$defs"]["line"]["maximum"]
    assert number_lines([{}], set(), last, "needs") == ([last], last + 1)
    with pytest.raises(Problem) as error:
        number_lines([{"line": 1}, {}], {1}, last + 1, "needs")
    (found,) = error.value.errors
    assert (found.field, found.code) == ("needs[1].line", "no-number-left")
    assert error.value.status == 422


def test_codes_are_checked_on_their_day():
    def codes(code, on):
        return [e.code for e in check_codes([Use("theme", THEMES, code)], on)]

    retired = "marking-and-record-keeping"
    assert codes(retired, date(2024, 12, 31)) == []
    assert codes(retired, date(2025, 1, 1)) == ["retired-code"]
    assert codes("nonsense", date(2025, 1, 1)) == ["unknown-code"]
    assert codes(None, date(2025, 1, 1)) == []


def test_confidential_stems_are_apart():
    kept = search_terms(["open bunkers"], ["secret bunkers"], ["en"])
    assert "!bunker" in kept
    assert "bunker" in kept
    assert "secret" not in kept
    (reading,) = search_condition("secret", confidential=False)["$and"]
    assert reading == {"search_terms": "secret"}


def test_the_mark_of_confidential_stems_cannot_be_asked_for():
    assert "!" not in str(search_condition("!secret", confidential=False))


def test_a_query_without_words_is_refused():
    with pytest.raises(Problem) as error:
        search_condition(" ! 7 . ", confidential=True)
    assert error.value.errors[0].field == "q"


def test_long_queries_are_cut():
    condition = search_condition(" ".join(f"word{n}x" for n in range(100)), confidential=False)
    for reading in condition.get("$or", [condition]):
        assert len(reading["$and"]) == 16
