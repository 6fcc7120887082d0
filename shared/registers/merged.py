"""What is kept of two records that were merged into one: where each of them says what became of it.

See merging.py, which alone writes these fields.
"""

from typing import Any, ClassVar

from mongoengine import (
    BooleanField,
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    StringField,
)

from shared.lifecycle import Lifecycle
from shared.registers.records import SignedRecord


class LineSource(EmbeddedDocument):
    """The line of a merged record that a line was taken over from."""

    record = StringField(required=True)
    line = IntField(required=True)


class Merging(EmbeddedDocument):
    """What a record is merged into, and how far that or its undoing has come.

    `mark` is the version that the record was merged in, so that each merging of it has its own;
    `lines` are the numbers of those that the other takes over; `role` and `party` are whoever took
    the step that is under way.
    """

    into = StringField(required=True)
    mark = StringField(required=True)
    lines = ListField(IntField())
    state = StringField(required=True)
    role = StringField(required=True)
    party = StringField()


class Absorbed(EmbeddedDocument):
    """A merging of another record into this one; `undone` stays, so that no late repeat counts."""

    record = StringField(required=True)
    mark = StringField(required=True)
    undone = BooleanField(required=True, default=False)


class MergeableRecord(SignedRecord):
    """A record that can be merged into another of its kind; `lines_field` names its lines.

    `lifecycle` has the steps `merge` and `unmerge`.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "abstract": True,
        "indexes": [{"fields": ["merging.state"], "sparse": True}],
    }
    lines_field: ClassVar[str]
    lifecycle: ClassVar[Lifecycle]

    next_line = IntField(required=True, default=1)
    merging = EmbeddedDocumentField(Merging)
    absorbed = EmbeddedDocumentListField(Absorbed)

    @property
    def merged_into(self) -> str | None:
        """The record that this one was merged into; None unless that holds."""
        return None if self.merging is None else str(self.merging.into)

    def signed_event_data(self) -> dict[str, Any]:
        """The members that the events of all mergeable records have alike."""
        return {**super().signed_event_data(), "merged_into": self.merged_into}


def merging_view(record: MergeableRecord) -> dict[str, Any]:
    """What a record was merged into, and which ones were merged into it."""
    standing = [one.record for one in record.absorbed if not one.undone]
    return {"merged_into": record.merged_into, "merged_from": standing}


def source_view(line: Any) -> dict[str, Any] | None:
    """Where a line was taken over from; None for the record's own."""
    source = line.taken_from
    return None if source is None else {"record": source.record, "line": source.line}
