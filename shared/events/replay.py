"""Replay: says the state of every record again, for a broker that lost its log."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from shared.events.outbox import Aggregate, marking
from shared.events.vanished import Vanished

_BATCH = 200

log = structlog.get_logger(__name__)


def replay(
    aggregates: Sequence[type[Aggregate]], progress: Callable[[int, int], None] | None = None
) -> int:
    """Mark every document that has an event for the relay; returns how many were marked.

    Publishes nothing itself. Documents with an event still pending keep that one. A document that
    makes no valid event is reported and passed over. `progress` is called with the
    documents seen and their number at the start (more may have come since). Raises PyMongoError;
    running it again is safe.
    """
    kinds: list[type[Aggregate]] = [*aggregates, Vanished]
    total = sum(kind._get_collection().count_documents({}) for kind in kinds)
    seen = marked = 0
    for kind in kinds:
        for batch in _batches(kind):
            now = datetime.now(UTC)
            operations = [write for document in batch if (write := _marking(document, now))]
            if operations:
                result = kind._get_collection().bulk_write(operations, ordered=False)
                marked += result.modified_count
            seen += len(batch)
            if progress is not None:
                progress(seen, max(total, seen))
    return marked


def _batches(kind: type[Aggregate]) -> Iterator[list[Aggregate]]:
    query = kind.objects.order_by("id")
    batch = list(query.limit(_BATCH))
    while batch:
        yield batch
        batch = list(query.filter(id__gt=batch[-1].id).limit(_BATCH))


def _marking(document: Aggregate, now: datetime) -> Any:
    try:
        return marking(document, now)
    except Exception as error:  # one broken document must not end it for the others
        log.error("state makes no valid event, not replayed", id=document.id, exc_info=error)
        return None
