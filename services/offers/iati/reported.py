"""What another installation tells of its match beyond the standard's codes: see shared/iati.py."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from xml.etree.ElementTree import Element

from services.offers.iati.facts import code_of, decimal
from services.offers.iati.faults import Fault
from services.offers.iati.money import commitments
from shared.iati import FIGURE, KIND, MATCH, MODALITY, OWN, REQUEST_LANGUAGE, THEME, YEAR
from shared.registers.match_figures import MATCH_FIGURES
from shared.registers.report import MODALITIES
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.languages import LANGUAGES
from shared.vocabulary.themes import THEMES

_YEARS = range(2000, 2201)
_MOST = Decimal(1_000_000)


@dataclass(frozen=True)
class ReportedFigure:
    """What the match adds to a figure: a part of a whole, or a value where there is no whole."""

    name: str
    part: float
    whole: float | None


@dataclass(frozen=True)
class Reported:
    """A match of another installation, and what the report counts of it.

    `match` is its id there; `themes` and `kinds` begin with what is served best; `money` are the
    commitments in cents with their currencies.
    """

    match: str
    themes: tuple[str, ...]
    kinds: tuple[str, ...]
    modality: str | None
    language: str | None
    year: int
    money: tuple[tuple[int, str], ...]
    figures: tuple[ReportedFigure, ...]


def reported_of(activity: Element) -> Reported | None:
    """What is told in the vocabularies of our own; None where nothing is. Raises Fault."""
    tags = {name: list(dict.fromkeys(_tags(activity, name))) for name in (THEME, KIND, YEAR)}
    match = next(
        (
            one.get("ref", "").strip()
            for one in activity.findall("other-identifier")
            if one.get("type") == MATCH
        ),
        "",
    )
    if not (match and tags[THEME] and tags[YEAR]):
        return None
    for name, known in ((THEME, THEMES), (KIND, KINDS)):
        for code in tags[name]:
            if code not in known:
                raise Fault("tag", "unknown-code", f"There is no {_last(name)} '{code[:40]}'.")
    return Reported(
        match,
        tuple(tags[THEME]),
        tuple(tags[KIND]),
        next((code for code in _tags(activity, MODALITY) if code in MODALITIES), None),
        next((code for code in _tags(activity, REQUEST_LANGUAGE) if code in LANGUAGES), None),
        _year(tags[YEAR][0]),
        tuple(commitments(activity)),
        tuple(_figures(activity)),
    )


def _tags(activity: Element, vocabulary: str) -> Iterator[str]:
    for tag in activity.findall("tag"):
        if tag.get("vocabulary") == OWN and tag.get("vocabulary-uri") == vocabulary:
            yield code_of(tag)


def _year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) == 4 and int(text) in _YEARS):
        raise Fault("tag", "date", f"'{text[:20]}' is no year from 2000 to 2200.")
    return int(text)


def _figures(activity: Element) -> Iterator[ReportedFigure]:
    for indicator in activity.findall("result/indicator"):
        reference = indicator.find("reference")
        if reference is None or reference.get("vocabulary") != OWN:
            continue
        name = code_of(reference)
        # What a later version may count besides is passed over.
        if reference.get("indicator-uri") != FIGURE or name not in MATCH_FIGURES:
            continue
        part, whole = (_value(indicator, one) for one in ("actual", "target"))
        is_share = MATCH_FIGURES[name] == "share"
        if part is None or is_share != (whole is not None):
            raise Fault("result/indicator", "required", f"The figure {name} lacks a value.")
        yield ReportedFigure(name, part, whole)


def _value(indicator: Element, name: str) -> float | None:
    found = indicator.find(f"period/{name}")
    if found is None:
        return None
    value = decimal(found.get("value", ""), "result/indicator")
    if not 0 <= value <= _MOST:
        raise Fault("result/indicator", "number", f"{value} is no such figure.")
    return float(value)


def _last(vocabulary: str) -> str:
    return vocabulary.rpartition(":")[2]
