"""The ledger's lines: limits that owners set, holds that commitments place.

Every write is one conditional update of one document. The invariant, under any concurrency and any
crash: no hold raises a line's holds above the limit that the ledger knows. A limit itself may
fall below the holds (an owner lowers it, withdraws, or drops the line): then nothing more can be
held, and a case is opened for the coordinator.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from pymongo import InsertOne, UpdateOne
from pymongo.errors import DuplicateKeyError

from services.matcher.domain import LedgerSide, LineLimit, Take
from services.matcher.ledger_documents import LedgerCase, LedgerLine
from shared.bulk import Write, write_each
from shared.events.outbox import Contention
from shared.events.versions import Version

_ROUNDS = 20

_Record = tuple[str, str]
"""Side and id: an id alone may name a request and an offer."""


class Outcome(Enum):
    """What became of an attempt to hold."""

    HELD = "held"
    INSUFFICIENT = "not enough is left"
    CLOSED = "the record is not open for commitments"
    UNKNOWN = "there is no such line"
    RELEASED = "this commitment has given the line back already"


@dataclass(frozen=True)
class Limits:
    """What one version of a record says of its lines.

    `open`: new holds may be placed. Lines of the record that `lines` does not name have no limit
    left: 0. `numbers` are those that the record's lines have, of an owner who gives no number
    twice; None of others.
    """

    side: LedgerSide
    record: str
    version: Version
    open: bool
    lines: Sequence[LineLimit]
    numbers: frozenset[int] | None = None

    def ends(self, line: Mapping[str, Any]) -> bool:
        """Whether a known line's number is gone for good: it was given out in this epoch, and this
        version has it no more. After a restore a number may be given out a second time."""
        named = line["open"] or line["limit"] > 0
        gone = self.numbers is not None and line["line"] not in self.numbers
        return bool(gone and named and line["epoch"] == self.version.epoch)

    def leaves(self, line: Mapping[str, Any]) -> bool:
        """Whether a known line may stay as it is, for it ended in this epoch, and no version after
        that one names it.

        A record whose owner replaces its lines at each change has soon more of these than others.
        """
        return bool(line.get("ended") and line["epoch"] == self.version.epoch)


def reserve(take: Take, commitment: str) -> Outcome:
    """Hold the amount for the commitment, in one conditional write; repeating changes nothing."""
    line = LedgerLine._get_collection()
    held = line.update_one(
        {
            "_id": take.ledger_line,
            "open": True,
            "free": {"$gte": take.amount},
            "holds.commitment": {"$ne": commitment},
            "released": {"$ne": commitment},
        },
        {
            "$inc": {"held": take.amount, "free": -take.amount},
            "$push": {"holds": {"commitment": commitment, "amount": take.amount}},
        },
    )
    if held.matched_count:
        return Outcome.HELD
    found = line.find_one({"_id": take.ledger_line})
    if found is None:
        return Outcome.UNKNOWN
    if commitment in found["released"]:
        return Outcome.RELEASED
    if any(hold["commitment"] == commitment for hold in found["holds"]):
        return Outcome.HELD
    return Outcome.INSUFFICIENT if found["open"] else Outcome.CLOSED


def release(take: Take, commitment: str) -> None:
    """Give back what the commitment holds of the line, and remember that it did.

    Whether it held anything or not: afterwards it cannot hold again, so that a repeat of its
    reserving that comes late is harmless. Raises Contention after many lost races.
    """
    # For ever: who was stopped between reading that a commitment is to be reserved and this line's
    # write may go on at any later time, and what it then held would be nobody's to give back. No
    # clock bounds that. An attempt adds some fifty bytes; a document takes 16 MB.
    line = LedgerLine._get_collection()
    for _ in range(_ROUNDS):
        given_back = line.update_one(
            {
                "_id": take.ledger_line,
                "holds": {"$elemMatch": {"commitment": commitment, "amount": take.amount}},
            },
            {
                "$inc": {"held": -take.amount, "free": take.amount},
                "$pull": {"holds": {"commitment": commitment}},
                "$addToSet": {"released": commitment},
            },
        )
        if given_back.matched_count:
            return
        # Not held, or not any more. The condition keeps a hold that was placed just now.
        try:
            remembered = line.update_one(
                {"_id": take.ledger_line, "holds.commitment": {"$ne": commitment}},
                {"$addToSet": {"released": commitment}, "$setOnInsert": _new_line(take)},
                upsert=True,
            )
        except DuplicateKeyError:
            continue
        if remembered.matched_count or remembered.upserted_id is not None:
            return
    raise Contention(f"the ledger line {take.ledger_line!r} was changed by others each time")


def set_limits(records: Sequence[Limits], now: datetime) -> None:
    """Bring the ledger's limits up to the versions given; older or equal versions change nothing.

    Opens a case for each line whose holds are now above its limit, and resolves the cases of
    those whose holds fit again. Idempotent. Raises Contention after many lost races.
    """
    newest: dict[_Record, Limits] = {}
    for limits in records:
        key = (limits.side, limits.record)
        known = newest.get(key)
        if known is None or known.version < limits.version:
            newest[key] = limits
    ids = {record for _, record in newest}
    for _ in range(_ROUNDS):
        known_lines = _lines_of(ids)
        writes = [
            write
            for key, limits in newest.items()
            for write in _limit_writes(limits, known_lines.get(key, {}))
        ]
        if not writes:
            break
        write_each(LedgerLine._get_collection(), writes)
    else:
        raise Contention("the ledger's limits were changed by others each time")
    review_cases(now, ids)


def review_cases(now: datetime, records: Collection[str] | None = None) -> None:
    """Open and resolve the cases of the lines of records with these ids, or of all lines."""
    of_records: dict[str, Any] = {} if records is None else {"record": {"$in": list(records)}}
    lines, cases = LedgerLine._get_collection(), LedgerCase._get_collection()
    over = {line["_id"]: line for line in lines.find({"free": {"$lt": 0}, **of_records})}
    known = {case["_id"]: case for case in cases.find({"status": "open", **of_records})}
    for id_, line in over.items():
        case = known.get(id_)
        if case is None or (case["limit"], case["held"]) != (line["limit"], line["held"]):
            _open_case(line, now)
    settled = [id_ for id_ in known if id_ not in over]
    if settled:
        cases.update_many(
            {"_id": {"$in": settled}, "status": "open"},
            {"$set": {"status": "resolved", "resolved_at": now}},
        )


def _open_case(line: Mapping[str, Any], now: datetime) -> None:
    copied = ("side", "record", "line", "measure", "unit", "limit", "held")
    values = {name: line[name] for name in copied}
    cases = LedgerCase._get_collection()
    if cases.update_one({"_id": line["_id"], "status": "open"}, {"$set": values}).matched_count:
        return
    opened = {**values, "status": "open", "opened_at": now, "resolved_at": None}
    cases.update_one({"_id": line["_id"]}, {"$set": opened}, upsert=True)


def _lines_of(records: Iterable[str]) -> dict[_Record, dict[str, dict[str, Any]]]:
    found: dict[_Record, dict[str, dict[str, Any]]] = {}
    query = {"record": {"$in": list(records)}}
    shown = ("side", "record", "line", "open", "limit", "ended", "epoch", "number")
    for line in LedgerLine._get_collection().find(query, dict.fromkeys(shown, 1)):
        found.setdefault((line["side"], line["record"]), {})[line["_id"]] = line
    return found


def _limit_writes(limits: Limits, known: Mapping[str, Mapping[str, Any]]) -> list[Write]:
    """The writes that bring a record's known lines to these limits; none where they are newer."""
    version = {"epoch": limits.version.epoch, "number": limits.version.number}
    writes: list[Write] = []
    named = set()
    for line in limits.lines:
        take = Take(limits.side, limits.record, line.line, line.measure, line.unit, line.limit)
        id_ = take.ledger_line
        named.add(id_)
        told = {"open": limits.open, "confidential": line.confidential}
        state = {**told, "ended": False, **version}
        if id_ not in known:
            amounts = {"limit": line.limit, "free": line.limit}
            writes.append(
                InsertOne({"_id": id_, **_new_line(take), **state, **amounts, "released": []})
            )
        elif _version(known[id_]) < limits.version:
            writes.append(_limit_write(known[id_], line.limit, state))
    for id_, line_known in known.items():
        if id_ in named or limits.leaves(line_known):
            continue
        if _version(line_known) < limits.version:
            ended = limits.ends(line_known)
            writes.append(_limit_write(line_known, 0, {"open": False, "ended": ended, **version}))
    return writes


def _limit_write(known: Mapping[str, Any], limit: int, state: Mapping[str, Any]) -> UpdateOne:
    # The limit changes only with the version, so the version guards the difference; holds may
    # come and go meanwhile, for they touch `free` by differences too.
    return UpdateOne(
        {"_id": known["_id"], "epoch": known["epoch"], "number": known["number"]},
        {"$set": {**state, "limit": limit}, "$inc": {"free": limit - known["limit"]}},
    )


def _version(line: Mapping[str, Any]) -> Version:
    return Version(line["epoch"], line["number"])


def _new_line(take: Take) -> dict[str, Any]:
    return {
        "side": take.side,
        "record": take.record,
        "line": take.line,
        "measure": take.measure,
        "unit": take.unit,
        "confidential": False,
        "open": False,
        "limit": 0,
        "held": 0,
        "free": 0,
        "holds": [],
        "epoch": 0,
        "number": 0,
    }
