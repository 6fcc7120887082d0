"""What a coordinator is shown of an allocation."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.matcher.acceptance import commitment_id, held
from services.matcher.allocation_documents import (
    PAIRS,
    UNMET,
    AllocatedPair,
    KeptAllocation,
    UnmetNeed,
    pairs_of,
    unmet_of,
)
from services.matcher.allocation_sums import Met
from services.matcher.documents import RecordView, view_id
from services.matcher.domain import proposal_id
from services.matcher.engine.wording import filled, sentences
from shared.registers.measures import in_measure
from shared.web.identity import Identity
from shared.web.logging import record_confidential_read

FIRST = 20


def allocation_view(kept: KeptAllocation, identity: Identity, language: str) -> dict[str, Any]:
    """The allocation with its first commitments and unmet needs."""
    pairs = list(pairs_of(kept).order_by(*PAIRS).limit(FIRST))
    left = list(unmet_of(kept).order_by(*UNMET).limit(FIRST))
    note_reading(kept.id, {one.request for one in (*pairs, *left)}, identity)
    return whole_view(kept, pairs, left, language)


def whole_view(
    kept: KeptAllocation, pairs: Sequence[AllocatedPair], left: Sequence[UnmetNeed], language: str
) -> dict[str, Any]:
    """An allocation with these of its commitments and unmet needs; one without id is not kept."""
    names = (
        *("status", "without", "computed_at", "value", "greedy_value", "bound", "gap"),
        *(
            "solvers",
            "repairs",
            "whole",
            "whole_at",
            "commitments",
            "unmet",
            "expires_at",
            "refusal",
        ),
    )
    return {
        "id": kept.id or None,
        **{name: getattr(kept, name) for name in names},
        "on": date.fromisoformat(kept.on),
        "held": 0 if kept.status == "computed" else held(kept),
        "needs": kept.needs or Met().view(),
        "themes": kept.themes,
        "donors": [
            {
                "share": 0.0,
                **donor,
                "asked": [measured_view(one, one["amount"]) for one in donor["asked"]],
            }
            for donor in kept.donors
        ],
        "first_commitments": [pair_view(kept, one) for one in pairs],
        "first_unmet": [unmet_view(one, language) for one in left],
    }


def note_reading(id_: str, requests: set[str], identity: Identity) -> None:
    """Log that confidential lines of requests are read, if they have any."""
    ids = [view_id("request", one) for one in sorted(requests)]
    hiding = {"_id": {"$in": ids}, "lines.confidential": True}
    if RecordView._get_collection().find_one(hiding, {"_id": 1}) is not None:
        record_confidential_read(identity.subject, identity.role, id_, 0)


def pair_view(kept: KeptAllocation, pair: AllocatedPair) -> dict[str, Any]:
    """A commitment that is proposed."""
    names = ("request", "offer", "country", "organisation", "priority", "alliance", "conditions")
    return {
        **{name: getattr(pair, name) for name in names},
        "proposal": proposal_id(pair.request, pair.offer),
        "commitment": commitment_id(kept.id, pair) if kept.id else None,
        "lines": [
            {
                **{name: line.get(name) for name in ("side", "line", "theme")},
                **measured_view(line, line["amount"]),
            }
            for line in pair.lines
        ],
    }


def unmet_view(one: UnmetNeed, language: str) -> dict[str, Any]:
    """A need line that is not met, with the reason as a sentence."""
    names = ("request", "line", "country", "priority", "theme", "reason", "offers")
    counted = {"measure": one.measure, "unit": one.unit}
    return {
        **{name: getattr(one, name) for name in names},
        "unmet": measured_view(counted, one.unmet),
        "open": measured_view(counted, one.open),
        "sentence": filled(sentences()["unmet"][one.reason], language, {}),
    }


def measured_view(line: Mapping[str, Any], amount: int) -> dict[str, Any]:
    """An amount in the line's own unit."""
    return {"unit": line["unit"], **in_measure(line["measure"], amount)}
