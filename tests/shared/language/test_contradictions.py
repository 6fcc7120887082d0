"""When a text says something else than its author's codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.language.contradictions import (
    SURE,
    Measure,
    contradicting_kind,
    contradicting_measures,
    contradicting_theme,
)
from shared.language.particulars import MOST_NUMBERS
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES

themes = st.sampled_from([term.code for term in THEMES])
told = st.dictionaries(themes, st.floats(0, 1))


def test_a_sure_text_contradicts_codes_without_support():
    found = contradicting_theme(["marking"], {"border-control": 0.9, "marking": 0.05})
    assert found == "border-control"
    assert contradicting_kind(["training"], {"infrastructure": SURE}) == "infrastructure"


def test_a_text_that_supports_one_code_or_is_not_sure_contradicts_none():
    assert contradicting_theme(["marking", "ddr"], {"border-control": 0.9, "ddr": 0.2}) is None
    assert contradicting_theme(["marking"], {"border-control": SURE - 0.01}) is None
    assert contradicting_kind(["training"], {"infrastructure": 0.9, "training": 0.2}) is None


def test_themes_that_have_something_in_common_do_not_contradict():
    assert contradicting_theme(["marking"], {"tracing": 0.95}) is None
    assert contradicting_theme(["marking"], {"marking": 0.95}) is None


def test_funding_pays_for_every_kind_and_contradicts_none():
    assert contradicting_kind(["funding"], {"training": 0.95}) is None
    assert contradicting_kind(["training"], {"funding": 0.95}) is None


def test_nothing_coded_or_nothing_told_is_no_contradiction():
    assert contradicting_theme([], {"marking": 1.0}) is None
    assert contradicting_theme(["marking"], {}) is None
    assert contradicting_kind([], {}) is None


@given(st.lists(themes), told)
def test_what_contradicts_is_told_and_never_coded(coded, told):
    found = contradicting_theme(coded, told)
    assert found is None or (found in told and found not in coded and told[found] >= SURE)


@given(st.lists(st.sampled_from([term.code for term in KINDS])))
def test_kinds_without_a_text_are_not_contradicted(coded):
    assert contradicting_kind(coded, {}) is None


FOUR = Measure("equipment", 4, "machines")
SIX = Measure("equipment", 6, "machines")


def test_another_number_of_the_same_unit_contradicts_a_line():
    officers = Measure("training", 24, "persons")
    found = contradicting_measures([officers, FOUR], [SIX, officers], {6, 24}, may_be_part=False)
    assert list(found) == [(1, 0)]
    found = contradicting_measures([SIX], [FOUR], {4}, may_be_part=False)
    assert list(found) == [(0, 0)]


@pytest.mark.parametrize(
    ("coded", "told", "numbers", "may_be_part"),
    [
        ([FOUR], [FOUR], {4}, False),
        ([SIX], [FOUR], {4}, True),  # what one project gets
        ([FOUR], [SIX], {4, 6}, False),  # both stand in the text
        ([FOUR], [SIX._replace(unit="vehicles")], {6}, False),
        ([FOUR], [SIX._replace(kind="training")], {6}, False),
        ([FOUR], [SIX, SIX._replace(kind="training")], {6}, False),  # which is meant?
        ([FOUR, FOUR], [SIX], {6}, False),
        ([FOUR, Measure("training", 2, "machines")], [SIX], {6}, False),  # six in all
        ([SIX], [Measure("equipment", 2, "machines")], {2, 3}, False),  # two for each of three
        ([SIX], [Measure("equipment", 2, "machines")], {2, 4}, False),  # two, and four more
        (
            [Measure("training", 115, "persons")],
            [Measure("training", 120, "persons")],
            {120},
            False,
        ),
        ([FOUR._replace(number=1)], [SIX], {6}, False),  # "a machine" has no number
        ([FOUR], [SIX], set(range(3, 3 + MOST_NUMBERS)) - {4} | {90}, False),  # more may be told
        ([], [SIX], {6}, False),
        ([FOUR], [], set(), False),
    ],
)
def test_what_may_be_meant_contradicts_no_measure(coded, told, numbers, may_be_part):
    found = contradicting_measures(coded, told, numbers, may_be_part=may_be_part)
    assert list(found) == []
