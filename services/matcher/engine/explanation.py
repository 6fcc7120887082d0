"""Why a pair has its score, as sentences in the reader's language.

A score is a sum of weight × feature, and these products are the reasons: nothing is told that did
not count, and nothing but UNTOLD counted that cannot be told. But what nearly every proposal has
says nothing of this one. So what is told first is not the largest product but the one that is
furthest above what an ordinary proposal has, and as the reason against the one furthest below.

What lines are worth is told as it is known: where a side has no codes, and its lines are inferred
from its text, the sentence says so, and what nobody stated is not told.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple, Protocol

from services.matcher.engine.lines import UNSURE
from services.matcher.engine.ranking import Model
from services.matcher.engine.serving import Serving
from services.matcher.engine.wording import (
    DOLLARS,
    concepts_text,
    filled,
    kind_text,
    list_text,
    part_texts,
    percent_text,
    sentences,
    states_text,
    theme_text,
)
from shared.vocabulary.counts import number_text
from shared.vocabulary.languages import check_language

MOST_REASONS = 3
UNTOLD = frozenset({"uncoded"})
"""Features that are no reasons: they make up for how little can be known of some records."""
_OF_CODES = frozenset({"theme", "main_need", "needs_served", "any_need"})
"""Features that are made of lines' codes, inferred ones where a record has none."""
_OF_MEASURES = frozenset({"quantity", "amount"})
"""Features that are made of what lines count, which no inferred line has."""
_NAMED_CONCEPTS = 4
_NAMED_CODES = 3
_CENTS = 100

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
class InCommon:
    """What both texts of a pair clearly speak of: codes of themes and of kinds; and whether the
    offer's speaks of no theme: where they are alike all the same it is for any
    (inference.is_general)."""

    themes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    no_theme: bool = False


class Heard(NamedTuple):
    """How so many States judged a donor's earlier help, 1 to 5, as a reader may know it."""

    judged: float
    states: int


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


@dataclass(frozen=True, slots=True)
class _Level:
    """A feature's value in an ordinary proposal, from which on it may speak for a pair, and below
    which against it."""

    ordinary: float
    least_for: float
    most_against: float


@dataclass(frozen=True, slots=True)
class _Weighed:
    code: str
    weight: float
    value: float

    @property
    def level(self) -> _Level:
        return _levels().get(self.code, _UNKNOWN)

    @property
    def lead(self) -> float:
        """How far it puts the pair above an ordinary proposal, in log odds; below 0 if behind."""
        return self.weight * (self.value - self.level.ordinary)


def explain(
    pairing: Explainable,
    model: Model,
    language: str,
    common: InCommon | None = None,
    heard: Heard | None = None,
    *,
    inferred: bool = False,
) -> Explanation:
    """Why the model scores a pair so, in one of the six languages; UnknownCode for any other.

    `heard` is for the numbers of the donor's track record, `inferred` is whether either side's
    lines are inferred from its text. ValueError if the pair's features are not the model's.
    """
    check_language(language)
    common = common or InCommon()
    weighed = [
        _Weighed(code, weight, value)
        for code, weight, value in zip(
            model.feature_names, model.weights, pairing.features, strict=True
        )
        if weight > 0.0 and code not in UNTOLD and not (inferred and _is_unstated(code, value))
    ]
    helping = sorted(
        (one for one in weighed if _helps(one, pairing)), key=lambda one: (-one.lead, one.code)
    )[:MOST_REASONS]
    wanting = sorted(
        (one for one in weighed if one not in helping and _wants(one)),
        key=lambda one: (one.lead, one.code),
    )[:1]
    return Explanation(
        tuple(
            Reason(
                one.code,
                _sentence(one, "for", pairing, common, heard, inferred, language),
                round(one.weight * one.value, 4),
            )
            for one in helping
        ),
        tuple(
            Reason(
                one.code,
                _sentence(one, "against", pairing, common, heard, inferred, language),
                -round(one.weight * (1.0 - one.value), 4),
            )
            for one in wanting
        ),
    )


def _helps(one: _Weighed, pairing: Explainable) -> bool:
    return one.value > 0.0 and one.value >= one.level.least_for and _is_known(one, pairing)


def _wants(one: _Weighed) -> bool:
    return one.lead < 0.0 and one.value < one.level.most_against


def _is_known(one: _Weighed, pairing: Explainable) -> bool:
    """Whether the value comes from what the records say, not from not knowing."""
    if one.code == "quantity":
        return any(serving["quantity"] is not None for serving in pairing.serves)
    if one.code == "amount":
        return any(serving["amount"] is not None for serving in pairing.serves)
    return not (one.code == "text_kind" and one.value == UNSURE)


def _is_unstated(code: str, value: float) -> bool:
    """Whether a feature tells nothing where lines are inferred: what they count is not known, and
    a text that speaks of nothing makes no lines."""
    return code in _OF_MEASURES or (code in _OF_CODES and value == 0.0)


def _sentence(
    one: _Weighed,
    sense: Sense,
    pairing: Explainable,
    common: InCommon,
    heard: Heard | None,
    inferred: bool,
    language: str,
) -> str:
    facts = {"percent": percent_text(one.value, language)}
    template = f"{one.code}_inferred" if inferred and one.code in _OF_CODES else one.code
    counted = _counted(one.code, pairing.serves)
    if counted is not None and counted.is_short == (sense == "against"):
        template = f"{one.code}_counted"
        given, needed = part_texts(counted.given, counted.needed, counted.unit, language)
        line = number_text(counted.need, language)
        facts |= {"given": given, "counted": needed, "line": line}
    if one.code == "track_record" and heard is not None:
        template = f"{one.code}_counted"
        facts |= heard_facts(heard, language)
    names = _names(one.code, pairing, common, language)
    if names:
        template = f"{one.code}_named"
        facts["names"] = names
    elif one.code == "text_theme" and common.no_theme:
        template = f"{one.code}_any"
    return filled(sentences()["reasons"][template][sense], language, facts)


def heard_facts(heard: Heard, language: str) -> dict[str, str]:
    """The numbers of a sentence on a donor's track record."""
    return {
        "judged": number_text(heard.judged, language),
        "states": states_text(heard.states, language),
    }


def _names(code: str, pairing: Explainable, common: InCommon, language: str) -> str:
    """What is alike, by name, where the feature is about that."""
    if code == "concepts":
        return concepts_text(pairing.evidence, _NAMED_CONCEPTS, language)
    if code == "text_theme":
        themes = common.themes[:_NAMED_CODES]
        return list_text([theme_text(theme, language) for theme in themes], language)
    if code == "text_kind":
        kinds = common.kinds[:_NAMED_CODES]
        return list_text([kind_text(kind, language) for kind in kinds], language)
    return ""


@dataclass(frozen=True, slots=True)
class _Counted:
    need: int
    given: float
    needed: float
    unit: str

    @property
    def is_short(self) -> bool:
        return self.given < self.needed


def _counted(code: str, serves: Sequence[Serving]) -> _Counted | None:
    """The numbers to tell of: those that fall shortest, where there are any."""
    found: list[_Counted] = []
    for serving in serves:
        if code == "quantity" and serving["quantity"] is not None and serving["of"]:
            quantity, of, unit = serving["quantity"], serving["of"], serving["unit"] or ""
            found.append(_Counted(serving["need"], quantity, of, unit))
        if code == "amount" and serving["amount"] is not None and serving["amount_of"]:
            amount, of = serving["amount"] / _CENTS, serving["amount_of"] / _CENTS
            found.append(_Counted(serving["need"], amount, of, DOLLARS))
    return min(found, key=lambda one: (one.given / one.needed, one.need), default=None)


def ordinary_value(feature: str) -> float:
    """What a feature is in an ordinary proposal; 0 for one that nobody looked at."""
    return _levels().get(feature, _UNKNOWN).ordinary


_UNKNOWN = _Level(ordinary=0.0, least_for=0.5, most_against=0.5)


@cache
def _levels() -> Mapping[str, _Level]:
    source = files("services.matcher.engine") / "data" / "ordinary.json"
    features = json.loads(source.read_text(encoding="utf-8"))["features"]
    return {
        code: _Level(level["ordinary"], level["for"], level["against"])
        for code, level in features.items()
    }
