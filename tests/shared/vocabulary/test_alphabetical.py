"""Names stand where readers of each language look for them."""

import random

import pytest

from shared.vocabulary import LANGUAGES
from shared.vocabulary.alphabetical import sort_key
from shared.vocabulary.countries import all_countries, country_name

IN_ORDER = {
    "ar": [
        *("آيسلندا", "إيطاليا", "بنما", "بنن", "تركيا", "تونس", "ذات", "ذاتا", "رواندا"),
        *("سوريا", "سورية", "سوريون", "هنغاريا"),
    ],
    "en": [
        *("Åland Islands", "Albania", "Costa Rica", "Côte d’Ivoire", "Croatia", "Guinea"),
        *(
            "Guinea-Bissau",
            "St. Helena",
            "Sudan",
            "Türkiye",
            "Turkmenistan",
            "U.S. Outlying Islands",
        ),
    ],
    "es": [
        *("África", "Albania", "Ángel", "Canadá", "canon", "canto", "canzón", "caña", "capa"),
        *("México", "Nueva Zelandia", "Ñu", "Omán"),
    ],
    "fr": [
        *("cote", "coté", "côte", "côté", "Égypte", "Émirats arabes unis", "Érythrée", "Espagne"),
        *("États-Unis d’Amérique", "œuvre", "Oman", "Zimbabwe"),
    ],
    "ru": ["все", "всё", "Ева", "Ёлка", "Ель", "Индия", "Йемен", "Кабо-Верде", "Япония"],
    "zh": ["Acme", "阿富汗", "巴西", "德国", "法国", "加纳", "中国", "瑙鲁", "斐济", "瓩"],
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_are_sorted_by_the_letters_of_the_language(language: str) -> None:
    names = IN_ORDER[language]
    mixed = random.Random(7).sample(names, len(names))
    assert sorted(mixed, key=lambda name: sort_key(name, language)) == names


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_not_read_does_not_count(language: str) -> None:
    for one in all_countries():
        name = country_name(one.alpha3, language)
        letters = sort_key(name, language)[0]
        assert letters
        assert sort_key(f"\u2068{name}\u2069", language)[0] == letters
        assert sort_key(f"“{name.upper()}”", language)[0] == letters


def test_names_that_differ_in_signs_alone_have_an_order_of_their_own() -> None:
    alike = ["Guinea Bissau", "Guinea-Bissau", "guinea-bissau"]
    assert len({sort_key(name, "en")[0] for name in alike}) == 1
    assert len({sort_key(name, "en") for name in alike}) == 3


def test_an_arabic_name_stands_alike_with_its_vowels_and_without() -> None:
    assert sort_key("عُمان", "ar")[0] == sort_key("عمان", "ar")[0] == sort_key("عمـان", "ar")[0]
    assert sort_key("إستونيا", "ar")[0] == sort_key("ٱستونيا", "ar")[0]
