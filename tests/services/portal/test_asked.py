"""What the address of a list asks for, however odd it is."""

from services.portal.pages.asked import MOST_WORDS, code_of, cursor_of, words_of


def test_what_is_no_code_asks_for_nothing() -> None:
    known = ("marking", "storage")
    assert code_of({"theme": "marking"}, "theme", known) == "marking"
    assert [code_of({"theme": sent}, "theme", known) for sent in ("", "x", "mark")] == [None] * 3
    assert code_of({}, "theme", known) is None


def test_words_are_looked_for_without_what_cannot_be_kept() -> None:
    assert words_of({"q": "  two\x00 \n words "}) == "two words"
    assert words_of({"q": " \x00 "}) is None
    assert len(words_of({"q": "x" * 10_000}) or "") == MOST_WORDS


def test_a_cursor_is_passed_on_as_it_is_up_to_a_length() -> None:
    assert (cursor_of({"cursor": "abc"}), cursor_of({"cursor": ""}), cursor_of({})) == (
        "abc",
        None,
        None,
    )
    assert len(cursor_of({"cursor": "x" * 5_000}) or "") == 1_000
