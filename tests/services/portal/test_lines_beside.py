"""The lines of two records beside one another: which go together, and what is marked."""

from typing import Any

import pytest
from flask import Flask

from services.portal.pages.cases.lines import Pair, pairs_of


def need(**more: Any) -> dict[str, Any]:
    """A need line."""
    return {
        "theme": "marking",
        "kind": "equipment",
        "quantity": 6,
        "unit": "machines",
        "amount": None,
        "currency": None,
        "priority": "high",
        "window": None,
        "sites": [],
        "sustainability": [],
        **more,
    }


@pytest.fixture
def pairs(app: Flask) -> Any:
    """Pairs the lines of two requests, in English."""

    def of(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> list[Pair]:
        with app.test_request_context("/?language=en"):
            return pairs_of({"needs": left}, {"needs": right})

    return of


def marked(pair: Pair) -> tuple[list[str] | None, list[str] | None]:
    """The words that are marked on either side; None for a line that is not there."""
    left, right = (
        None if facts is None else [fact.words for fact in facts if not fact.alike]
        for facts in (pair.left, pair.right)
    )
    return left, right


def test_lines_that_say_the_same_have_no_marks(pairs: Any) -> None:
    (pair,) = pairs([need(sites=["Thiès"])], [need(sites=["Thiès"])])
    assert marked(pair) == ([], [])
    assert [fact.words for fact in pair.left] == ["6 machines", "High", "Thiès"]


def test_amounts_days_and_sites_that_differ_are_marked(pairs: Any) -> None:
    window = {"from": "2027-01-01", "to": "2027-12-31"}
    (pair,) = pairs(
        [need(amount=1200, currency="USD", sites=["Thiès"])],
        [need(quantity=8, window=window)],
    )
    assert marked(pair) == (
        ["6 machines · $1,200", "Thiès"],
        ["8 machines", "Jan 1, 2027 – Dec 31, 2027"],
    )
    assert [fact.own for fact in pair.left] == [False, False, True]


def test_lines_of_one_theme_and_kind_go_together(pairs: Any) -> None:
    ours = [need(), need(quantity=2), need(kind="training")]
    theirs = [need(kind="funding"), need(quantity=2), need(quantity=7), need(quantity=9)]
    found = pairs(ours, theirs)
    assert [(one.kind, marked(one)) for one in found] == [
        ("equipment", ([], [])),
        ("equipment", (["6 machines"], ["7 machines"])),
        ("equipment", (None, ["9 machines", "High"])),
        ("training", (["6 machines", "High"], None)),
        ("funding", (None, ["6 machines", "High"])),
    ]


def test_two_offers_are_compared_by_their_capacity(app: Flask) -> None:
    line = {"theme": "marking", "kind": "equipment", "unit": "machines", "amount": None}
    with app.test_request_context("/?language=en"):
        (pair,) = pairs_of(
            {"provisions": [{**line, "capacity": 2}]}, {"provisions": [{**line, "capacity": 3}]}
        )
    assert marked(pair) == (["2 machines"], ["3 machines"])
