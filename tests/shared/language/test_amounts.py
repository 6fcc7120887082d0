import pytest

from shared.language.amounts import find_amounts
from shared.vocabulary import LANGUAGES


@pytest.mark.parametrize(
    ("language", "text", "cents", "currency"),
    [
        ("en", "90,000 US dollars", 9_000_000, "USD"),
        ("en", "USD 40k", 4_000_000, "USD"),
        ("en", "US$ 1,250.50", 125_050, "USD"),
        ("en", "$2.4 million", 240_000_000, "USD"),
        ("en", "€3m", 300_000_000, "EUR"),
        ("en", "100 Swiss francs", 10_000, "CHF"),
        ("fr", "1,5 million d'euros", 150_000_000, "EUR"),
        ("fr", "40 000 $US", 4_000_000, "USD"),
        ("fr", "40 k€", 4_000_000, "EUR"),
        ("fr", "12 millions de francs CFA", 1_200_000_000, "XOF"),
        ("fr", "3 dollars des États-Unis", 300, "USD"),
        ("es", "250.000 dólares estadounidenses", 25_000_000, "USD"),
        ("es", "medio millón de euros", 50_000_000, "EUR"),
        ("ru", "90 тыс. долларов США", 9_000_000, "USD"),
        ("ru", "40 тыс. долл. США", 4_000_000, "USD"),
        ("ru", "1,5 млн евро", 150_000_000, "EUR"),
        ("ar", "٩٠ ألف دولار أمريكي", 9_000_000, "USD"),
        ("ar", "1.5 مليون يورو", 150_000_000, "EUR"),
        ("zh", "25 万美元", 25_000_000, "USD"),
        ("zh", "五十四万美元", 54_000_000, "USD"),
        ("zh", "１．５百万欧元", 150_000_000, "EUR"),
        ("fr", "12 millions de francs CFA (BEAC)", 1_200_000_000, "XAF"),
        ("ru", "90 тыс. долларами США", 9_000_000, "USD"),
        ("ru", "500 рублей", 50_000, "RUB"),
        ("ar", "٥٠٠ فرنكات سويسرية", 50_000, "CHF"),
        ("es", "300 dólares de EE. UU.", 30_000, "USD"),
        ("en", "₦ 500", 50_000, "NGN"),
        ("en", "£20", 2_000, "GBP"),
        ("en", "40 rand", 4_000, "ZAR"),
    ],
)
def test_money_in_six_languages(language: str, text: str, cents: int, currency: str) -> None:
    (found,) = find_amounts(text, language)
    assert (found.cents, found.currency) == (cents, currency)
    assert found.probability > 0.5


def test_the_span_is_number_and_currency() -> None:
    text = "up to 90,000 US dollars a year"
    (found,) = find_amounts(text, "en")
    assert text[found.start : found.end] == "90,000 US dollars"


def test_a_name_that_several_currencies_have_is_less_sure() -> None:
    (bare,) = find_amounts("500 dollars", "en")
    (named,) = find_amounts("500 US dollars", "en")
    assert bare.probability < named.probability


def test_a_code_that_is_another_word_too_is_hardly_money() -> None:
    assert all(found.probability < 0.5 for found in find_amounts("the TOP 10, COP 28", "en"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "text", ["10 platino", "5 Золото", "10 银", "١٢ أفغاني", "20 cg", "500 pesos", "500 kr"]
)
def test_what_is_no_money_or_of_any_currency_is_no_amount(language: str, text: str) -> None:
    assert find_amounts(text, language) == ()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["", "euros", "€", "3 m", "20 mm", "dollar 0", "USD", "$" * 50])
def test_what_is_no_amount(language: str, text: str) -> None:
    assert find_amounts(text, language) == ()
