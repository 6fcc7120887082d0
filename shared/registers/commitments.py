"""What the ledger holds of a record's lines, as the register last heard of it.

A projection of the matcher's commitment events: one small document a commitment, replaced by a
newer version and by nothing else, so that repeats and late arrivals change nothing. Sums are made
when a record is shown. Applying an event makes no version of a record and no event.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from mongoengine import Document, IntField, ListField, StringField

from shared.events.envelope import COMMITMENT, Event
from shared.events.projections import keep_newest
from shared.registers.counting import Counted

_OTHER = {"request": "offer", "offer": "request"}
HOLDING = ("held", "releasing")
"""A commitment holds its lines once it is held and until its release is done."""
VANISHED = "vanished"
"""The status of a commitment that the ledger lost in a restore, as its tombstone says."""


class CommitmentCopy(Document):
    """The lines on this register's side of one commitment, at the newest version heard of.

    One that vanished has the lines that it had, which count for nothing: they say what it was
    about. It has none where it was not heard of before.
    Amounts are integers: thousandths of a unit, or hundredths of a currency's major unit.
    `match` is the match that it is of, if any, `met` are the lines of that match's other side.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "commitments",
        "indexes": ["lines.record"],
    }
    id = StringField(primary_key=True)
    epoch = IntField(required=True)
    number = IntField(required=True)
    status = StringField(required=True)
    lines = ListField()
    match = StringField()
    met = ListField()


def apply_commitments(events: Sequence[Event], side: str) -> None:
    """Keep what these commitment events say of the lines of one side, `request` or `offer`.

    Events of other types are passed over. Order and repetition do not matter.
    """
    commitments = [event for event in events if event.type == COMMITMENT]
    keep_newest(
        CommitmentCopy, commitments, lambda event: event.subject, lambda event: _copy(event, side)
    )


def records_of(events: Sequence[Event], side: str) -> set[str]:
    """The records of one side whose lines these commitment events are about.

    Of what a commitment that vanished was about, only the projection knows. It goes on knowing once
    they are applied: a batch that comes again is about the same records.
    """
    told = [event for event in events if event.type == COMMITMENT]
    known = {event.subject for event in told if event.tombstone}
    sent = [line for event in told if not event.tombstone for line in event.data["lines"]]
    kept = CommitmentCopy._get_collection().find({"_id": {"$in": list(known)}}) if known else ()
    return {
        *(line["record"] for line in sent if line["side"] == side),
        *(line["record"] for copy in kept for line in copy.get("lines", ())),
    }


def _copy(event: Event, side: str) -> dict[str, Any]:
    if event.tombstone:
        return {"status": VANISHED, "match": None, "met": []}  # its lines stay

    def lines(side: str) -> list[dict[str, Any]]:
        kept = ("record", "line", "measure", "amount", "unit")
        sent = event.data["lines"]
        return [{name: line[name] for name in kept} for line in sent if line["side"] == side]

    return {
        "status": event.data["status"],
        "lines": lines(side),
        "match": event.data["match"],
        "met": lines(_OTHER[side]),
    }


Held = Mapping[tuple[str, int, str], Mapping[str, int]]
"""(record, line, measure) to amounts by unit."""


def held(records: Iterable[str]) -> Held:
    """What commitments hold of the records' lines, by (record, line, measure) and unit."""
    wanted = frozenset(records)
    sums: dict[tuple[str, int, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for copy in holding(wanted):
        for line in copy["lines"]:
            if line["record"] in wanted:
                key = (line["record"], line["line"], line["measure"])
                sums[key][line["unit"]] += line["amount"]
    return sums


def holding(records: Collection[str]) -> list[Mapping[str, Any]]:
    """The commitments that hold any line of these records, as they are stored."""
    query = {"lines.record": {"$in": list(records)}, "status": {"$in": list(HOLDING)}}
    return list(CommitmentCopy._get_collection().find(query)) if records else []


def held_of_line(held: Held, record: str, line: int, own: Counted) -> int:
    """How much commitments hold of a line, in what it is counted in now.

    What they hold in a unit that the line had before is no part of it: the ledger opened a case
    when the owner changed the unit.
    """
    return held.get((record, line, own.measure), {}).get(own.unit, 0)
