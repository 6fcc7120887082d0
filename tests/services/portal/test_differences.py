"""Where two texts differ, word by word."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.portal.pages.cases.differences import MOST_WORDS, differences


def only(pieces: object) -> list[str]:
    return [piece.text for piece in pieces if not piece.alike]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("left", "right", "ours", "theirs"),
    [
        ("Six marking machines.", "Four marking machines.", ["Six"], ["Four"]),
        ("Armoury in the north", "Armoury", [" in the north"], []),
        ("آلات وسم", "آلات وسم", [], []),
        ("需要六台标记机", "需要四台标记机", ["六"], ["四"]),
        ("", "New", [], ["New"]),
    ],
)
def test_what_only_one_says_is_found(
    left: str, right: str, ours: list[str], theirs: list[str]
) -> None:
    found = differences(left, right)
    assert (only(found[0]), only(found[1])) == (ours, theirs)


@given(st.text(max_size=200), st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_the_pieces_are_the_texts(left: str, right: str) -> None:
    ours, theirs = differences(left, right)
    assert "".join(piece.text for piece in ours) == left
    assert "".join(piece.text for piece in theirs) == right


def test_a_long_text_is_compared_by_sentences() -> None:
    left = "A word and another. " * MOST_WORDS
    ours, _ = differences(left, left + "One more sentence.")
    assert [piece.alike for piece in ours] == [True]
    assert "".join(piece.text for piece in ours) == left
