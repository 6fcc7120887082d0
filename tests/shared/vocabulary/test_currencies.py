from datetime import date
from decimal import Decimal

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.vocabulary import LANGUAGES, UnknownCode
from shared.vocabulary.currencies import (
    NoRate,
    currency,
    currency_name,
    from_usd_cents,
    minor_units,
    to_usd_cents,
    usd_per_unit,
)
from shared.vocabulary.tables import read_table

DAY = date(2026, 1, 1)


def test_decimals_are_those_of_the_currency() -> None:
    assert (minor_units("USD"), minor_units("JPY"), minor_units("KWD")) == (2, 0, 3)
    assert currency("XOF").minor_units == 0


@pytest.mark.parametrize("code", ["usd", "", "ZZZ", "EURO", "XXX", "XTS", "XAU", "XDR", "BOV"])
def test_an_unknown_currency(code: str) -> None:
    with pytest.raises(UnknownCode, match="currencies"):
        currency(code)
    with pytest.raises(UnknownCode):
        to_usd_cents(100, code, DAY)


def test_names() -> None:
    assert currency_name("USD", "fr") == "dollar des États-Unis"
    assert all(currency_name("XOF", language) != "XOF" for language in LANGUAGES)
    with pytest.raises(UnknownCode, match="languages"):
        currency_name("USD", "de")


def test_a_dollar_is_a_dollar_on_any_day() -> None:
    assert to_usd_cents(12345, "USD", date(1999, 1, 1)) == 12345


def test_hundredths_of_the_major_unit_whatever_the_currency() -> None:
    # 1,000 yen are 100,000 hundredths, although the yen has no smaller coin.
    expected = Decimal(100_000) * usd_per_unit("JPY", DAY)
    assert to_usd_cents(100_000, "JPY", DAY) == round(expected)
    assert 500 < to_usd_cents(100_000, "JPY", DAY) < 1000


def test_the_latest_rate_on_or_before_the_day() -> None:
    rows = [row for row in read_table("rates.tsv") if row["currency"] == "EUR"]
    first, second = rows[0], rows[1]
    assert usd_per_unit("EUR", date.fromisoformat(first["date"])) == Decimal(first["usd_per_unit"])
    between = date.fromisoformat(second["date"]).replace(day=1)
    assert usd_per_unit("EUR", between) == Decimal(first["usd_per_unit"])
    on_second = usd_per_unit("EUR", date.fromisoformat(second["date"]))
    assert on_second == Decimal(second["usd_per_unit"])


def test_after_the_last_day_the_last_rate_holds() -> None:
    last = [row for row in read_table("rates.tsv") if row["currency"] == "EUR"][-1]
    assert usd_per_unit("EUR", date(2100, 1, 1)) == Decimal(last["usd_per_unit"])


def test_a_fixed_parity_follows_its_anchor() -> None:
    assert to_usd_cents(655_957_00, "XOF", DAY) == to_usd_cents(1_000_00, "EUR", DAY)
    assert usd_per_unit("XAF", DAY) == usd_per_unit("XOF", DAY)
    assert to_usd_cents(270, "XCD", DAY) == 100


@pytest.mark.parametrize("code", ["USD", "EUR", "JPY", "XOF", "IDR"])
@given(cents=st.integers(0, 10**12))
def test_dollars_in_a_currency_are_worth_as_many_dollars(code: str, cents: int) -> None:
    usd = to_usd_cents(cents, code, DAY)
    own = from_usd_cents(usd, code, DAY)
    assert to_usd_cents(own, code, DAY) == usd
    assert from_usd_cents(usd, code, DAY, [cents + 10**6, cents]) == cents


@pytest.mark.parametrize("code", ["JPY", "XOF", "IDR", "EUR"])
def test_of_what_is_worth_the_same_to_the_cent_the_roundest_is_meant(code: str) -> None:
    usd = to_usd_cents(10_500_000_00, code, DAY)
    assert from_usd_cents(usd, code, DAY) == 10_500_000_00


@pytest.mark.parametrize(
    ("code", "day"), [("EUR", date(2020, 1, 1)), ("XOF", date(2020, 1, 1)), ("KPW", DAY)]
)
def test_no_rate(code: str, day: date) -> None:
    with pytest.raises(NoRate, match=f"{code} for {day}") as caught:
        to_usd_cents(100, code, day)
    with pytest.raises(NoRate):
        from_usd_cents(100, code, day)
    assert (caught.value.code, caught.value.on) == (code, day)


@given(st.integers(0, 10**15), st.sampled_from(["EUR", "JPY", "XOF", "IDR"]))
def test_conversion_is_exact_to_half_a_cent(amount: int, code: str) -> None:
    exact = Decimal(amount) * usd_per_unit(code, DAY)
    assert abs(to_usd_cents(amount, code, DAY) - exact) <= Decimal("0.5")


def test_rates_and_parities_are_of_known_currencies() -> None:
    rates = read_table("rates.tsv")
    assert len({(row["currency"], row["date"]) for row in rates}) == len(rates)
    for row in rates:
        assert currency(row["currency"])
        assert Decimal(row["usd_per_unit"]) > 0
    rated = {row["currency"] for row in rates} | {"USD"}
    for row in read_table("parities.tsv"):
        assert currency(row["currency"])
        assert row["anchor"] in rated
        assert Decimal(row["units_per_anchor"]) > 0


def test_the_table_agrees_with_the_library_it_was_built_from() -> None:
    pytest.importorskip("currency_converter")
    from shared.vocabulary import build_rates

    built = dict.fromkeys(build_rates.rate_rows())
    last = max(row["date"] for row in read_table("rates.tsv"))
    if max(day for _, day, _ in built) != last:
        pytest.skip("the library has newer rates than the table")
    assert [tuple(row.values()) for row in read_table("rates.tsv")] == list(built)


def test_codes_of_no_money_are_iso_codes_without_a_rate() -> None:
    iso = {entry.alpha_3 for entry in pycountry.currencies}
    no_money = {row["code"] for row in read_table("no_money.tsv")}
    assert no_money <= iso
    for table in ("rates.tsv", "parities.tsv"):
        assert no_money.isdisjoint(row["currency"] for row in read_table(table))
    assert {currency(code).code for code in iso - no_money} >= {"XOF", "XAF", "XCD", "XPF"}
