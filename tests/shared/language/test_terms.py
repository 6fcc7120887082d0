from collections import Counter

import pytest

from shared.language.arabic import stem
from shared.language.terms import terms, tokens, weights


def stems(text: str, language: str) -> list[str]:
    return [token.stem for token in tokens(text, language) if token.stem and not token.stop]


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "marking machines", "Marked machine"),
        ("fr", "machines de marquage", "MACHINE DU MARQUAGE"),
        ("es", "las pistolas pequeñas", "pistola pequeña"),
        ("ru", "уничтожение оружия", "уничтожения оружию"),
        ("ru", "учёт", "учет"),
        ("ar", "المستودعات", "مستودع"),
        ("ar", "للأسلحة", "الأسلحة"),
        ("zh", "枪支标识", "枪支标识"),
    ],
)
def test_inflected_forms_have_one_stem(language: str, one: str, other: str) -> None:
    assert stems(one, language) == stems(other, language)


def test_composed_and_decomposed_accents_make_no_difference() -> None:
    assert stems("sécurité", "fr") == stems("se\u0301curite\u0301", "fr")


def test_an_accent_left_out_seldom_matters() -> None:
    assert stems("municion", "es") == stems("munición", "es")


def test_arabic_spellings_vowel_signs_and_stretching_are_evened_out() -> None:
    assert stem("المهرَّب") == stem("المهـــرب")
    assert stem("أسلحة") == stem("اسلحه")


def test_arabic_words_keep_three_letters() -> None:
    assert all(len(stem(word)) >= 3 for word in ("ذخيرة", "الدرك", "وزارة", "والتدريب"))


def test_full_width_letters_and_eastern_digits_are_read_as_usual_ones() -> None:
    assert stems("ＰＳＳＭ", "en") == stems("pssm", "en")
    assert terms(tokens("١٢٣ 456 七", "ar")) == Counter({"七": 1})


def test_chinese_gives_pairs_of_adjacent_characters() -> None:
    assert set(terms(tokens("枪支标识。设备", "zh"))) == {"枪支", "支标", "标识", "设备"}


def test_each_script_is_read_in_its_own_language() -> None:
    found = {token.stem: token.language for token in tokens("PSSM учёта 标 السلاح", "ar")}
    assert set(found.values()) == {"en", "ru", "zh", "ar"}


def test_stop_words_single_letters_and_numbers_are_no_terms() -> None:
    assert terms(tokens("the l' 2014 of a weapons law", "en")) == Counter({"weapon": 1, "law": 1})


def test_offsets_are_those_of_the_text_as_given() -> None:
    text = "  Les “machines” de l'État :\u200f السِّلاح 标识"
    for token in tokens(text, "fr"):
        assert text[token.start : token.end].strip() == text[token.start : token.end] != ""
    words = [text[token.start : token.end] for token in tokens(text, "fr")]
    assert words[:2] == ["Les", "machines"]
    assert "السِّلاح" in words


def test_weights_grow_with_the_logarithm_of_the_count() -> None:
    assert weights({"once": 1, "thrice": 3}) == {"once": 1.0, "thrice": 2.1}
