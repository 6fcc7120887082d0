"""The rule by which a text that has no lines is read as having some."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.language.pairing import CLEAR, FULL, likely_pairs
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES

THEME_COUNT, KIND_COUNT = len(list(THEMES)), len(list(KINDS))


def hundredths(size):
    return st.lists(st.integers(0, FULL), min_size=size, max_size=size)


def themes(**strengths):
    return [strengths.get(term.code.replace("-", "_"), 0) for term in THEMES]


def kinds(**strengths):
    return [strengths.get(term.code, 0) for term in KINDS]


def codes(pairs):
    theme_codes, kind_codes = [t.code for t in THEMES], [k.code for k in KINDS]
    return [(theme_codes[theme], kind_codes[kind], strength) for theme, kind, strength in pairs]


def test_each_likely_theme_goes_with_each_likely_kind_the_strongest_first():
    found = likely_pairs(themes(marking=90, tracing=60), kinds(equipment=50, training=100))
    assert codes(found) == [
        ("marking", "training", pytest.approx(0.9)),
        ("tracing", "training", pytest.approx(0.6)),
        ("marking", "equipment", pytest.approx(0.45)),
        ("tracing", "equipment", pytest.approx(0.3)),
    ]


def test_words_in_passing_are_no_lines():
    assert likely_pairs(themes(marking=CLEAR - 1), kinds(equipment=FULL)) == ()
    found = likely_pairs(themes(marking=FULL), kinds(equipment=FULL, funding=CLEAR - 1))
    assert [(theme, kind) for theme, kind, _ in codes(found)] == [("marking", "equipment")]


def test_a_text_that_speaks_of_no_kind_may_mean_any():
    found = codes(likely_pairs(themes(marking=80), kinds()))
    assert [kind for _, kind, _ in found] == [term.code for term in KINDS]
    assert {strength for *_, strength in found} == {0.4}


def test_a_text_that_speaks_of_no_theme_describes_no_line():
    assert likely_pairs(themes(), kinds(equipment=FULL)) == ()


@given(hundredths(THEME_COUNT), hundredths(KIND_COUNT))
def test_at_most_three_of_each_by_falling_strength(theme_strengths, kind_strengths):
    found = likely_pairs(theme_strengths, kind_strengths)
    assert len({theme for theme, _, _ in found}) <= 3
    assert len({kind for _, kind, _ in found}) <= (3 if any(kind_strengths) else KIND_COUNT)
    strengths = [strength for *_, strength in found]
    assert strengths == sorted(strengths, reverse=True)
    assert all(0.2 <= strength <= 1 for strength in strengths)
