"""Agreement of groups, by pairs."""

from services.matcher.engine.measured import pairwise


def test_pairs_that_are_together_in_both() -> None:
    found = {"a": "1", "b": "1", "c": "1", "d": "2"}
    labelled = {"a": "x", "b": "x", "c": "y", "d": "y"}
    agreement = pairwise(found, labelled)
    assert (agreement.found, agreement.labelled, agreement.both) == (3, 2, 1)
    assert agreement.precision == 1 / 3
    assert agreement.recall == 1 / 2
    assert agreement.f1 == 2 / 5


def test_nothing_found_and_nothing_labelled_agree() -> None:
    agreement = pairwise({}, {})
    assert agreement.precision == agreement.recall == agreement.f1 == 1.0
    assert pairwise({"a": "1", "b": "1"}, {}).f1 == 0.0
