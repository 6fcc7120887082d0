"""Why a proposal was made, what it lacks and where its texts show it, as one reader may see it.

Made when it is read, from the shortlist's entry and from what both records state by now.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, cast

from services.matcher.domain import Side
from services.matcher.engine.contradictions import (
    contradiction,
    contradiction_text,
    line_contradiction_text,
    line_contradictions,
)
from services.matcher.engine.explanation import Explanation, Heard, InCommon, explain
from services.matcher.engine.lacking import Lack, lack_text, lacking, ruled_out
from services.matcher.engine.ranking import Model
from services.matcher.engine.serving import Serving
from services.matcher.engine.stated import Span, Stated, shared_codes, unpacked
from services.matcher.engine.wording import filled, sentences, theme_text
from services.matcher.models import stored_model
from services.matcher.proposals import Proposal
from services.matcher.rights import oversees
from shared.language.concepts import thesaurus
from shared.web.identity import Identity

_OF_LINES = frozenset({"theme", "main_need", "needs_served", "any_need", "quantity", "amount"})
"""Features that are made of need lines: a reader from whom some are hidden gets none of these."""

_EXPLAINED = (
    *("reasons", "against", "inferred", "lacking"),
    *("evidence", "ruled_out", "contradictions", "line_contradictions"),
)


@dataclass(frozen=True)
class _Explainable:
    features: tuple[float, ...]
    serves: tuple[Serving, ...]
    evidence: tuple[str, ...]


def explained(
    proposal: Proposal,
    identity: Identity,
    language: str,
    on: date,
    heard: Heard | None = None,
) -> dict[str, Any]:
    """The fields of a proposal's view that explain it, in a language, on a day.

    Of need lines that the reader may not see nothing is told, nor of anything in a request that it
    may see no more. Contradictions between an author's codes and text are for those who oversee
    both sides. `heard` is the donor's track record as far as the reader may know it.
    """
    if not proposal.shows_request(identity):
        return {name: [] for name in _EXPLAINED}
    request = unpacked(proposal.request.stated)
    offer = unpacked(proposal.offer.stated)
    serves = cast(tuple[Serving, ...], tuple(proposal.serves))
    unserved = set(proposal.entry.get("unserved", ())) - proposal.hidden
    explanation = _explanation(proposal, serves, request, offer, heard, language)
    return {
        "reasons": explanation.reasons,
        "against": explanation.against,
        "inferred": [
            {"side": side, "sentence": filled(sentences()["inferred"][side], language, {})}
            for side, stated in (("request", request), ("offer", offer))
            if stated.inferred
        ],
        "lacking": [
            _lack(lack, language) for lack in lacking(request, offer, serves, unserved, on)
        ],
        "evidence": _concepts(proposal.entry["evidence"], request.named, offer.named, language),
        "ruled_out": [
            *_ruled_out("request", request, offer, language),
            *_ruled_out("offer", offer, request, language),
        ],
        **(
            {
                "contradictions": _contradictions(request, offer, language),
                "line_contradictions": _line_contradictions(request, offer, language),
            }
            if oversees(identity, proposal.request.owner)
            else {"contradictions": [], "line_contradictions": []}
        ),
    }


def _explanation(
    proposal: Proposal,
    serves: tuple[Serving, ...],
    request: Stated,
    offer: Stated,
    heard: Heard | None,
    language: str,
) -> Explanation:
    model = stored_model(proposal.model) if proposal.model else None
    if model is None:
        return Explanation((), ())
    if proposal.hidden:
        model = _without(model, _OF_LINES)
    entry = proposal.entry
    pairing = _Explainable(model.features_of(entry["features"]), serves, tuple(entry["evidence"]))
    common = InCommon(
        themes=shared_codes(request.themes, offer.themes),
        kinds=shared_codes(request.kinds, offer.kinds),
        no_theme=offer.of_no_theme,
    )
    inferred = request.inferred or offer.inferred
    return explain(pairing, model, language, common, heard, inferred=inferred)


def _without(model: Model, features: frozenset[str]) -> Model:
    weighed = zip(model.feature_names, model.weights, strict=True)
    weights = tuple(0.0 if name in features else weight for name, weight in weighed)
    return replace(model, weights=weights)


def _lack(lack: Lack, language: str) -> dict[str, Any]:
    names = ("code", "need", "provision", "given", "needed", "unit", "days", "concepts")
    return {
        **{name: getattr(lack, name) for name in names},
        "date": lack.day,
        "sentence": lack_text(lack, language),
    }


def _concepts(
    concepts: Iterable[str], of_request: Iterable[Span], of_offer: Iterable[Span], language: str
) -> list[dict[str, Any]]:
    """Each concept with its name, and its spans in both texts."""
    in_request, in_offer = _by_concept(of_request), _by_concept(of_offer)
    return [
        {
            "concept": concept,
            "label": _concept_label(concept, language),
            "request": in_request.get(concept, []),
            "offer": in_offer.get(concept, []),
        }
        for concept in concepts
    ]


def _ruled_out(side: Side, by: Stated, other: Stated, language: str) -> list[dict[str, Any]]:
    """What one side's texts rule out and the other's are about: where, in both."""
    excluded = by.excluded
    spans = (excluded, other.named) if side == "request" else (other.named, excluded)
    return [
        {"by": side, **found}
        for found in _concepts(ruled_out(by, other), *spans, language=language)
    ]


def _by_concept(spans: Iterable[Span]) -> Mapping[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for span in spans:
        found.setdefault(span.concept, []).append(span)
    return found


def _concept_label(concept: str, language: str) -> str:
    known = thesaurus().get(concept)
    return concept if known is None else known.label(language)


def _contradictions(request: Stated, offer: Stated, language: str) -> list[dict[str, Any]]:
    found = [contradiction("request", request), contradiction("offer", offer)]
    return [
        {
            "side": one.side,
            "coded": one.coded,
            "theme": one.theme,
            "label": theme_text(one.theme, language),
            "probability": one.probability,
            "sentence": contradiction_text(one, language),
        }
        for one in found
        if one is not None
    ]


def _line_contradictions(request: Stated, offer: Stated, language: str) -> list[dict[str, Any]]:
    found = (*line_contradictions("request", request), *line_contradictions("offer", offer))
    return [{**asdict(one), "sentence": line_contradiction_text(one, language)} for one in found]
