"""Why an activity seems to cover a need line, as sentences in the reader's language."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from services.matcher.engine.coverage import MOST_EVIDENCE, Extent
from services.matcher.engine.coverage_features import FEATURES
from services.matcher.engine.wording import (
    concepts_text,
    filled,
    kind_text,
    part_texts,
    percent_text,
    theme_text,
)

_THOUSAND = 1000
_DOUBTFUL = 0.5


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that speaks for or against coverage, as a code and as a sentence."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a case keeps of what the engine found (engine/coverage.py, Covering)."""

    line: int
    features: Sequence[float]
    extent: Extent
    asks: Sequence[str]
    gives: Sequence[str]
    concepts: Sequence[str]
    excluded: Sequence[str]


def evidence(grounds: Grounds, language: str) -> tuple[Told, ...]:
    """The evidence in one of the six languages: codes, then how much, then texts and time."""
    return tuple(
        Told(code, filled(_sentences()[code], language, {"line": str(grounds.line), **facts}))
        for code, facts in _facts(grounds, language)
    )


def _facts(grounds: Grounds, language: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    (theme, kind), (theme_given, kind_given) = grounds.asks, grounds.gives
    # A case that was kept before a feature came in has none of it.
    told = dict(zip(FEATURES, grounds.features, strict=False))
    yield (
        "theme" if theme == theme_given else "other-theme",
        {"theme": theme_text(theme, language), "given": theme_text(theme_given, language)},
    )
    yield (
        "kind" if kind == kind_given else "other-kind",
        {"kind": kind_text(kind, language), "given": kind_text(kind_given, language)},
    )
    yield from _extent(grounds.extent, language)
    for code, names in (("concepts", grounds.concepts), ("excluded", grounds.excluded)):
        text = concepts_text(names, MOST_EVIDENCE, language)
        if text:
            yield code, {"concepts": text}
    if told["field"] < _DOUBTFUL:
        yield "field", {"percent": percent_text(told["field"], language)}
    if told.get("sites") == 1.0:
        yield "sites", {}
    yield "together", {"percent": percent_text(told["together"], language)}


def _extent(extent: Extent, language: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    if extent.basis == "quantity" and extent.given and extent.needed and extent.unit:
        own, counted = part_texts(
            min(extent.given, extent.needed) / _THOUSAND,
            extent.needed / _THOUSAND,
            extent.unit,
            language,
        )
        yield "quantity", {"given": own, "counted": counted}
    else:
        yield extent.basis, {"percent": percent_text(extent.part, language)}
    if extent.given and extent.needed and extent.given > extent.needed:
        yield "larger", {}


@cache
def _sentences() -> Mapping[str, Mapping[str, str]]:
    source = files("services.matcher.engine") / "data" / "coverage_sentences.json"
    found: dict[str, dict[str, str]] = json.loads(source.read_text(encoding="utf-8"))["sentences"]
    return found
