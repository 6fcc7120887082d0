"""Storing shortlists: only what changed, and only by the present owner of the request's partition.

Each partition of the requests' topic has a fence in the database, an epoch that a new owner raises.
The new owner stamps it on every shortlist of the partition before it ranks, and every write is
conditional on the stamp being no newer than the writer's own. So whatever a stalled former owner
still writes is refused, or is worked over by the new owner afterwards.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from pymongo import InsertOne, ReturnDocument, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from services.matcher.coverage_documents import CoverageCase
from services.matcher.documents import (
    PartitionFence,
    Shortlist,
    entry_text,
    is_superseded,
    shortlist_event,
    shortlist_id,
    turn_of,
    waiting_for,
)
from services.matcher.duplicate_documents import DuplicateCase
from shared.bulk import Write, write_each
from shared.events.envelope import InvalidEvent, check
from shared.events.epochs import current_epoch
from shared.events.outbox import Contention
from shared.events.pending import pack

_Entries = Sequence[Mapping[str, Any]]
_ROUNDS = 20
_STAMPED_AT_ONCE = 200
_STATE = ("request", "country", "model", "as_of", "request_version", "offers")
_NOTED = ("request_version", "turn", "waits_at", "waits_for")
"""What is noted where it alone is another."""
_COMPARED = ("country", "model", "offers", "entries")
_ADDED = ("suits", "superseded", "themes")
"""What an earlier version did not store."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Ranking:
    """A request's shortlist as the engine made it: `offers` best first.

    `priority` is the State's own. `entries` is one object an offer, in the same order, and `suits`
    how well the request suits each; see documents.Shortlist. `acted` are offers of which somebody
    has decided. `traceparent` is the trace that its event goes on with, if any.
    """

    request: str
    priority: str | None
    country: str
    request_version: str
    model: str
    as_of: str
    offers: Sequence[str]
    suits: Sequence[float]
    entries: _Entries
    acted: Container[str] = ()
    traceparent: str | None = None

    def state(self) -> dict[str, Any]:
        """The fields of a Shortlist that tell what was ranked."""
        superseded = [
            offer
            for offer, entry in zip(self.offers, self.entries, strict=True)
            if "displaced" in entry and is_superseded(entry)
        ]
        passed = {*superseded, *(offer for offer in self.offers if offer in self.acted)}
        waiting = [rank for rank, one in enumerate(self.offers, start=1) if one not in passed]
        first: dict[str, int] = {}
        for rank in waiting:
            for one in self.entries[rank - 1]["serves"]:
                first.setdefault(one["theme"], rank)
        return {
            **{name: getattr(self, name) for name in _STATE},
            "turn": turn_of(self.request, self.priority),
            "suits": list(self.suits),
            "superseded": superseded,
            "waits_at": next(iter(waiting), 0),
            "waits_for": [waiting_for(theme, first[theme]) for theme in sorted(first)],
            "themes": sorted({one["theme"] for entry in self.entries for one in entry["serves"]}),
            "entries": entry_text(self.entries),
        }


@dataclass
class Stored:
    """How many documents were written, how many could not be, and which partitions have another
    owner by now."""

    written: int = 0
    unfit: int = 0
    fenced: set[int] = field(default_factory=set)


def take_partition(topic: str, partition: int) -> int:
    """Become the partition's owner; returns its new fence, stamped on its shortlists and cases."""
    fence = _raise_fence(f"{topic}/{partition}")
    for fenced in (Shortlist, DuplicateCase, CoverageCase):
        _stamp(fenced._get_collection(), partition, fence)
    return fence


def owns(topic: str, partition: int, fence: int) -> bool:
    """Whether nobody has become the partition's owner after the one with this fence."""
    found = PartitionFence._get_collection().find_one({"_id": f"{topic}/{partition}"})
    return found is not None and found["epoch"] == fence


def stored_country(request: str) -> str | None:
    """The State whose request it is, from the request's shortlist; None without one."""
    stored = Shortlist._get_collection().find_one({"_id": shortlist_id(request)}, {"country": 1})
    return None if stored is None else str(stored["country"])


def store(
    rankings: Mapping[int, Iterable[Ranking]], fences: Mapping[int, int], now: datetime
) -> Stored:
    """Write the rankings, by partition, that differ from what is stored, with their events.

    Where only the request's version or priority is another, that is noted without a new version or
    an event.
    One whose event would break its schema is left out and logged: it must not hold up the others.
    `fences` has the caller's fence of each partition. Raises Contention after many lost races, and
    pymongo's errors; repeating is safe.
    """
    waiting = {
        shortlist_id(ranking.request): (partition, ranking)
        for partition, of_partition in rankings.items()
        for ranking in of_partition
    }
    collection = Shortlist._get_collection()
    result = Stored()
    for _ in range(_ROUNDS):
        known = {one["_id"]: one for one in collection.find({"_id": {"$in": list(waiting)}})}
        epoch = current_epoch(collection.database) if len(known) < len(waiting) else 0
        writes: dict[str, Write] = {}
        for id_, (partition, ranking) in waiting.items():
            stored, fence = known.get(id_), fences[partition]
            if stored is not None and stored["fence"] > fence:
                result.fenced.add(partition)
                continue
            try:
                write = _write(stored, ranking, partition, fence, epoch, now)
            except InvalidEvent as invalid:
                log.error("shortlist not stored", request=ranking.request, error=str(invalid))
                result.unfit += 1
                continue
            if write is not None:
                writes[id_] = write
        done = write_each(collection, list(writes.values())) if writes else 0
        result.written += done
        if done == len(writes):
            return result
        waiting = {id_: waiting[id_] for id_ in writes}
    raise Contention("shortlists were changed by others each time")


def _write(
    stored: Mapping[str, Any] | None,
    ranking: Ranking,
    partition: int,
    fence: int,
    epoch: int,
    now: datetime,
) -> Write | None:
    """The write that makes what is stored the ranking; None if it is that already."""
    state = ranking.state()
    if stored is None:
        return _insertion(ranking, state, partition, fence, epoch, now)
    if any(stored[name] != state[name] for name in _COMPARED):
        return _update(stored, ranking, state, partition, fence, now)
    told = {name: state[name] for name in _ADDED if name not in stored}
    told |= {name: state[name] for name in _NOTED if stored.get(name) != state[name]}
    if stored["fence"] < fence or told:
        return UpdateOne(_guard(stored, fence), {"$set": {"fence": fence, **told}})
    return None


def _insertion(
    ranking: Ranking,
    state: Mapping[str, Any],
    partition: int,
    fence: int,
    epoch: int,
    now: datetime,
) -> InsertOne[dict[str, Any]]:
    document = {
        "_id": shortlist_id(ranking.request),
        **_owned(state, partition, fence),
        "epoch": epoch,
        "number": 1,
        "created_at": now,
        "updated_at": now,
        "history": [],
        "pending_events": [],
    }
    return InsertOne({**document, **_outbox(document, ranking, now)})


def _update(
    stored: Mapping[str, Any],
    ranking: Ranking,
    state: Mapping[str, Any],
    partition: int,
    fence: int,
    now: datetime,
) -> UpdateOne:
    changed = _owned(state, partition, fence) | {"number": stored["number"] + 1, "updated_at": now}
    changed |= _outbox({**stored, **changed}, ranking, now)
    update: dict[str, Any] = {"$set": changed}
    if changed.pop("pending_since", None) is not None:
        # The oldest unpublished change counts.
        update["$min"] = {"pending_since": now}
    return UpdateOne(_guard(stored, fence), update)


def _guard(stored: Mapping[str, Any], fence: int) -> dict[str, Any]:
    return {
        "_id": stored["_id"],
        "epoch": stored["epoch"],
        "number": stored["number"],
        "fence": {"$lte": fence},
    }


def _owned(state: Mapping[str, Any], partition: int, fence: int) -> dict[str, Any]:
    """The fields of a Shortlist that an owner sets who ranked it."""
    told = {"told_version": state["request_version"], "partition": partition, "fence": fence}
    return {**state, **told}


def _outbox(document: Mapping[str, Any], ranking: Ranking, now: datetime) -> dict[str, Any]:
    """The fields that the relay takes the document's event from; none without an event."""
    event = shortlist_event(document, ranking.entries)
    if event is None:
        return {}
    check(event)
    traced = replace(event, traceparent=ranking.traceparent)
    return {"pending_events": [pack(traced)], "pending_since": now}


def _stamp(collection: Collection[dict[str, Any]], partition: int, fence: int) -> None:
    """Let what a partition has be this fence's, part by part: all at once may take a slow store
    longer than anybody waits for an answer, again and again."""
    older = {"partition": partition, "fence": {"$lt": fence}}
    ids = [one["_id"] for one in collection.find(older, {"_id": 1})]
    for start in range(0, len(ids), _STAMPED_AT_ONCE):
        some = {"_id": {"$in": ids[start : start + _STAMPED_AT_ONCE]}}
        collection.update_many({**some, **older}, {"$set": {"fence": fence}})


def _raise_fence(id_: str) -> int:
    fences = PartitionFence._get_collection()
    for _ in range(_ROUNDS):
        try:
            raised = fences.find_one_and_update(
                {"_id": id_},
                {"$inc": {"epoch": 1}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:  # another made the fence in this moment
            continue
        return int(raised["epoch"])
    raise Contention(f"the fence {id_!r} was changed by others each time")
