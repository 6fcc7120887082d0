"""What covers a need line, how much of it, and what does not."""

import math
from datetime import date
from itertools import permutations
from typing import Any

import pytest

from services.matcher.engine.activities import Activities
from services.matcher.engine.coverage import Covering, coverings, shipped
from services.matcher.engine.coverage_features import FEATURES
from services.matcher.engine.profiles import RequestProfile
from shared.language import encoder_available, signature
from shared.language.particulars import Author
from tests.services.matcher.engine.covering import GIVEN, KEY, NEED, activity, held, line, request

DAY = date(2026, 7, 1)
PAST = {"from": "2019-01-01", "to": "2020-12-31"}

pytestmark = pytest.mark.skipif(not encoder_available(), reason="no sentence encoder")


def found(index: Activities, day: date = DAY) -> tuple[Covering, ...]:
    return coverings(index, "r", day, shipped())


def found_with(**fields: Any) -> tuple[Covering, ...]:
    return found(held(request(), activity(**fields)))


def test_assistance_under_way_covers_the_need_that_it_gives() -> None:
    (one,) = found_with()
    assert (one.request, one.line, one.activity) == ("r", 1, "a")
    assert one.score >= shipped().least
    assert (one.extent.basis, one.extent.part) == ("quantity", 1.0)
    assert "marking-machine" in one.concepts
    terms = [w * f for w, f in zip(shipped().weights, one.features, strict=True)]
    told = 1 / (1 + math.exp(-(shipped().intercept + sum(terms))))
    assert one.score == pytest.approx(told, abs=1e-5)
    assert len(one.features) == len(FEATURES)


@pytest.mark.parametrize(
    "fields",
    [
        {"country": "MLI"},
        {"country": "XXX"},
        {"theme": "reporting", "kind": "training"},
        {"theme": "no-such-theme"},
        {"kind": "no-such-kind"},
        {"status": "cancelled"},
        {"window": PAST},
        {"window": PAST, "status": "completed"},
        {"window": None, "status": "completed"},
        {"quantity": 1, "amount_cents": 500_000, "text": "One machine on trial loan."},
        {"text": "Six cameras for fishery boats; no weapons, no machines for marking."},
    ],
)
def test_what_covers_nothing(fields: dict[str, Any]) -> None:
    assert found_with(**fields) == ()


def test_places_within_the_state_are_compared() -> None:
    """Another province is no cover, the same one supports, and who names none is as before."""
    asked = request(text=f"{NEED} They go to Ziguinchor and Louga.")
    (plain,) = found_with()
    (there,) = found(held(asked, activity(text=f"{GIVEN} All are in Louga.")))
    (untold,) = found(held(asked, activity()))
    at = FEATURES.index("sites")
    assert (there.features[at], untold.features[at], plain.features[at]) == (1.0, 0.5, 0.5)
    assert shipped().weights[at] > 0.0
    assert there.score > untold.score
    assert found(held(asked, activity(text=f"{GIVEN} All are in Matam."))) == ()


def test_a_line_has_places_of_its_own() -> None:
    """Each line is covered where it is for, whatever the request's other lines name."""
    asked = listing({1: ["Louga"], 2: ["Ziguinchor", "Matam"]})
    given = [activity(where, text=f"{GIVEN} All are in {where}.") for where in ("Louga", "Matam")]
    assert [(one.line, one.activity) for one in found(held(asked, *given))] == [
        (1, "Louga"),
        (2, "Matam"),
    ]
    assert len(found(held(asked, activity()))) == 2, "who names no place may cover both"


def test_a_place_that_nobody_knows_by_name_rules_nothing_out() -> None:
    asked = listing({1: ["The old depot"], 2: ["Louga", "The old depot"]})
    there, elsewhere = (
        found(held(asked, activity(text=f"{GIVEN} All are in {where}.")))
        for where in ("Louga", "Matam")
    )
    at = FEATURES.index("sites")
    assert [one.features[at] for one in there] == [1.0, 1.0]
    assert [one.features[at] for one in elsewhere] == [0.5, 0.5]


def listing(sites: dict[int, list[str]]) -> RequestProfile:
    """A request whose lines list these sites."""
    by_line = tuple((number, tuple(listed)) for number, listed in sites.items())
    every = tuple(site for listed in sites.values() for site in listed)
    author = Author(country="SEN", sites=every, by_line=by_line)
    told = signature({"description": NEED}, "en", KEY, "request", author)
    return request(lines=[line(number) for number in sites], signature=told)


@pytest.mark.parametrize(
    ("fields", "basis", "part"),
    [
        ({"quantity": 4}, "quantity", 4 / 6),
        ({"quantity": 600, "amount_cents": 2_000_000_000}, "quantity", 1.0),
        ({"quantity": None, "unit": None, "amount_cents": 12_000_000}, "share", 0.6),
        ({"unit": "sites"}, "share", 1.0),
        ({"quantity": None, "unit": None, "amount_cents": None, "currency": None}, "whole", 1.0),
    ],
)
def test_how_much_is_covered(fields: dict[str, Any], basis: str, part: float) -> None:
    (one,) = found_with(**fields)
    assert one.extent.basis == basis
    assert one.extent.part == pytest.approx(part, abs=1e-6)


def test_a_line_counted_in_money_is_covered_by_money() -> None:
    funding = line(kind="funding", quantity=None, unit=None)
    given = activity(kind="funding", quantity=None, unit=None, amount_cents=15_000_000)
    (one,) = found(held(request(lines=[funding]), given))
    assert (one.extent.basis, one.extent.part) == ("money", 0.75)


@pytest.mark.parametrize("fields", [{"window": None}, {"text": None}])
def test_without_dates_or_text_the_rest_decides(fields: dict[str, Any]) -> None:
    (one,) = found_with(**fields)
    assert one.activity == "a"


def test_what_is_done_covers_only_if_it_went_on_into_the_needs_time() -> None:
    done = activity(status="completed", window={"from": "2026-01-01", "to": "2026-06-15"})
    before = activity(status="completed", window={"from": "2026-01-01", "to": "2026-05-31"})
    planned = activity(status="planned", window={"from": "2026-01-01", "to": "2026-05-31"})
    assert found(held(request(), done))
    assert not found(held(request(), before))
    assert found(held(request(), planned), date(2026, 3, 1))
    assert not found(held(request(), planned))  # over by its own dates


def test_a_request_that_is_not_open_or_gone_is_covered_by_nothing() -> None:
    assert not found(held(request(status="withdrawn"), activity()))
    index = held(request(), activity())
    index.remove_request("r")
    assert not found(index)
    index.remove_activity("never here")


def test_the_order_in_which_records_come_does_not_matter() -> None:
    records = (request(), activity("a1"), activity("a2", quantity=3), request("other"))
    lists = {found(held(*order)) for order in permutations(records)}
    assert len(lists) == 1
    assert [one.activity for one in lists.pop()] == ["a1", "a2"]


def test_a_changed_activity_leaves_nothing_of_what_it_was() -> None:
    index = held(request(), activity(), activity(country="MLI"))
    assert not found(index)
    assert index.in_state("SEN") == {}
    index.put_activity(activity())
    assert found(index) == found(held(request(), activity()))


def test_each_line_by_itself() -> None:
    course = line(2, kind="training", unit="persons", quantity=12, amount_cents=3_000_000)
    index = held(request(lines=[line(), course]), activity())
    assert [one.line for one in found(index)] == [1]
