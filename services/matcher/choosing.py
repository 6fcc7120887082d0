"""Accepting some of an allocation's commitments, each for itself: one refused takes none with it.

They have the ids that accepting the whole would give them, so that whoever repeats it, or accepts
the whole besides, commits nothing twice. Whatever was begun and left is finished by the worker's
sweep, or by the same call again.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from services.matcher.acceptance import (
    HELD,
    TURN_SECONDS,
    Refusal,
    commit,
    commitment_id,
    endorse,
)
from services.matcher.allocation_documents import (
    PAIRS,
    AllocatedPair,
    KeptAllocation,
    pairs_of,
)
from services.matcher.documents import Commitment
from services.matcher.domain import proposal_id
from shared.web.identity import Identity
from shared.web.problems import conflict, invalid_field


@dataclass
class Chosen:
    """What came of it, by proposals: held, refused and why, and left for want of time."""

    held: list[str] = field(default_factory=list)
    refused: dict[str, Refusal] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)


def accept_chosen(
    kept: KeptAllocation,
    proposals: Collection[str],
    expires_at: datetime | None,
    identity: Identity,
    now: datetime,
    seconds: float = TURN_SECONDS,
) -> Chosen:
    """Endorse these proposals of an allocation and hold what it gives them, for so long at most.

    Raises the 409 problem if the allocation is accepted as a whole already, the 422 problem if it
    has no such proposal. Safe to repeat.
    """
    if kept.status in ("accepting", "undoing"):
        raise conflict("accepting", "This allocation is being accepted as a whole just now.")
    pairs = {
        proposal_id(pair.request, pair.offer): pair for pair in pairs_of(kept).order_by(*PAIRS)
    }
    for place, one in enumerate(proposals):
        if one not in pairs:
            message = "The allocation has no such proposal."
            raise invalid_field(f"proposals[{place}]", message, "unknown-proposal")
    kept.expires_at = expires_at or now + HELD
    until = time.monotonic() + seconds
    found = Chosen()
    for one in (one for one in pairs if one in proposals):
        if time.monotonic() > until:
            found.left.append(one)
            continue
        refusal = _accept(kept, pairs[one], identity, now)
        if refusal is None:
            found.held.append(one)
        else:
            found.refused[one] = refusal
    return found


def _accept(
    kept: KeptAllocation, pair: AllocatedPair, identity: Identity, now: datetime
) -> Refusal | None:
    made = Commitment.objects(id=commitment_id(kept.id, pair)).only("status").first()
    if made is not None and made.status == "held":
        return None
    return endorse(kept, pair, identity, now) or commit(kept, pair, identity, now)
