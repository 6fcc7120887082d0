import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.language.numbers import find_numbers
from shared.vocabulary import LANGUAGES


def values(text: str, language: str) -> list[float]:
    return [number.value for number in find_numbers(text, language)]


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("en", "1,250", 1250),
        ("en", "1,250.5", 1250.5),
        ("en", "3.5", 3.5),
        ("fr", "3 400", 3400),
        ("fr", "3\u202f400", 3400),
        ("fr", "1,5", 1.5),
        ("fr", "1.250.000,50", 1_250_000.5),
        ("es", "250.000", 250_000),
        ("ru", "3 500", 3500),
        ("ru", "7,5", 7.5),
        ("ar", "١٬٢٥٠", 1250),
        ("ar", "٣٫٥", 3.5),
        ("ar", "۲۵", 25),
        ("zh", "１．５", 1.5),
        ("zh", "1,200", 1200),
        ("en", "1'250", 1250),
    ],
)
def test_digits_are_grouped_as_the_language_does(language: str, text: str, value: float) -> None:
    assert values(text, language) == [value]


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("en", "twenty-four", 24),
        ("en", "one hundred and twenty five thousand", 125_000),
        ("en", "two dozen", 24),
        ("en", "half a million", 500_000),
        ("fr", "quatre-vingt-dix-sept", 97),
        ("fr", "soixante et onze", 71),
        ("fr", "vingt et un", 21),
        ("fr", "une trentaine", 30),
        ("fr", "deux cent cinquante mille", 250_000),
        ("es", "treinta y dos", 32),
        ("es", "dos mil quinientas", 2500),
        ("es", "ciento veinte", 120),
        ("ru", "двенадцать", 12),
        ("ru", "двадцати пяти", 25),
        ("ru", "сто двадцать три тысячи", 123_000),
        ("ru", "полтора миллиона", 1_500_000),
        ("ar", "اثنا عشر", 12),
        ("ar", "خمسة وعشرون", 25),
        ("ar", "مئة وخمسة وعشرين", 125),
        ("ar", "ثلاثة آلاف", 3000),
        ("zh", "十二", 12),
        ("zh", "二十四", 24),
        ("zh", "三百五十", 350),
        ("zh", "三万五千", 35_000),
        ("zh", "两", 2),
    ],
)
def test_words_are_numbers(language: str, text: str, value: float) -> None:
    assert values(text, language) == [value]


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("en", "1.2 million", 1_200_000),
        ("en", "40k", 40_000),
        ("fr", "250 mille", 250_000),
        ("es", "1,2 millones", 1_200_000),
        ("ru", "90 тыс.", 90_000),
        ("ar", "٩٠ ألف", 90_000),
        ("zh", "25万", 250_000),
        ("zh", "1.5百万", 1_500_000),
    ],
)
def test_digits_and_words_multiply(language: str, text: str, value: float) -> None:
    assert values(text, language) == [value]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "40 per cent"),
        ("en", "40%"),
        ("fr", "25 % et vingt pour cent"),
        ("es", "35 por ciento"),
        ("ru", "12 процентов"),
        ("ar", "30 في المائة و٣٠٪"),
        ("zh", "百分之三十"),
        ("zh", "三分之一"),
        ("en", "the 3rd, 21st and 2nd"),
        ("fr", "le 2e et le 1er"),
        ("ru", "2-й, 5-го"),
        ("zh", "第12条，第三届"),
        ("en", "AK-47, F16, A/RES/60/81, ISO/9001"),
        ("en", "7.62 x 39, 5.56×45"),
        ("en", "at 09:30"),
        ("en", "section 12.3.1.2"),
        ("en", "+235 22 51 44 37"),
        ("fr", "022 917 12 34"),
        ("ru", "+7 495 123-45-67"),
        ("zh", "010-65961234"),
        ("zh", "二〇二七"),
        ("en", "007"),
        ("en", "9" * 400),
    ],
)
def test_shares_ranks_codes_and_telephones_are_no_numbers(language: str, text: str) -> None:
    assert values(text, language) == []


def test_three_decimals_in_the_languages_own_mark_are_doubtful() -> None:
    (doubtful,) = find_numbers("1.500", "en")
    (sure,) = find_numbers("1.500", "es")
    assert (doubtful.value, sure.value) == (1500, 1500)
    assert doubtful.probability < sure.probability


def test_an_article_is_hardly_a_number() -> None:
    (article,) = find_numbers("un", "fr")
    assert article.probability < 0.5


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["", "word", "\x00\u200f\ud800", "🙂", "½²", "-.,'"])
def test_texts_without_numbers_have_none(language: str, text: str) -> None:
    assert values(text, language) == []


@given(st.text(alphabet="0123456789 .,'-–/%kзыоneдва十二百万وثلاثة", max_size=60))
def test_any_run_of_digits_and_words_is_read(text: str) -> None:
    for number in find_numbers(text, "en"):
        assert 0 <= number.start < number.end <= len(text)
        assert 0 <= number.value < 1e28
