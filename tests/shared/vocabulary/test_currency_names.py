import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.vocabulary import LANGUAGES
from shared.vocabulary.currencies import all_currencies, currency, currency_name
from shared.vocabulary.currency_names import (
    USUAL,
    currencies_called,
    currency_named,
    name_with_code,
    names_of_currencies,
)
from shared.vocabulary.tables import read_table


def test_what_is_likely_one_currency_is_asked_about() -> None:
    named = [one for one in names_of_currencies().values() if one.likely]
    assert {one.likely for one in named} == {"USD", "GBP", "JPY", "CNY", "RUB", "XOF"}
    for one in named:
        assert one.likely in one.codes
        for spelling in one.spellings:
            assert currency_named(spelling) is None
            assert len(currencies_called(spelling)) > 1, spelling


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_currency_is_known_by_its_names_and_by_what_is_told_of_it(language: str) -> None:
    for code in all_currencies():
        told = (currency_name(code, language), name_with_code(code, language), code, code.lower())
        assert {currency_named(text) for text in told} == {code}, told


def test_our_own_names_are_of_currencies_and_stand_once_each() -> None:
    for row in read_table("currency_names.tsv"):
        names = f"{row['names']}|{row['likely']}".strip("|").split("|")
        assert currency(row["code"])
        assert len(set(names)) == len(names)
        for name in names:
            assert name == name.strip() != ""
            assert row["code"] in (currency_named(name), *currencies_called(name)), name
    assert len(set(USUAL)) == len(USUAL)
    assert all(currency(code) for code in USUAL)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("US dollars", "USD"),
        (" dollars   américains ", "USD"),
        ("Dolar estadounidense", "USD"),
        ("долларов США", "USD"),
        ("الدولار الأمريكي", "USD"),
        ("美元", "USD"),
        ("EUROS", "EUR"),
        ("yen", "JPY"),
        ("Francs suisses", "CHF"),
        ("долларами США", "USD"),
        ("долл. США", "USD"),
        ("долларах США", "USD"),
        ("российских рублей", "RUB"),
        ("фунтов стерлингов", "GBP"),
        ("швейцарских франков", "CHF"),
        ("евро", "EUR"),
        ("دولارات أمريكية", "USD"),
        ("الدولارات الأمريكية", "USD"),
        ("فرنكات سويسرية", "CHF"),
        ("جنيهات إسترلينية", "GBP"),
        ("dólares EE. UU.", "USD"),
        ("libras esterlinas", "GBP"),
        ("dollars des États-Unis", "USD"),
        ("livres sterling", "GBP"),
        ("€", "EUR"),
        ("US$", "USD"),
        ("$US", "USD"),
        ("U.S. $", "USD"),
        ("CA$", "CAD"),
        ("＄CA", "CAD"),
        ("UK£", "GBP"),
        ("CN￥", "CNY"),
        ("₽", "RUB"),
        ("₴", "UAH"),
        ("؋", "AFN"),
        ("د.م.", "MAD"),
        ("$ (CAD)", "CAD"),
        ("£ (CAD)", None),
        ("dollar (cad)", "CAD"),
        ("dollar (XOF)", None),
        ("dollar (ZZZ)", None),
        ("doubloons", None),
        ("2 dollars US", None),
        ("", None),
    ],
)
def test_a_name_is_read_as_its_code(text: str, code: str | None) -> None:
    assert currency_named(text) == code


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("dollar", ("USD", "CAD", "AUD")),
        ("dollars", ("USD", "CAD", "AUD")),
        ("доллар", ("USD", "CAD", "AUD")),
        ("دولار", ("USD", "CAD", "AUD")),
        ("franc", ("CHF", "XOF", "XAF")),
        ("Franc CFA", ("XOF", "XAF")),
        ("FCFA", ("XOF", "XAF")),
        ("F CFA", ("XOF", "XAF")),
        ("$", ("USD", "CAD", "AUD")),
        ("＄", ("USD", "CAD", "AUD")),
        ("£", ("GBP", "EGP", "FKP")),
        ("¥", ("JPY", "CNY")),
        ("￥", ("JPY", "CNY")),
        ("kr", ("NOK", "SEK", "DKK")),
        ("₨", ("INR",)),
        ("рублей", ("RUB", "BYN")),
        ("元", ("CNY", "USD", "EUR")),
        ("livres", ("GBP",)),
        ("peso", ("MXN", "PHP")),
        ("dinar", ("BHD", "JOD")),
        ("法郎", ("CHF",)),
        ("kenyan", ("KES",)),
    ],
)
def test_what_several_are_called_is_none_and_the_likeliest_come_first(
    text: str, first: tuple[str, ...]
) -> None:
    assert currency_named(text) is None
    assert currencies_called(text)[: len(first)] == first


@given(st.text(max_size=300))
def test_any_text_has_a_currency_or_none(text: str) -> None:
    code = currency_named(text)
    assert code is None or code in all_currencies()
    assert set(currencies_called(text)) <= all_currencies()
