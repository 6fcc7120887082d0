"""The columns of spreadsheets: their names in six languages, and what a cell of each may hold."""

import difflib
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from babel.lists import format_list

from services.portal.catalogues import say
from services.portal.sheets.faults import Fault, cell_name
from services.portal.sheets.reading import Value
from services.portal.sheets.values import UnclearError, read_day, read_number, shown
from shared.vocabulary import LANGUAGES
from shared.vocabulary.countries import all_countries, country_name
from shared.vocabulary.currency_names import (
    currencies_called,
    currency_named,
    name_with_code,
)
from shared.vocabulary.languages import language_name
from shared.vocabulary.unit_names import unit_named
from shared.vocabulary.units import UNITS
from shared.web.schemas import FIRST_YEAR, LAST_YEAR, as_kept

_REFERENCE = re.compile("[!-~]{1,100}")
_MOST_TOLD = 60
_MOST_CANDIDATES = 10
_SEPARATORS = re.compile(r"[;|\n،；]")
Labels = Callable[[str], Mapping[str, str]]
"""The codes of a vocabulary with their names in a language."""


class CellError(Exception):
    """A cell does not hold what its column is for."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values_told = values


@dataclass(frozen=True)
class Column:
    """A column: its key, its name (an English text that is translated), how a cell is read.

    `read` gets what stands in the cell, its text and the reader's language. `labels` are those of
    a column of codes, for the template. `earlier` are names that templates had for it, which files
    may have still.
    """

    key: str
    title: str
    read: Callable[[Value, str, str], Any]
    required: bool = False
    labels: Labels | None = None
    earlier: Sequence[str] = ()

    def name(self, language: str) -> str:
        """Its name in a language."""
        return say(language, self.title)

    def names(self) -> Iterator[str]:
        """All by which a file's first row may name it."""
        yield self.key
        for language in LANGUAGES:
            yield from (say(language, text) for text in (self.title, *self.earlier))


def text_of(value: Value) -> str:
    """What stands in a cell as text."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def texts(most: int, *, single_line: bool = False) -> Callable[[Value, str, str], str]:
    """A column of texts of up to `most` characters, read and counted as the registers keep them."""

    def read(_value: Value, text: str, _language: str) -> str:
        kept = as_kept(text, single_line=single_line)
        if len(kept) > most:
            raise CellError("too-long", most=most)
        return kept

    return read


def reference(_value: Value, text: str, _language: str) -> str:
    """A cell that names its record: printable ASCII without spaces."""
    name = shown(text).strip()
    if not _REFERENCE.fullmatch(name):
        raise CellError("reference")
    return name


def numbers(
    most: Decimal | int, places: int, *, zero: bool, least: int = 0
) -> Callable[[Value, str, str], float]:
    """A column of numbers from `least` up to `most`, with up to `places` decimals."""

    def read(value: Value, text: str, language: str) -> float:
        try:
            if isinstance(value, bool) or (isinstance(value, float) and math.isnan(value)):
                raise UnclearError(text)
            plain = isinstance(value, int | float)
            number = Decimal(repr(value)) if plain else read_number(text, language)
        except UnclearError:
            raise CellError("number", text=text[:_MOST_TOLD]) from None
        too_small = number < least or (number == 0 and not zero)
        if too_small or number > most or round(number, places) != number:
            raise CellError("number-range", text=text[:_MOST_TOLD])
        return int(number) if number == number.to_integral_value() else float(number)

    return read


def day_of(text: str) -> date:
    """A day as it is written; raises CellError, with both where it can be two."""
    try:
        return read_day(text)
    except UnclearError as error:
        told = {"text": text[:_MOST_TOLD]}
        if error.meanings:
            first, second = (one.isoformat() for one in error.meanings)
            raise CellError("two-days", **told, first=first, second=second) from None
        raise CellError("day", **told) from None


def days(value: Value, text: str, _language: str) -> str:
    """A cell with a day, as ISO 8601 has it."""
    found = value if isinstance(value, date) else day_of(text)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise CellError("day", text=text[:_MOST_TOLD])
    return found.isoformat()


def currency_of(text: str) -> str:
    """The code of a currency that is named without doubt; any other text as it is written."""
    return currency_named(shown(text)) or text


def candidates(text: str, language: str) -> str:
    """The likeliest of the currencies that a text may stand for, in words; empty for none."""
    codes = currencies_called(shown(text))
    named = [name_with_code(code, language) for code in codes[:_MOST_CANDIDATES]]
    more = ["…"] if len(codes) > _MOST_CANDIDATES else []
    return str(format_list([*named, *more], style="or", locale=language))


def currencies(_value: Value, text: str, language: str) -> str:
    """A cell with a currency, by its code or its name in any of the six languages."""
    code = currency_named(shown(text))
    if code is not None:
        return code
    told = {"text": text[:_MOST_TOLD]}
    meant = candidates(text, language)
    if meant:
        raise CellError("currencies", **told, candidates=meant)
    raise CellError("code", **told)


def codes(labels: Labels) -> Callable[[Value, str, str], str]:
    """A column of codes, written as the code or as its name in any of the six languages."""

    def read(_value: Value, text: str, language: str) -> str:
        code = _known(labels).get(_folded(text))
        if code is not None:
            return code
        names = labels(language)
        folded = {_folded(name): name for name in (*names, *names.values())}
        like = difflib.get_close_matches(_folded(text)[:_MOST_TOLD], folded, 1, 0.6)
        told = {"text": text[:_MOST_TOLD]}
        if like:
            raise CellError("code-like", **told, like=folded[like[0]])
        raise CellError("code", **told)

    return read


@cache
def _known(labels: Labels) -> Mapping[str, str]:
    """The codes by what may be written for them."""
    pairs = ((name, code) for language in LANGUAGES for code, name in labels(language).items())
    return {_folded(name): code for name, code in pairs} | {
        _folded(code): code for code in labels("en")
    }


def several(labels: Labels) -> Callable[[Value, str, str], list[str]]:
    """A column of several codes in a cell, with semicolons between them."""
    one = codes(labels)

    def read(value: Value, text: str, language: str) -> list[str]:
        parts = [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
        return list(dict.fromkeys(one(value, part, language) for part in parts))

    return read


def labels_of(vocabulary: Any) -> Labels:
    """The usable codes of a vocabulary with their names."""

    def labels(language: str) -> Mapping[str, str]:
        return {code: vocabulary.label(code, language) for code in vocabulary.codes()}

    return cache(labels)


def coded(
    key: str, title: str, vocabulary: Any, *, required: bool = False, earlier: Sequence[str] = ()
) -> Column:
    """A column of codes of a vocabulary."""
    labels = labels_of(vocabulary)
    return Column(key, title, codes(labels), required, labels, earlier)


def listed(key: str, title: str, vocabulary: Any) -> Column:
    """A column with any number of a vocabulary's codes in a cell."""
    labels = labels_of(vocabulary)
    return Column(key, title, several(labels), labels=labels)


_UNIT_LABELS = labels_of(UNITS)


def unit_of(text: str) -> str:
    """The code of a unit that is named by its code or a form of its name in any of the six
    languages; any other as it is written, for units are not all known."""
    return unit_named(text) or text


def unit(key: str, title: str, most: int) -> Column:
    """A column of units of measure, of up to `most` characters."""
    plain = texts(most, single_line=True)

    def read(value: Value, text: str, language: str) -> str:
        return unit_of(plain(value, text, language))

    return Column(key, title, read, labels=_UNIT_LABELS)


@cache
def country_labels(language: str) -> Mapping[str, str]:
    """The countries with their names."""
    return {one.alpha3: country_name(one.alpha3, language) for one in all_countries()}


@cache
def language_labels(language: str) -> Mapping[str, str]:
    """The six languages with their names."""
    return {code: language_name(code, language) for code in LANGUAGES}


def find_columns(
    header: Sequence[Value], columns: Sequence[Column], language: str
) -> tuple[dict[int, Column], list[Fault]]:
    """Which column stands where, by its name in any language; what is wrong with the first row."""
    known = {_folded(name): column for column in columns for name in column.names()}
    found: dict[int, Column] = {}
    faults = []
    for at, value in enumerate(header):
        text = text_of(value)
        column = known.get(_folded(text))
        if column is None:
            if text:
                faults.append(_unknown(text, at, columns, language))
        elif column in found.values():
            faults.append(Fault("twice", cell_name(0, at)))
        else:
            found[at] = column
    absent = (one for one in columns if one.required and one not in found.values())
    faults += [Fault("no-column", "", {"column": one.name(language)}) for one in absent]
    return found, faults


def _unknown(text: str, at: int, columns: Sequence[Column], language: str) -> Fault:
    names = {_folded(column.name(language)): column.name(language) for column in columns}
    like = difflib.get_close_matches(_folded(text)[:_MOST_TOLD], names, 1, 0.6)
    told = {"text": text[:_MOST_TOLD]}
    if like:
        return Fault("unknown-column-like", cell_name(0, at), {**told, "like": names[like[0]]})
    return Fault("unknown-column", cell_name(0, at), told)


def _folded(text: str) -> str:
    return " ".join(shown(text).casefold().replace("*", " ").split())
