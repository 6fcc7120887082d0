"""What merging spared: public records that were there twice, and what they asked for or offered
twice."""

from collections.abc import Mapping
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
    collection = records._get_collection()
    # Few were merged: what has an index of its own comes first (docs/decisions/0081).
    condition = {"merging.state": MERGED, **public, "status": "merged", "history.action": shown}
    merged = list(collection.find(condition, {"merging": 1, records.lines_field: 1}))
    into = sorted({one["merging"]["into"] for one in merged})
    query = {"_id": {"$in": into}, **public, **kept}
    seen = {one["_id"] for one in collection.find(query, {"_id": 1})} if into else set()
    found = [one for one in merged if one["merging"]["into"] in seen]
    worths = [
        dollars(line, on)
        for one in found
        for line in one.get(records.lines_field, ())
        if line["line"] not in one["merging"].get("lines", ()) and not line.get("confidential")
    ]
    return {
        "count": len(found),
        "value": sum(worth for worth in worths if worth is not None) / 100,
        "unpriced": sum(worth is None for worth in worths),
    }


def dollars(line: Mapping[str, Any], on: date) -> int | None:
    """What a line as it is stored is worth in hundredths of a US dollar; None where unknown."""
    cents, currency = line.get("amount"), line.get("currency")
    if cents is None or currency is None:
        return None
    try:
        return to_usd_cents(cents, currency, on)
    except (NoRate, UnknownCode):
        return None
