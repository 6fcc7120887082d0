"""What merging spared: public records that were there twice, and what they asked for or offered
twice."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from marshmallow import fields

from shared.registers.merged import MergeableRecord
from shared.registers.merging_rules import MERGED
from shared.vocabulary.currencies import NoRate, to_usd_cents
from shared.vocabulary.errors import UnknownCode
from shared.web.schemas import StrictSchema


class AvoidedView(StrictSchema):
    """Public records merged into public records: how many, and what was there twice.

    `value` is US dollars at the rates of today, of the lines that the other record did not take
    over and that state an amount; `unpriced` counts those that state none.
    """

    count = fields.Integer(required=True)
    value = fields.Float(required=True)
    unpriced = fields.Integer(required=True)


def avoided(
    records: type[MergeableRecord],
    shown: str,
    public: Mapping[str, Any],
    kept: Mapping[str, Any],
    on: date,
) -> dict[str, Any]:
    """An `AvoidedView` of a register.

    `shown` is the step by which a record is shown to others, `public` the condition that its owner
    made it public, `kept` that of a record which others may still see, or could until it was
    closed. A record that was merged before anybody saw it counts for nothing: it was never public.
    """
    found = list(spared(records, shown, public, kept))
    worths = [
        dollars(line, on) for _, lines in found for line in lines if not line.get("confidential")
    ]
    return {
        "count": len(found),
        "value": sum(worth for worth in worths if worth is not None) / 100,
        "unpriced": sum(worth is None for worth in worths),
    }


def spared(
    records: type[MergeableRecord],
    shown: str,
    condition: Mapping[str, Any],
    kept: Mapping[str, Any],
) -> Iterator[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]:
    """Records merged into another after others saw them, each with the lines not taken over.

    `condition` is that of both, `kept` that of the other one alone; see `avoided`. Records are as
    they are stored.
    """
    collection = records._get_collection()
    # Few were merged: what has an index of its own comes first (docs/decisions/0081).
    query = {"merging.state": MERGED, **condition, "status": "merged", "history.action": shown}
    merged = list(collection.find(query))
    into = sorted({one["merging"]["into"] for one in merged})
    other = {"_id": {"$in": into}, **condition, **kept}
    seen = {one["_id"] for one in collection.find(other, {"_id": 1})} if into else set()
    for one in merged:
        if one["merging"]["into"] in seen:
            taken = one["merging"].get("lines", ())
            yield one, [at for at in one.get(records.lines_field, ()) if at["line"] not in taken]


def dollars(line: Mapping[str, Any], on: date) -> int | None:
    """What a line as it is stored is worth in hundredths of a US dollar; None where unknown."""
    cents, currency = line.get("amount"), line.get("currency")
    if cents is None or currency is None:
        return None
    try:
        return to_usd_cents(cents, currency, on)
    except (NoRate, UnknownCode):
        return None
