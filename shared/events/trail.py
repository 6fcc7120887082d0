"""The audit trail of a service: entries that follow one another in a chain of hashes.

An entry's hash is SHA-256 over the hash before it and the entry as canonical JSON (as RFC 8785 has
it: members sorted, no spaces, UTF-8; an entry holds texts, whole numbers and null only). Its id is
its number, from 1 on without a gap. Appending inserts under the next number: of two who append at
once one meets a number that is taken, reads on and tries again, so the chain never forks.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import IndexModel, InsertOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from shared.bulk import raise_unless_duplicates
from shared.events.outbox import Contention

COLLECTION = "audit"
INDEXES = (IndexModel("content.key"), IndexModel([("content.record", 1), ("_id", 1)]))
"""By which entries are found by what happened, and by record."""

_ROUNDS = 200
_KEYS_AT_ONCE = 200

Store = Database[dict[str, Any]]
Content = Mapping[str, Any]
"""What an entry says. Its `key` names what happened: there is one entry of it and never two."""


@dataclass(frozen=True)
class Head:
    """The last entry of a trail: its number, 0 for an empty one, and its hash."""

    number: int
    hash: str


@dataclass(frozen=True)
class Fault:
    """What is wrong with a trail, at the entry with a number; `what` says it in words."""

    number: int
    what: str


def origin(service: str) -> str:
    """The hash that a service's first entry follows."""
    return hashlib.sha256(f"entraide audit {service}".encode()).hexdigest()


def entry_hash(previous: str, content: Content) -> str:
    """The hash of an entry that follows another."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}{text}".encode()).hexdigest()


def append(store: Store, service: str, contents: Sequence[Content], seen: int = 0) -> Head:
    """Add entries at the trail's end, those that are not in it yet; returns its end.

    Idempotent, and safe for several at once. `seen` is a number that is known to be in the trail,
    which spares looking for its end. Raises Contention after many lost races and pymongo's errors.
    """
    waiting = list({content["key"]: content for content in contents}.values())
    collection = store[COLLECTION]
    for _ in range(_ROUNDS):
        # First the end, then what is there already: whatever another adds after this look at the
        # end takes the number that the next write needs.
        head = find_head(store, service, seen)
        there = known_keys(store, [content["key"] for content in waiting])
        waiting = [content for content in waiting if content["key"] not in there]
        if not waiting:
            return head
        written = list(_chained(head, waiting))
        try:
            collection.bulk_write([InsertOne(entry) for entry in written], ordered=True)
        except BulkWriteError as error:
            raise_unless_duplicates(error)
            seen = head.number
            continue
        return Head(written[-1]["_id"], written[-1]["hash"])
    raise Contention(f"others added to the audit trail of {service} each time")


def find_head(store: Store, service: str, seen: int = 0) -> Head:
    """The end of a trail, by looking entries up by their numbers alone."""
    known = seen
    step = 1
    while _get(store, known + step) is not None:
        known += step
        step *= 2
    while step > 1:
        step //= 2
        if _get(store, known + step) is not None:
            known += step
    last = None if known == 0 else _get(store, known)
    return Head(0, origin(service)) if last is None else Head(known, last["hash"])


def verify(store: Store, service: str) -> tuple[Head, list[Fault]]:
    """Go through a trail from its beginning; its end, and what is wrong where, in order."""
    previous, number = origin(service), 0
    faults: list[Fault] = []
    keys: set[str] = set()
    for entry in store[COLLECTION].find().sort("_id", 1):
        at = entry["_id"]
        if not isinstance(at, int):
            faults.append(Fault(number, f"an entry with the strange number {at!r}"))
            continue
        if at != number + 1:
            missing = f"{number + 1}" if at == number + 2 else f"{number + 1} to {at - 1}"
            faults.append(Fault(number + 1, f"missing: {missing}"))
        number = at
        faults += [Fault(at, what) for what in _faults_of(entry, previous, keys)]
        previous = str(entry.get("hash"))
    return Head(number, previous), faults


def entries_of(
    store: Store,
    record: str | None,
    after: int,
    limit: int,
    what: str | None = None,
    action: str | None = None,
) -> list[dict[str, Any]]:
    """Entries after a number, the oldest first, each with its `number` and `hash`.

    `record`: those of one record; `what`: only steps, only reads; `action`: only those.
    """
    asked = {"content.record": record, "content.what": what, "content.action": action}
    wanted: dict[str, Any] = {name: one for name, one in asked.items() if one is not None}
    wanted["_id"] = {"$gt": after}
    found = store[COLLECTION].find(wanted).sort("_id", 1).limit(limit)
    return [{**entry["content"], "number": entry["_id"], "hash": entry["hash"]} for entry in found]


def known_keys(store: Store, keys: Sequence[str]) -> dict[str, Content]:
    """What the trail has under these keys, by key.

    Some keys at a time: after a restore all that was ever done is asked for, and a store may hold
    each entry that it finds against each key.
    """
    known: dict[str, Content] = {}
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        asked = list(keys[start : start + _KEYS_AT_ONCE])
        found = store[COLLECTION].find({"content.key": {"$in": asked}}, {"content": 1})
        known |= {entry["content"]["key"]: entry["content"] for entry in found}
    return known


def _chained(head: Head, contents: Iterable[Content]) -> Iterator[dict[str, Any]]:
    number, previous = head.number, head.hash
    for content in contents:
        number += 1
        digest = entry_hash(previous, content)
        yield {"_id": number, "previous": previous, "hash": digest, "content": dict(content)}
        previous = digest


def _faults_of(entry: Mapping[str, Any], previous: str, keys: set[str]) -> Iterator[str]:
    content = entry.get("content")
    if set(entry) != {"_id", "previous", "hash", "content"} or not isinstance(content, Mapping):
        yield "altered: it has not the members of an entry"
        return
    if entry["previous"] != previous:
        yield "does not follow the entry before it: one of them was put in, taken out or moved"
    try:
        altered = entry_hash(entry["previous"], content) != entry["hash"]
    except (TypeError, ValueError):
        altered = True
    if altered:
        yield "altered: its hash is another"
    key = str(content.get("key"))
    if key in keys:
        yield f"tells of {key} a second time"
    keys.add(key)


def _get(store: Store, number: int) -> dict[str, Any] | None:
    return store[COLLECTION].find_one({"_id": number}, {"hash": 1})
