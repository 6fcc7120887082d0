"""What the matcher keeps of two records that seem to be the same; see duplicates.py."""

import json
from collections.abc import Sequence

from mongoengine import FloatField, IntField, ListField, StringField

from services.matcher.domain import SOURCE, Side
from services.matcher.engine.duplicates import Evidence
from shared.events.envelope import DUPLICATE
from shared.events.outbox import Aggregate, EventRecord
from shared.ids import derived_id
from shared.registers.newest import LIKELIEST
from shared.web.paging import DEFAULT_SORT


class DuplicateCase(Aggregate):
    """Two requests, or two offers, that seem to be the same; for the coordinator.

    `left` is the lesser of the two ids, `records` are both. `evidence` is JSON text, a list of
    `[kind, left, right, weight]`: codes and numbers, never words of a text. `score`, `features`
    (the engine's) and `evidence` are as of `left_version` and `right_version`. `partition` is that
    of the left record's events, `fence` the epoch of the partition's owner that wrote last.
    `left_settled` and `right_settled` are what was material in both (material.py) when somebody
    linked or dismissed the pair; `reason` never leaves the matcher.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "duplicate_cases",
        "indexes": [
            *("records", "partition", ("status", *DEFAULT_SORT), ("status", *LIKELIEST)),
            ("left_owner", "right_owner"),
        ],
        "retired_indexes": ["status_1_created_at_-1"],
    }

    side = StringField(required=True)
    left = StringField(required=True)
    right = StringField(required=True)
    records = ListField(StringField(), required=True)
    left_owner = StringField(required=True)
    right_owner = StringField(required=True)
    left_version = StringField(required=True)
    right_version = StringField(required=True)
    status = StringField(required=True)
    score = FloatField(required=True)
    features = ListField(FloatField())
    evidence = StringField(required=True)
    partition = IntField(required=True)
    fence = IntField(required=True)
    reason = StringField()
    left_settled = StringField()
    right_settled = StringField()

    def event(self) -> EventRecord:
        """The state of the case: of its evidence the kinds and weights, without the reason."""
        names = (
            *("id", "side", "left", "right", "left_owner", "right_owner"),
            *("left_version", "right_version", "status", "score"),
        )
        data = {
            **{name: getattr(self, name) for name in names},
            "evidence": [{"kind": one.kind, "weight": one.weight} for one in evidence_of(self)],
            "history": [transition.data() for transition in self.history],
        }
        return self.envelope(DUPLICATE, SOURCE, data)


def duplicate_id(side: Side, left: str, right: str) -> str:
    """The identifier of the case of two records, the same for whoever finds them."""
    return derived_id("duplicate", side, *sorted((left, right)))


def evidence_text(evidence: Sequence[Evidence]) -> str:
    """Evidence as a case keeps it."""
    rows = [[one.kind, one.left, one.right, one.weight] for one in evidence]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def evidence_of(case: DuplicateCase) -> list[Evidence]:
    """The evidence that a case keeps."""
    return [Evidence(*row) for row in json.loads(case.evidence)]
