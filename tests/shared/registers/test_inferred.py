"""Showing what a text seems to say, and making lines of it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from shared.registers.inferred import confirmed_lines, inferred_view
from shared.web.problems import Problem

WHOLE = [["description", 0, 90]]
LINES = [
    ["marking", "equipment", 0.8, 6, "machines", None, None, ["description", 7, 23, 0.85], None],
    ["marking", "training", 0.4, 2.5, None, 900050, "USD", WHOLE[0] + [0.7], WHOLE[0] + [0.95]],
    ["marking", "funding", 0.3, None, None, None, None, None, None],
]
FACTS = {
    "quantities": [
        [6, "machines", "title", 0, 9, 0.7],
        [6, "machines", "description", 7, 23, 0.85],
        [12, None, "description", 30, 32, 0.2],
    ],
    "amounts": [[900050, "USD", "description", 40, 50, 0.95]],
    "places": [["MLI", "description", 60, 64, 0.93], ["TCD", "description", 70, 74, 0.25]],
    "dates": [["2027-03-01", "2027-03-31", "description", 80, 90, 0.95]],
}
INFERRED = {
    "themes": [["marking", 0.9, [["description", 11, 23]]]],
    "kinds": [["equipment", 0.85, [["description", 11, 23]]], ["training", 0.4, WHOLE]],
    "lines": LINES,
    "facts": FACTS,
}
NOTHING = {"themes": [], "kinds": [], "lines": [], "facts": {name: [] for name in FACTS}}


@dataclass
class Line:
    line: int
    theme: str
    kind: str


def fields_of(error):
    return [(one.field, one.code) for one in error.value.errors]


def test_lines_are_marked_as_inferred_and_name_what_speaks_for_them():
    shown = inferred_view(INFERRED, [Line(4, "marking", "equipment")], "quantity")
    first, second, third = shown["lines"]
    assert (first["index"], first["inferred"], first["line"]) == (0, True, 4)
    assert (first["quantity"], first["unit"], first["amount"]) == (6, "machines", None)
    assert [(span["of"], span["start"], span["probability"]) for span in first["spans"]] == [
        ("theme", 11, 0.9),
        ("kind", 11, 0.85),
        ("quantity", 7, 0.85),
    ]
    assert second["line"] is None
    assert (second["quantity"], second["amount"]) == (Decimal("2.5"), Decimal("9000.5"))
    assert [span["of"] for span in third["spans"]] == ["theme"]


def test_the_measure_is_called_as_the_register_calls_it():
    shown = inferred_view(INFERRED, (), "capacity")["lines"][0]
    assert shown["capacity"] == 6
    assert "quantity" not in shown


def test_facts_are_told_once_with_all_their_places_and_unlikely_ones_not():
    shown = inferred_view(INFERRED, (), "quantity")
    (quantity,) = shown["quantities"]
    assert (quantity["quantity"], quantity["unit"], quantity["probability"]) == (
        6,
        "machines",
        0.85,
    )
    assert [span["field"] for span in quantity["spans"]] == ["title", "description"]
    assert [place["code"] for place in shown["places"]] == ["MLI"]
    (period,) = shown["dates"]
    assert (period["from"], period["to"]) == (date(2027, 3, 1), date(2027, 3, 31))


def test_contradictions_name_the_codes_and_what_the_text_says():
    own = [Line(1, "border-control", "infrastructure"), Line(2, "border-control", "expertise")]
    theme, kind = inferred_view(INFERRED, own, "quantity")["contradictions"]
    assert (theme["of"], theme["coded"], theme["code"]) == ("theme", ["border-control"], "marking")
    assert theme["spans"] == [{"field": "description", "start": 11, "end": 23}]
    assert (kind["of"], kind["coded"], kind["code"]) == (
        "kind",
        ["infrastructure", "expertise"],
        "equipment",
    )
    assert inferred_view(INFERRED, (), "quantity")["contradictions"] == []


def test_nothing_inferred_shows_nothing():
    assert not any(inferred_view(NOTHING, (), "quantity").values())


def test_chosen_lines_come_in_the_order_of_choice_with_their_edits():
    lines = confirmed_lines(
        INFERRED,
        [
            {"index": 2, "amount": Decimal(5), "currency": "EUR"},
            {"index": 0, "quantity": Decimal(4)},
        ],
        "quantity",
    )
    assert [(line["kind"], line["quantity"], line["unit"]) for line in lines] == [
        ("funding", None, None),
        ("equipment", 4, "machines"),
    ]
    assert lines[0]["amount"] == 5
    assert "index" not in lines[0]


def test_a_measure_taken_away_takes_its_unit_or_currency_along():
    edits = {"index": 1, "quantity": None, "amount": None}
    (line,) = confirmed_lines(INFERRED, [edits], "quantity")
    assert [line[name] for name in ("quantity", "unit", "amount", "currency")] == [None] * 4


@pytest.mark.parametrize(
    ("chosen", "errors"),
    [
        ([{"index": 3}], [("lines[0].index", "unknown-line")]),
        ([{"index": 0}, {"index": 0}], [("lines[1].index", "repeated-line")]),
        ([{"index": 2, "unit": "machines"}], [("lines[0].quantity", "required")]),
        ([{"index": 0, "amount": Decimal(5)}], [("lines[0].currency", "required")]),
        ([{"index": 0, "currency": "EUR"}], [("lines[0].amount", "required")]),
        ([{"index": 1, "currency": None}], [("lines[0].currency", "required")]),
    ],
)
def test_what_cannot_be_confirmed_is_named(chosen, errors):
    with pytest.raises(Problem) as error:
        confirmed_lines(INFERRED, chosen, "quantity")
    assert error.value.status == 422
    assert fields_of(error) == errors


def test_nothing_can_be_confirmed_where_nothing_was_inferred():
    with pytest.raises(Problem) as error:
        confirmed_lines(NOTHING, [{"index": 0}], "quantity")
    assert fields_of(error) == [("lines[0].index", "unknown-line")]
