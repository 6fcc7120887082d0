"""The themes of small-arms control, their MOSAIC modules, and how close they lie to one another."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from shared.vocabulary.errors import UnknownCode
from shared.vocabulary.tables import day, read_json, read_table
from shared.vocabulary.terms import Term, Vocabulary


@dataclass(frozen=True)
class Theme(Term):
    """A theme; `notes` is its scope, one sentence in each language.

    `mosaic` holds the numbers of the MOSAIC modules on it, none where there is none; `guidance`
    other international guidance by its acronym; `dac_sector` the OECD DAC (and IATI) sector;
    `broader` the wider theme that it is part of, if any.
    """

    mosaic: tuple[str, ...] = ()
    guidance: tuple[str, ...] = ()
    dac_sector: str = "15240"
    broader: str | None = None


def _load() -> list[Theme]:
    return [
        Theme(
            code=entry["code"],
            labels=MappingProxyType(entry["labels"]),
            retired=day(entry["retired"] or ""),
            replaced_by=entry["replaced_by"],
            notes=MappingProxyType(entry["notes"]),
            mosaic=tuple(entry["mosaic"]),
            guidance=tuple(entry["guidance"]),
            dac_sector=entry["dac_sector"],
            broader=entry["broader"],
        )
        for entry in read_json("themes.json")["terms"]
    ]


THEMES: Vocabulary[Theme] = Vocabulary("themes", _load())


@cache
def _modules() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for code in THEMES.codes():
        for module in THEMES.get(code).mosaic:
            found[module] = (*found.get(module, ()), code)
    return dict(sorted(found.items()))


@cache
def _closeness() -> Mapping[tuple[str, str], float]:
    found = {}
    for row in read_table("theme_relations.tsv"):
        closeness = float(row["closeness"])
        found[row["left"], row["right"]] = closeness
        found[row["right"], row["left"]] = closeness
    return found


def mosaic_modules() -> tuple[str, ...]:
    """The numbers of all MOSAIC modules, in order."""
    return tuple(_modules())


def themes_of_module(module: str) -> tuple[str, ...]:
    """The themes that a MOSAIC module such as "05.30" falls under; UnknownCode."""
    try:
        return _modules()[module]
    except KeyError:
        raise UnknownCode("MOSAIC modules", module, _modules()) from None


def theme_closeness(left: str, right: str) -> float:
    """How far help on one theme serves the other: 1 for the same, 0 for nothing in common.

    Symmetric. A retired theme is as close as the one that replaces it. UnknownCode.
    """
    pair = (_current(left), _current(right))
    if pair[0] == pair[1]:
        return 1.0
    return _closeness().get(pair, 0.0)


def _current(code: str) -> str:
    theme = THEMES.get(code)
    return theme.replaced_by or theme.code
