"""When a text says something else than its author's codes."""

from hypothesis import given
from hypothesis import strategies as st

from shared.language.contradictions import SURE, contradicting_kind, contradicting_theme
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
