"""Telling an author, before submitting, which of the own records a draft looks like.

By the same measure as the matcher's (shared/likeness), so that what is told here is what a
coordinator would be shown later.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from shared.likeness.classifier import shipped
from shared.likeness.described import described
from shared.likeness.evidence import Likeness, likeness_from
from shared.likeness.wording import Side, drafted_text, evidence_text, similar_text
from shared.registers.merged import MergeableRecord

COMPARED = 500
"""The newest of an owner's records, which alone are compared."""
TOLD = 10

_NOT_NEEDED = ("pending_events", "search_terms", "inferred")

EventData = Callable[[Any], Mapping[str, Any]]


def others_of(record: MergeableRecord, owner: str) -> list[Any]:
    """The owner's other records that are not over, the newest first; `owner` names its field."""
    kind = type(record)
    going_on = [one for one in kind.lifecycle.states if not kind.lifecycle.is_final(one)]
    own = {owner: getattr(record, owner), "status": {"$in": going_on}}
    found = kind.objects(__raw__=own).order_by("-created_at").limit(COMPARED + 1)
    return [one for one in found.exclude(*_NOT_NEEDED) if one.id != record.id][:COMPARED]


def similar_view(
    record: MergeableRecord,
    others: Iterable[MergeableRecord],
    event_data: EventData,
    language: str,
    today: date,
) -> list[dict[str, Any]]:
    """What a record seems to be the same as, likeliest first, for a SimilarView."""
    one = described(event_data(record), today)
    least = shipped().least
    found = (
        (likeness_from(least, one, described(event_data(other), today)), other) for other in others
    )
    alike = [(pair, other) for pair, other in found if pair is not None]
    alike.sort(key=lambda pair: (-pair[0].score, pair[1].id))
    side = record.text_side
    return [_view(pair, other, side, language) for pair, other in alike[:TOLD]]


def _view(pair: Likeness, other: Any, side: Side, language: str) -> dict[str, Any]:
    sent = next((step.at.date() for step in other.history if step.target == "submitted"), None)
    channel = getattr(other, "channel", None)
    return {
        "id": other.id,
        "title": other.title,
        "status": other.status,
        "channel": channel,
        "date": sent or other.created_at.date(),
        "score": pair.score,
        "sentence": (
            drafted_text(other.created_at.date(), other.title, language)
            if sent is None
            else similar_text(sent, channel, other.title, language)
        ),
        "reasons": [
            {
                "kind": reason.kind,
                "own": reason.left,
                "other": reason.right,
                "weight": reason.weight,
                "sentence": evidence_text(reason, side, language),
            }
            for reason in pair.evidence
        ],
    }
