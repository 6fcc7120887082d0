"""A large register: copies of what is in a stack's databases, made once and kept with them.

Round by round the examples are copied as a whole: a copied shortlist lists copied offers for a
copied request. What was made is noted in the database, so the next run goes on where this one
ended, or finds all there. No event tells of copies: the matcher's index goes on without them.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any, Final

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from shared.ids import derived_id

Document = dict[str, Any]
REGISTERS: Final = (("requests", "requests"), ("offers", "offers"), ("offers", "activities"))
MATCHED: Final = (
    *("shortlists", "record_views", "ledger", "matches", "commitments"),
    *("duplicate_cases", "coverage_cases", "alliances"),
)
_EMPTIED = ("pending_events", "attempts")
_APART = timedelta(hours=2)
"""How far apart copies were made: 10,000 of them in little more than 2 years."""
_AT_ONCE = 1000
_STEMS = 40
"""Stems that a copy is found by: each is a row of an index."""
_ID = re.compile(r"[0-9a-f]{24}")
_DUPLICATE = 11_000


def fill(client: MongoClient[Any], records: int) -> Iterator[tuple[str, int]]:
    """Copies until there are that many requests, offers and activities, with what was found of
    them by the matcher; tells of each collection how many documents it holds now."""
    noted = client["entraide_bench"]
    rounds = records
    for service, name in REGISTERS:
        seeds = _seeds(noted, client[f"entraide_{service}"], name)
        rounds = min(rounds, records // max(len(seeds), 1))
    for name in MATCHED:
        _seeds(noted, client["entraide_matcher"], name)
    known = {id_ for one in noted["seeds"].find() for id_ in _ID.findall(" ".join(one["ids"]))}
    for service, name in REGISTERS:
        yield _copy(noted, client[f"entraide_{service}"], name, known, records)
    for name in MATCHED:
        seeds = _seeds(noted, client["entraide_matcher"], name)
        yield _copy(noted, client["entraide_matcher"], name, known, rounds * len(seeds))


def fill_notifications(client: MongoClient[Any], account: str, count: int) -> None:
    """Tell an account what others were told of, over and over until it has so many to read."""
    notes = client["entraide_portal"]["notifications"]
    seeds = list(notes.find({"account": {"$ne": account}}, limit=_AT_ONCE))
    for start in range(0, count if seeds else 0, _AT_ONCE):
        notes.insert_many(
            {
                **{name: value for name, value in seed.items() if name not in ("read_at", "mail")},
                "_id": derived_id("told", account, str(start + at)),
                "account": account,
            }
            for at, seed in zip(range(min(_AT_ONCE, count - start)), cycle(seeds), strict=False)
        )


def _seeds(noted: Database[Any], database: Database[Any], name: str) -> list[str]:
    """The ids of what stood in the collection before anything was copied."""
    label = f"{database.name}.{name}"
    found = noted["seeds"].find_one({"_id": label})
    if found is None:
        ids = sorted(one["_id"] for one in database[name].find({}, {"_id": 1}))
        found = {"_id": label, "ids": ids, "there": len(ids)}
        noted["seeds"].insert_one(found)
    return list(found["ids"])


def _copy(
    noted: Database[Any], database: Database[Any], name: str, known: set[str], wanted: int
) -> tuple[str, int]:
    label = f"{database.name}.{name}"
    note = noted["seeds"].find_one({"_id": label}) or {}
    there, ids = note["there"], note["ids"]
    if there < wanted and ids:
        by_id = {one["_id"]: one for one in database[name].find({"_id": {"$in": ids}})}
        seeds, now = [by_id[one] for one in ids if one in by_id], datetime.now(UTC)
        while there < wanted:
            until = min(there + _AT_ONCE, wanted)
            batch = [
                _copied(seeds[at % len(seeds)], at // len(seeds), known, now - at * _APART)
                for at in range(there, until)
            ]
            try:
                database[name].insert_many(batch, ordered=False)
            except BulkWriteError as error:  # made by a run that was interrupted before its note
                if any(one["code"] != _DUPLICATE for one in error.details["writeErrors"]):
                    raise
            there = until
            noted["seeds"].update_one({"_id": label}, {"$set": {"there": there}})
    return label, there


def _copied(seed: Document, round_: int, known: set[str], made: datetime) -> Document:
    def name(found: re.Match[str]) -> str:
        id_ = found.group()
        return derived_id("copy", str(round_), id_) if id_ in known else id_

    def of(value: Any) -> Any:
        if isinstance(value, str):
            return _ID.sub(name, value)
        if isinstance(value, list):
            return [of(one) for one in value]
        return {key: of(one) for key, one in value.items()} if isinstance(value, dict) else value

    copy: Document = {key: of(value) for key, value in seed.items() if key != "external_id"}
    copy |= {key: [] for key in _EMPTIED if key in copy}
    copy |= {key: made for key in ("created_at", "updated_at") if key in copy}
    if "search_terms" in copy:
        copy["search_terms"] = copy["search_terms"][:_STEMS]
    return copy
