from hypothesis import given
from hypothesis import strategies as st

from shared.language.lexemes import fold, lexemes, without_clitics, words_of


def test_digits_of_every_script_are_read_as_usual_ones() -> None:
    assert words_of("12 ١٢ ۱۲ １２ १२") == ("12",) * 5


def test_offsets_are_those_of_the_text_as_given() -> None:
    text = "\u200fمُدَرِّب\u200f e\u0301tat — 25名"
    written = [text[lexeme.start : lexeme.end] for lexeme in lexemes(text)]
    assert written == ["مُدَرِّب", "e\u0301tat", "—", "25", "名"]
    assert words_of(text) == ("مدرب", "etat", "25", "名")


def test_case_accents_and_spelling_variants_do_not_matter() -> None:
    assert fold("ÉTAT Ёлка Año إلى مئة") == "etat елка ano الي ميه"


def test_a_lexeme_tells_spaces_and_capitals() -> None:
    first, second = lexemes("Mali USD")
    assert (first.capital, first.upper, first.spaced) == (True, False, False)
    assert (second.capital, second.upper, second.spaced) == (True, True, True)


def test_superscripts_are_no_digits() -> None:
    assert words_of("500 m²") == ("500", "m²")


def test_arabic_clitics_are_taken_off() -> None:
    assert "مالي" in without_clitics("بمالي")
    assert "السنغال" in without_clitics("للسنغال")
    assert list(without_clitics("word")) == ["word"]


@given(st.text())
def test_any_text_is_cut_in_its_order(text: str) -> None:
    last = 0
    for lexeme in lexemes(text):
        assert last <= lexeme.start < lexeme.end <= len(text)
        last = lexeme.start + 1
