"""What names a unit and nothing more: its name in six languages, in each of its usual forms."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from shared.vocabulary.folding import fold, words_of
from shared.vocabulary.languages import LANGUAGES, check_language
from shared.vocabulary.tables import read_table
from shared.vocabulary.units import LONGEST, UNITS

_ENDING = re.compile(r"(?<=\w)\((\w{1,3})\)")
_NUMBER = re.compile(r"\d")


def unit_named(text: str) -> str | None:
    """The code of a unit that a text names by its code or in any of the six languages; else None.

    Understood are its name in the singular, the plural and other usual forms, also "machine(s)",
    in any case and with or without accents. Not understood is what says more, such as "marking
    machines", nor what `canonical_unit` takes for the unit, such as an inspector for a person:
    who writes so is not to lose it. Never raises.
    """
    if len(text) > LONGEST or _NUMBER.search(text):
        return None
    return _known().get(words_of(fold(_ENDING.sub(r"\1", text))))


@cache
def names_of_units(language: str) -> Mapping[tuple[str, ...], str]:
    """The units by the words of their names' forms in one of the six languages, folded.

    UnknownCode for another language; ValueError where a form stands for two units.
    """
    check_language(language)
    found: dict[tuple[str, ...], str] = {}
    for form, unit in _forms(language):
        if found.setdefault(words_of(fold(form)), unit) != unit:
            raise ValueError(f"'{form}' stands for two units in {language}")
    return found


@cache
def _known() -> Mapping[tuple[str, ...], str]:
    codes = {words_of(fold(code)): code for code in UNITS.codes()}
    named = {form: unit for one in LANGUAGES for form, unit in names_of_units(one).items()}
    return {**named, **codes}


def _forms(language: str) -> Iterator[tuple[str, str]]:
    for code in UNITS.codes():
        yield UNITS.label(code, language), code
    for row in read_table("unit_counts.tsv"):
        for column, form in row.items():
            if column.partition("_")[0] == language:
                yield form, row["code"]
    for row in read_table("unit_forms.tsv"):
        if row["language"] == language:
            yield from ((form, row["unit"]) for form in row["forms"].split("|"))
