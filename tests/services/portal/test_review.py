"""Rules of the coordinators' pages: marks in texts, what is used up, what conflicts, filters."""

from datetime import date
from typing import Any

import pytest
from flask import Flask

from services.portal.pages.review.decisions import back_to, country_of, is_version, key_of
from services.portal.pages.review.filters import KINDS, Filters, read_filters
from services.portal.pages.review.marking import Span, marked, spans_of
from services.portal.pages.review.queue import ORDERS, asked_of, onward
from services.portal.pages.review.rows import proposal_groups
from services.portal.pages.review.weighing import conflicts, serves_none, uses
from shared.vocabulary.currencies import to_usd_cents

DAY = date(2026, 1, 1)


def test_texts_are_marked_where_the_explanation_points() -> None:
    spans = [Span("title", 4, 9, "arms"), Span("title", 0, 3, "two"), Span("other", 0, 2, "x")]
    assert marked("two <b>&x", "title", spans) == (
        "<mark title='two'>two</mark> <mark title='arms'>&lt;b&gt;&amp;x</mark>"
    )


@pytest.mark.parametrize("span", [(-1, 2), (3, 3), (2, 99)])
def test_spans_outside_the_text_mark_nothing(span: tuple[int, int]) -> None:
    assert marked("a<b", "title", [Span("title", *span, "x")]) == "a&lt;b"


def test_of_overlapping_spans_the_first_and_longer_is_marked() -> None:
    spans = [Span("t", 0, 2, "short"), Span("t", 0, 4, "long"), Span("t", 3, 6, "late")]
    assert marked("abcdef", "t", spans) == "<mark title='long'>abcd</mark>ef"


def test_labels_and_ruled_out_spans_are_told_apart_and_escaped() -> None:
    one = {
        "evidence": [{"label": "a'>", "request": [_at(0, 1)], "offer": []}],
        "ruled_out": [{"label": "b", "request": [_at(1, 2)], "offer": [_at(0, 9)]}],
    }
    assert marked("xy", "title", spans_of(one, "request")) == (
        "<mark title='a&#39;&gt;'>x</mark><mark class=\"out\" title='b'>y</mark>"
    )


def test_the_likeliest_duplicates_are_asked_for_first_and_every_kind_says_its_order(
    app: Flask,
) -> None:
    with app.test_request_context("/?language=en"):
        asked = asked_of("duplicates", Filters(kind="duplicates"))
        assert asked is not None
        assert asked.query["sort"] == "likeliest"
        assert set(ORDERS) == set(KINDS)
        assert "likeliest first" in str(ORDERS["duplicates"])


def _at(start: int, end: int) -> dict[str, Any]:
    return {"field": "title", "start": start, "end": end}


def serving(**more: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("quantity", "of", "unit", "amount", "amount_of"))
    return {"need": 1, "provision": 1, "theme": "marking", "kind": "equipment", **empty, **more}


def line(**more: Any) -> dict[str, Any]:
    return {"line": 1, "theme": "marking", "kind": "equipment", "amount": None, **more}


def test_what_would_be_used_up_of_a_need_counts_what_is_spoken_for() -> None:
    need = line(
        quantity=10, unit="machines", pledged={"quantity": 4}, committed={"quantity": 2}, amount=9
    )
    (use,) = uses([serving(quantity=6, of=6)], [need], "request", DAY)
    assert (use.measure, use.unit) == ("quantity", "machines")
    assert (use.whole, use.taken, use.would, use.over) == (10, 4, 6, False)
    assert use.shares() == (0.4, 1.0)


def test_what_would_be_used_up_of_an_offer_is_of_what_is_left() -> None:
    provision = line(capacity=10, unit="machines", left={"capacity": 3})
    twice = [serving(quantity=2), serving(need=2, quantity=2)]
    (use,) = uses(twice, [provision], "offer", DAY)
    assert (use.taken, use.would, use.over) == (7, 4, True)


def test_lines_of_money_and_lines_without_a_measure_are_counted_too() -> None:
    funded = line(line=1, kind="funding", quantity=None, amount=900, currency="USD")
    bare = line(line=2, quantity=None)
    served = [serving(amount=300), serving(need=2)]
    money, whole = uses(served, [funded, bare], "request", DAY)
    assert (money.measure, money.unit, money.would) == ("money", "USD", 300)
    assert (whole.measure, whole.would, whole.shares()) == ("whole", 1, (0.0, 1.0))


def dollars(amount: float, currency: str) -> float:
    """An amount as the matcher tells it."""
    return to_usd_cents(round(amount * 100), currency, DAY) / 100


@pytest.mark.parametrize("currency", ["EUR", "JPY", "IDR"])
@pytest.mark.parametrize("side", ["request", "offer"])
def test_what_serves_a_line_of_money_is_told_in_the_lines_currency(
    currency: str, side: str
) -> None:
    left = {"left": {"amount": 7_654_321}} if side == "offer" else {}
    of_money = line(quantity=None, capacity=None, amount=10_000_000, currency=currency, **left)
    of_money["committed"] = {"amount": 2_345_679}
    for given, over in ((5_000_000, False), (7_654_321, False), (8_000_000, True)):
        (use,) = uses([serving(amount=dollars(given, currency))], [of_money], side, DAY)
        assert (use.unit, use.taken, use.would, use.over) == (currency, 2_345_679, given, over)


@pytest.mark.parametrize("amount", [65_000.0, None])
def test_in_a_currency_without_a_rate_nobody_says_what_would_be_used_up(
    amount: float | None,
) -> None:
    unrated = line(kind="funding", quantity=None, amount=900, currency="KPW")
    (use,) = uses([serving(amount=amount)], [unrated], "request", DAY)
    assert (use.would, use.over, use.shares()) == (None, False, (0.0, 0.0))
    assert not serves_none([serving(amount=amount)], [unrated])


def chosen(id_: str, request: str, offer: str, *serves: Any) -> dict[str, Any]:
    return {"id": id_, "request": request, "offer": offer, "serves": list(serves)}


def test_two_for_one_need_conflict_where_they_give_more_than_it_asks_for() -> None:
    half, all_of_it = serving(quantity=5, of=10), serving(quantity=10, of=10)
    one, two = chosen("a", "r", "o1", half), chosen("b", "r", "o2", half)
    assert conflicts([one, two], {}, DAY) == {"a": [], "b": []}
    three = chosen("c", "r", "o3", all_of_it)
    found = conflicts([one, two, three], {}, DAY)
    assert [(c.code, c.line, c.others) for c in found["c"]] == [("same-need", 1, ("a", "b"))]


def test_two_of_one_offer_conflict_where_they_take_more_than_is_left() -> None:
    offers = {"o": {"provisions": [{"line": 1, "left": {"capacity": 8, "amount": None}}]}}
    first = chosen("a", "r1", "o", serving(quantity=5, of=5))
    second = chosen("b", "r2", "o", serving(quantity=5, of=5))
    found = conflicts([first, second], offers, DAY)
    assert [(c.code, c.line, c.others) for c in found["a"]] == [("same-capacity", 1, ("b",))]
    offers["o"]["provisions"][0]["left"] = {"capacity": 10, "amount": None}
    assert conflicts([first, second], offers, DAY) == {"a": [], "b": []}


@pytest.mark.parametrize(
    ("currency", "part", "clash"),
    [("JPY", 0.5, False), ("JPY", 0.75, True), ("EUR", 0.5, False), ("EUR", 0.55, True)],
)
def test_what_is_left_of_an_offer_is_held_against_dollars_in_dollars(
    currency: str, part: float, clash: bool
) -> None:
    provision = {"line": 1, "currency": currency, "left": {"capacity": None, "amount": 7_654_321}}
    given = dollars(7_654_321 * part, currency)
    first = chosen("a", "r1", "o", serving(amount=given))
    second = chosen("b", "r2", "o", serving(amount=given))
    found = conflicts([first, second], {"o": {"provisions": [provision]}}, DAY)
    assert [one.code for one in found["a"]] == (["same-capacity"] if clash else [])


def test_two_of_an_offer_in_a_currency_without_a_rate_conflict() -> None:
    provision = {"line": 1, "currency": "KPW", "left": {"capacity": None, "amount": 10**9}}
    one, two = (chosen(id_, f"r-{id_}", "o", serving(amount=1)) for id_ in "ab")
    found = conflicts([one, two], {"o": {"provisions": [provision]}}, DAY)
    assert [one.code for one in found["a"]] == ["same-capacity"]


def test_filters_are_read_from_the_address_and_what_is_none_is_passed_over() -> None:
    asked = read_filters({"kind": "proposals", "theme": "marking", "place": "SEN", "score": "0.5"})
    assert (asked.kind, asked.theme, asked.country) == ("proposals", "marking", "SEN")
    assert (asked.region, asked.score, asked.place) == (None, "0.5", "SEN")
    assert read_filters({"place": "Western Africa"}).region == "Western Africa"
    odd = read_filters({"kind": "<b>", "theme": "x", "place": "ZZZ", "score": "2", "cursor": ""})
    assert odd == read_filters({})
    assert odd.kinds() == list(KINDS)


def test_of_each_request_the_best_five_are_asked_for_unless_told_otherwise() -> None:
    usual = read_filters({"best": "7"})
    assert (usual.best, usual.most, usual.any()) == ("5", "5", False)
    every = read_filters({"best": "all"})
    assert (every.most, every.any()) == (None, True)
    assert read_filters({"best": "3"}).most == "3"


def test_kinds_without_theme_or_score_are_left_out_where_that_is_asked_for() -> None:
    asked = read_filters({"theme": "marking", "score": "0.5"})
    assert asked.kinds() == ["proposals"]
    assert asked.left_out() == ["requests", "duplicates", "coverage", "alliances"]


def test_a_cursor_is_of_one_kind_alone() -> None:
    assert read_filters({"kind": "coverage", "cursor": "x"}).cursor == "x"
    assert read_filters({"cursor": "x"}).cursor is None


@pytest.mark.parametrize("sent", [None, "", "//evil", "/review/x", "/reviews", "https://x/review"])
def test_after_a_decision_one_comes_back_to_the_queue_alone(sent: str | None) -> None:
    assert back_to(sent) == "/review"
    assert back_to("/review?kind=proposals") == "/review?kind=proposals"


def test_from_each_row_one_goes_on_to_the_next_and_from_the_last_back_by_one() -> None:
    asked = "/review?place=DJI"
    assert onward(asked, ["a.b", "c", "d"]) == {
        "a.b": f"{asked}#row-c",
        "c": f"{asked}#row-d",
        "d": f"{asked}#row-c",
    }
    assert onward(asked, ["a"]) == {"a": asked}
    assert onward(asked, []) == {}
    for queue in (asked, "/review"):
        assert back_to(f"{queue}#row-a.c") == f"{queue}#row-a.c"
    assert back_to("/review#row-a b") == "/review"


def test_keys_and_versions_of_forms_are_checked() -> None:
    assert key_of("a" * 24) == "a" * 24
    assert key_of("x" * 24) != "x" * 24
    assert len(key_of(None)) == 24
    assert is_version('"0.123"')
    assert (country_of("SEN"), country_of("<b>"), country_of(None)) == ("SEN", None, None)
    assert not any(is_version(sent) for sent in (None, "", "0.1", '"0.1"x', '"*"', '"0.1", "1.2"'))


def test_proposals_are_grouped_by_request_and_named_as_far_as_is_known() -> None:
    def one(request: str, offer: str) -> dict[str, Any]:
        return {
            "id": f"{request}.{offer}",
            "request": request,
            "offer": offer,
            "country": "SEN",
            "organisation": "org",
            "score": 0.5,
            "version": "0.1",
            "serves": [serving()],
            "reasons": [],
            "against": [{"sentence": "No."}],
            "embargoes": [],
        }

    groups = proposal_groups(
        [one("r1", "o1"), one("r1", "o2"), one("r2", "o1")],
        {"r1": {"title": "T", "language": "ar"}},
        {"o1": {"title": "O", "language": "fr"}},
        {},
        {},
        {},
    )
    assert [(group.title, len(group.rows)) for group in groups] == [("T", 2), (None, 1)]
    first, second = groups[0].rows
    assert (first.title, first.sentence, first.version) == ("O", "No.", '"0.1"')
    assert (first.themes, second.title) == (["marking"], None)
