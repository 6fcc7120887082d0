"""A log of decisions as it would be kept, from simulated ones."""

from collections.abc import Iterable, Sequence
from typing import Any

from services.matcher import decision_log
from services.matcher.documents import entry_text
from services.matcher.engine.examples import Decided
from services.matcher.engine.features import FEATURES
from services.matcher.learning_documents import Decision


def keep(decisions: Iterable[Decided], feature_names: Sequence[str] = FEATURES) -> None:
    """Put them into the log."""
    Decision._get_collection().insert_many([_entry(one, feature_names) for one in decisions])


def _entry(one: Decided, feature_names: Sequence[str]) -> dict[str, Any]:
    proposal = f"{one.request}.{one.pair.offer}"
    shown = [*one.above, one.pair]
    return {
        "_id": decision_log.entry_id(proposal, "1.1"),
        "proposal": proposal,
        "request": one.request,
        "offer": one.pair.offer,
        "country": one.state,
        "organisation": "d",
        "action": "endorse" if one.endorsed else "reject",
        "role": "coordinator",
        "at": one.at,
        "request_version": one.records.split()[0],
        "offer_version": one.records.split()[1],
        "model": "prior-2",
        "feature_names": list(feature_names),
        "as_of": "2026-03-05",
        "rank": len(shown),
        "score": 0.5,
        "features": list(one.pair.features),
        "shown": entry_text(
            [{"offer": p.offer, "score": 0.5, "features": list(p.features)} for p in shown]
        ),
    }
