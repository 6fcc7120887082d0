"""Numbers and the words that they ask for, in six languages, by the plural rules of CLDR."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache, lru_cache

from babel.numbers import format_decimal

from shared.vocabulary.languages import locale
from shared.vocabulary.tables import read_table
from shared.vocabulary.units import UNITS

_DECIMALS = 3
_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "ar": {"zero": "ar", "one": "ar", "two": "ar_two", "many": "ar_many", "other": "ar"},
    "en": {"one": "en"},
    "es": {"one": "es"},
    "fr": {"one": "fr"},
    "ru": {"one": "ru", "other": "ru"},
}
"""Where the form stands that a plural category asks for, if it is not the unit's usual name.

Before 'из' all Russian numbers but 1, 21, … take the plural, and a part of one the singular.
"""
_BY_ITSELF: Mapping[str, Mapping[str, str]] = {
    **_COLUMNS,
    "ar": {**_COLUMNS["ar"], "two": "ar_pair"},
    "ru": {"one": "ru_one", "few": "ru_few", "other": "ru"},
}
"""The same where nothing stands before the number that asks for a case."""


@lru_cache(maxsize=4096)
def number_text(number: float, language: str) -> str:
    """A number with at most three decimals, as it is written in a language; UnknownCode."""
    return str(format_decimal(_exact(number), format="#,##0.###", locale=locale(language)))


@lru_cache(maxsize=4096)
def plural(number: float, language: str) -> str:
    """CLDR's plural category of a number as `number_text` writes it; UnknownCode."""
    return str(locale(language).plural_form(_exact(number)))


@lru_cache(maxsize=4096)
def count_text(number: float, unit: str, language: str) -> str:
    """So many of a unit, as that stands by itself: '6 machines', '2 станка', 'آلتان'.

    UnknownCode for a unit or language that is none.
    """
    return _text(number, unit, language, _BY_ITSELF)


@lru_cache(maxsize=4096)
def quantity_text(number: float, unit: str, language: str) -> str:
    """So many of a unit, in the case that 'of' asks for: '6 machines', 'из 6 станков', 'أصل آلتين'.

    UnknownCode for a unit or language that is none.
    """
    return _text(number, unit, language, _COLUMNS)


def _text(number: float, unit: str, language: str, columns: Mapping[str, Mapping[str, str]]) -> str:
    category = plural(number, language)
    column = columns.get(language, {}).get(category)
    words = UNITS.label(unit, language) if column is None else _row(unit)[column]
    # The Arabic dual says the number itself.
    says_number = (language, category) == ("ar", "two")
    return words if says_number else _joined(number_text(number, language), words, language)


def _joined(number: str, words: str, language: str) -> str:
    return number + words if language == "zh" else f"{number} {words}"


def _exact(number: float) -> int | Decimal:
    # Of 4.0 the plural rules would see a decimal, which asks for another form than 4.
    exact = round(Decimal(str(number)), _DECIMALS)
    return int(exact) if exact == exact.to_integral_value() else exact.normalize()


def _row(unit: str) -> Mapping[str, str]:
    return _rows()[UNITS.get(unit).code]


@cache
def _rows() -> Mapping[str, Mapping[str, str]]:
    return {row["code"]: row for row in read_table("unit_counts.tsv")}
