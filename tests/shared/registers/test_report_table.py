"""Figures out of the table of facts are those of a plain pass over the facts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.registers.report import DIMENSIONS, Fact, Form
from shared.registers.report_table import gathered, records_behind, report
from shared.web.paging import write_cursor
from shared.web.problems import Problem

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FORMS: Mapping[str, Form] = {"met": "share", "worth": "sum", "days": "spread", "none": "spread"}
CODES = {
    "theme": ("marking", "tracing", "training"),
    "year": ("2025", "2026"),
    "group": ("LDC", "SIDS", "none"),
    "language": ("fr",),
}
PARTS = st.one_of(st.booleans(), st.integers(0, 9), st.floats(0, 1e6))


@st.composite
def facts(draw: st.DrawFn) -> list[Fact]:
    """Facts of a few records, some of which stand under several codes of one kind, or none."""
    sets = draw(
        st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    by: st.lists(st.sampled_from(codes), unique=True).map(tuple)
                    for by, codes in CODES.items()
                },
            ),
            min_size=1,
            max_size=6,
        )
    )
    one = st.builds(
        Fact,
        figure=st.sampled_from(["met", "worth", "days", "unknown"]),
        record=st.sampled_from(["r10", "r9", "r1", "é"]),
        codes=st.sampled_from(sets),
        part=PARTS,
        whole=st.one_of(st.none(), st.integers(0, 9)),
    )
    return draw(st.lists(one, max_size=40))


CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "theme": st.sampled_from([*CODES["theme"], "nobody"]),
        "year": st.sampled_from([None, 2025, 2026, 2001]),
        "group": st.sampled_from(CODES["group"]),
        "modality": st.just("triangular"),
    },
)


def holds(fact: Fact, args: Mapping[str, Any]) -> bool:
    wanted = {by: str(code) for by, code in args.items() if code is not None}
    return all(code in fact.codes.get(by, ()) for by, code in wanted.items())


def by_hand(form: Form, told: Sequence[Fact]) -> dict[str, Any]:
    """A figure of some facts, without its name."""
    found: dict[str, Any] = dict.fromkeys(("value", "part", "whole", "lower", "upper"))
    parts = [float(fact.part) for fact in told]
    if form == "spread":
        found["value"] = median(parts) if parts else None
        if len(parts) >= 5:
            found["lower"], _, found["upper"] = quantiles(parts, n=4, method="inclusive")
    else:
        found["value"] = found["part"] = sum(parts)
    if form == "share":
        found["whole"] = sum(fact.whole or 0 for fact in told)
        found["value"] = found["part"] / found["whole"] if found["whole"] else None
    return {**found, "form": form, "count": len(told)}


@given(facts(), CONDITIONS)
def test_figures_are_those_of_a_plain_pass(told: list[Fact], args: dict[str, Any]) -> None:
    left = [fact for fact in told if holds(fact, args)]
    codes = {(by, code) for fact in left for by, held in fact.codes.items() for code in held}
    expected = [(None, None, left)] + [
        (by, code, [fact for fact in left if code in fact.codes.get(by, ())])
        for by in DIMENSIONS
        for code in sorted(code for of, code in codes if of == by)
    ]
    found = report(gathered(FORMS, told, NOW), args)
    assert found["as_of"] == NOW
    assert [(one["by"], one["code"]) for one in found["groups"]] == [one[:2] for one in expected]
    for group, (by, _, of_it) in zip(found["groups"], expected, strict=True):
        figures = {
            name: by_hand(form, [fact for fact in of_it if fact.figure == name])
            for name, form in FORMS.items()
        }
        names = [name for name, one in figures.items() if by is None or one["count"]]
        assert [one["name"] for one in group["figures"]] == names
        for one in group["figures"]:
            # Medians and quartiles are told to a tenth, all else to four places.
            close = pytest.approx(
                figures[one["name"]], abs=0.051 if one["form"] == "spread" else 1e-3
            )
            if one["form"] == "share" and one["whole"]:
                assert one["value"] == round(one["part"] / one["whole"], 4)
            assert {name: value for name, value in one.items() if name != "name"} == close


@given(facts(), CONDITIONS, st.sampled_from([*FORMS]))
def test_records_behind_a_figure_are_those_that_it_counts(
    told: list[Fact], args: dict[str, Any], figure: str
) -> None:
    behind = sorted({fact.record for fact in told if fact.figure == figure and holds(fact, args)})
    found = records_behind(gathered(FORMS, told, NOW), {**args, "figure": figure})
    assert found == {"records": behind, "count": len(behind), "next": None}


def test_many_records_are_told_in_pages() -> None:
    told = [Fact("worth", f"{number:04}", {}, 1) for number in reversed(range(1_002))]
    table = gathered(FORMS, [*told, Fact("met", "0000a", {}, 1, 1)], NOW)
    first = records_behind(table, {"figure": "worth"})
    assert (first["count"], len(first["records"]), first["records"][-1]) == (1_002, 1_000, "0999")
    # The record at which the page ended is behind the figure no more, and another is there.
    others = [one for one in told if one.record != "0999"]
    table = gathered(FORMS, [*others, Fact("worth", "0000b", {}, 1)], NOW)
    second = records_behind(table, {"figure": "worth", "cursor": first["next"], "limit": 1})
    assert (second["count"], second["records"]) == (1_002, ["1000"])
    last = records_behind(table, {"figure": "worth", "cursor": second["next"], "limit": 1})
    assert (last["records"], last["next"]) == (["1001"], None)


@pytest.mark.parametrize("cursor", ["x", write_cursor([5], ("id",)), write_cursor(["a"], ("at",))])
def test_a_place_in_no_such_list_is_refused(cursor: str) -> None:
    table = gathered(FORMS, [Fact("worth", "r", {}, 1)], NOW)
    with pytest.raises(Problem) as refused:
        records_behind(table, {"figure": "worth", "cursor": cursor})
    assert refused.value.status == 422


def test_numbers_are_rounded() -> None:
    told = [Fact("met", "r", {}, 1, 3), *(Fact("days", "r", {}, day) for day in (1.04, 2, 3, 4, 5))]
    met, _, days, _ = report(gathered(FORMS, told, NOW), {})["groups"][0]["figures"]
    assert (met["value"], met["part"], met["whole"]) == (0.3333, 1, 3)
    assert (days["lower"], days["value"], days["upper"]) == (2, 3, 4)
