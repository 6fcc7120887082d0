"""What people call currencies, in the six languages: which code a name stands for, or may."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from babel.numbers import get_currency_name

from shared.vocabulary.currencies import all_currencies, currency_name, has_rate
from shared.vocabulary.folding import CHINESE, fold, words_of
from shared.vocabulary.languages import LANGUAGES, locale
from shared.vocabulary.tables import read_table

LONGEST = 100
"""The most characters of a currency's name that are looked at."""

_COUNTS = (1, 2, 3, 5, 11, 100)
"""Numbers that ask for all the forms that a name has in CLDR."""
_WITH_CODE = re.compile(r"(.*\S)\s*[(（]\s*([A-Za-z]{3})\s*[)）]")

USUAL = tuple(row["code"] for row in read_table("usual_currencies.tsv"))
"""The currencies that are written most, the likeliest first."""


class Called(NamedTuple):
    """A name of currencies: its spellings, whom it is one of, the likeliest first, and `likely`,
    the one it stands for, less surely, where nobody can be asked; None where that is not said."""

    spellings: frozenset[str]
    codes: tuple[str, ...]
    likely: str | None

    @property
    def sure(self) -> bool:
        """Whether it is one currency's without doubt."""
        return len(self.codes) == 1 and self.likely is None


@lru_cache(maxsize=1024)
def currency_named(text: str) -> str | None:
    """The code of a currency that is named without doubt, None where it is not understood.

    Understood are a code, a name in any of the six languages in the singular or plural, a symbol,
    and what is told of one with its code in brackets; nothing with a number, which is an amount.
    Never raises.
    """
    plain = " ".join(text[:LONGEST].split())
    if any(one.isdigit() for one in plain):
        return None
    if plain.upper() in all_currencies():
        return plain.upper()
    told = _WITH_CODE.fullmatch(plain)
    if told is None:
        known = names_of_currencies().get(_words(plain))
        return known.codes[0] if known is not None and known.sure else None
    code = told[2].upper()
    return code if code in (currency_named(told[1]), *currencies_called(told[1])) else None


@lru_cache(maxsize=1024)
def currencies_called(text: str) -> tuple[str, ...]:
    """The currencies of whose names a text is a part, the likeliest first: "dollar", "FCFA", "$".

    What the text likely stands for comes first, then those that are written most, then those with
    an exchange rate.
    """
    asked = _words(text[:LONGEST])
    if not asked:
        return ()
    if CHINESE.search(text):
        part = "".join(asked)
        names = (words for words in names_of_currencies() if part in "".join(words))
    else:
        names = (words for words in names_of_currencies() if set(asked) <= set(words))
    found = {code for words in names for code in names_of_currencies()[words].codes}
    known = names_of_currencies().get(asked)
    likely = known and known.likely
    return tuple(sorted(found, key=lambda code: (code != likely, *_likeliness(code))))


def _likeliness(code: str) -> tuple[int, bool, str]:
    return (USUAL.index(code) if code in USUAL else len(USUAL), not has_rate(code), code)


def name_with_code(code: str, language: str) -> str:
    """How a currency is told: "US Dollar (USD)"; UnknownCode for either."""
    return f"{currency_name(code, language)} ({code})"


@cache
def names_of_currencies() -> Mapping[tuple[str, ...], Called]:
    """All names and symbols in the six languages by their folded words: CLDR's and our own."""
    spellings: dict[tuple[str, ...], set[str]] = defaultdict(set)
    codes: dict[tuple[str, ...], set[str]] = defaultdict(set)
    likely: dict[tuple[str, ...], str] = {}
    for name, code, bare in _spelled():
        words = _words(name)
        spellings[words].add(name)
        codes[words].add(code)
        if bare:
            likely[words] = code
    return {
        words: Called(
            frozenset(spellings[words]),
            tuple(sorted(codes[words], key=_likeliness)),
            likely.get(words),
        )
        for words in spellings
    }


def _spelled() -> Iterator[tuple[str, str, bool]]:
    """Each name with a code, and whether it is only likely to stand for that."""
    for code in sorted(all_currencies()):
        for language in LANGUAGES:
            forms = {str(get_currency_name(code, count, language)) for count in _COUNTS}
            symbol = str(locale(language).currency_symbols.get(code, code))
            for name in sorted({currency_name(code, language), symbol, *forms} - {code}):
                yield name, code, False
    for row in read_table("currency_names.tsv"):
        for column in ("names", "likely"):
            for name in row[column].split("|") if row[column] else ():
                yield name, row["code"], column == "likely"


def _words(text: str) -> tuple[str, ...]:
    """The folded words of a text, each of its signs for currencies as a word of its own."""
    spaced = "".join(
        f" {sign} " if unicodedata.category(sign) == "Sc" else sign for sign in fold(text)
    )
    return tuple(
        word
        for part in spaced.split()
        for word in ((part,) if unicodedata.category(part[0]) == "Sc" else words_of(part))
    )
