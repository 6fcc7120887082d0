"""What people call currencies, in the six languages: which code a name stands for, or may."""

import re
from collections import defaultdict
from collections.abc import Mapping, Set
from functools import cache, lru_cache

from babel.numbers import get_currency_name

from shared.vocabulary.currencies import all_currencies, currency_name, has_rate
from shared.vocabulary.folding import CHINESE, fold, words_of
from shared.vocabulary.languages import LANGUAGES
from shared.vocabulary.tables import read_table

LONGEST = 100
"""The most characters of a currency's name that are looked at."""

_COUNTS = (1, 2, 5, 100)
"""Numbers that ask for all the forms that a name has in CLDR."""
_WITH_CODE = re.compile(r"(.*\S)\s*[(（]\s*([A-Za-z]{3})\s*[)）]")

USUAL = tuple(row["code"] for row in read_table("usual_currencies.tsv"))
"""The currencies that are written most, the likeliest first."""


@lru_cache(maxsize=1024)
def currency_named(text: str) -> str | None:
    """The code of a currency that is named without doubt, None where it is not understood.

    Understood are a code, a name in any of the six languages in the singular or plural, and what
    is told of one with its code in brackets; nothing with a number, which is an amount. Never
    raises.
    """
    plain = " ".join(text[:LONGEST].split())
    if any(one.isdigit() for one in plain):
        return None
    if plain.upper() in all_currencies():
        return plain.upper()
    told = _WITH_CODE.fullmatch(plain)
    if told is None:
        known = _names().get(words_of(fold(plain)), ())
        return next(iter(known)) if len(known) == 1 else None
    code = told[2].upper()
    return code if code in (currency_named(told[1]), *currencies_called(told[1])) else None


@lru_cache(maxsize=1024)
def currencies_called(text: str) -> tuple[str, ...]:
    """The currencies of whose names a text is a part, the likeliest first: "dollar", "franc CFA".

    Those that are written most come first, then those with an exchange rate.
    """
    asked = words_of(fold(text[:LONGEST]))
    if not asked:
        return ()
    if CHINESE.search(text):
        part = "".join(asked)
        names = (words for words in _names() if part in "".join(words))
    else:
        names = (words for words in _names() if set(asked) <= set(words))
    found = {code for words in names for code in _names()[words]}
    return tuple(sorted(found, key=_likeliness))


def _likeliness(code: str) -> tuple[int, bool, str]:
    return (USUAL.index(code) if code in USUAL else len(USUAL), not has_rate(code), code)


def name_with_code(code: str, language: str) -> str:
    """How a currency is told: "US Dollar (USD)"; UnknownCode for either."""
    return f"{currency_name(code, language)} ({code})"


@cache
def _names() -> Mapping[tuple[str, ...], Set[str]]:
    """The codes by the words of their names."""
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for code in all_currencies():
        for language in LANGUAGES:
            forms = {str(get_currency_name(code, count, language)) for count in _COUNTS}
            for name in {currency_name(code, language), *forms}:
                found[words_of(fold(name))].add(code)
    for row in read_table("currency_names.tsv"):
        for name in row["names"].split("|"):
            found[words_of(fold(name))].add(row["code"])
    return dict(found)
