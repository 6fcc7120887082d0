"""Why a pair has its score, as sentences in the reader's language.

A score is a sum of weight × feature, and these products are the reasons: nothing is told that did
not count, and nothing counted that cannot be told.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, Protocol

from babel.numbers import format_decimal, format_percent

from services.matcher.engine.ranking import Model
from services.matcher.engine.serving import Serving
from shared.language.concepts import thesaurus
from shared.vocabulary.errors import UnknownCode
from shared.vocabulary.languages import locale
from shared.vocabulary.units import UNITS

MOST_REASONS = 3
_NAMED_CONCEPTS = 4
_WEAK = 0.5
"""What lies below may be told as a reason against."""
_FAINT = 0.25
"""What lies below is too little to be told as a reason for."""
_COMMAS = {"ar": "، ", "zh": "、"}

Sense = Literal["for", "against"]


class Explainable(Protocol):
    """What an explanation needs of a pair; see matching.Pairing."""

    @property
    def features(self) -> Sequence[float]: ...

    @property
    def serves(self) -> Sequence[Serving]: ...

    @property
    def evidence(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Reason:
    """`code` is the feature's name; `contribution` what it adds to the score in log odds, or, as a
    reason against, what it leaves wanting (a negative number)."""

    code: str
    sentence: str
    contribution: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """The strongest reasons for a pair, at most three, and the strongest other one against it."""

    reasons: tuple[Reason, ...]
    against: tuple[Reason, ...]


def explain(pairing: Explainable, model: Model, language: str) -> Explanation:
    """Why the model scores a pair so, in one of the six languages; UnknownCode for any other.

    ValueError if the pair's features are not the model's.
    """
    locale(language)
    weighed = list(zip(model.feature_names, model.weights, pairing.features, strict=True))
    helping = _strongest(
        [(weight * value, code, value) for code, weight, value in weighed if value >= _FAINT]
    )[:MOST_REASONS]
    told = {code for _, code, _ in helping}
    wanting = [
        (weight * (1.0 - value), code, value)
        for code, weight, value in weighed
        if value < _WEAK and code not in told
    ]
    return Explanation(
        tuple(
            Reason(code, _sentence(code, "for", value, pairing, language), round(gain, 4))
            for gain, code, value in helping
        ),
        tuple(
            Reason(code, _sentence(code, "against", value, pairing, language), -round(loss, 4))
            for loss, code, value in _strongest(wanting)[:1]
        ),
    )


def _strongest(found: list[tuple[float, str, float]]) -> list[tuple[float, str, float]]:
    counting = [reason for reason in found if reason[0] > 0.0]
    return sorted(counting, key=lambda reason: (-reason[0], reason[1]))


def _sentence(code: str, sense: Sense, value: float, pairing: Explainable, language: str) -> str:
    facts = {"percent": format_percent(round(value, 2), locale=locale(language))}
    counted = _counted(pairing.serves)
    if code == "quantity" and counted is not None and _is_short(counted) == (sense == "against"):
        return _filled("quantity_counted", sense, language, facts | _numbers(counted, language))
    if code == "concepts":
        names = _names(pairing.evidence, language)
        if names:
            return _filled("concepts_named", sense, language, facts | {"concepts": names})
    return _filled(code, sense, language, facts)


def _filled(code: str, sense: Sense, language: str, facts: Mapping[str, str]) -> str:
    return _sentences()[code][sense][language].format_map(facts)


def _counted(serves: Sequence[Serving]) -> Serving | None:
    """The serving to tell of: the one that falls shortest, of those with numbers."""
    known = [serving for serving in serves if serving.quantity is not None and serving.of]
    return min(known, key=lambda s: ((s.quantity or 0.0) / (s.of or 1.0), s.need), default=None)


def _is_short(serving: Serving) -> bool:
    return (serving.quantity or 0.0) < (serving.of or 0.0)


def _numbers(serving: Serving, language: str) -> dict[str, str]:
    return {
        "given": format_decimal(serving.quantity or 0.0, locale=locale(language)),
        "needed": format_decimal(serving.of or 0.0, locale=locale(language)),
        "unit": _unit(serving.unit or "", language),
    }


def _unit(code: str, language: str) -> str:
    try:
        return UNITS.label(code, language)
    except UnknownCode:
        return code


def _names(evidence: Sequence[str], language: str) -> str:
    known = [thesaurus().get(concept) for concept in evidence[:_NAMED_CONCEPTS]]
    names = [concept.label(language) for concept in known if concept is not None]
    return _COMMAS.get(language, ", ").join(names)


@cache
def _sentences() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    source = files("services.matcher.engine") / "data" / "sentences.json"
    found: dict[str, dict[str, dict[str, str]]] = json.loads(source.read_text(encoding="utf-8"))[
        "sentences"
    ]
    return found
