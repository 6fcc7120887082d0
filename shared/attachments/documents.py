"""What is kept of an attachment, and its bytes beside it."""

from typing import Any, ClassVar

from mongoengine import BinaryField, DateTimeField, Document, IntField, StringField

from shared.events.outbox import Aggregate

LARGEST = 15 * 1024 * 1024
"""The most bytes that a file may have whatever the settings: MongoDB's documents end at 16 MiB."""


class Attachment(Aggregate):
    """A file of a record; it tells nobody. What was removed stays, without its bytes.

    `audited_under` is the record's id, so that the steps stand in the record's audit trail;
    `country` and `organisation` are whose it is. `visibility` is a level of its own, beside the
    record's. `scanned` is what the virus scanner said, `clean` or `infected`, `unscanned_since` is
    set as long as it said nothing. `untold_since` is set until the record's readers were told that
    the file was attached or removed, where they are.
    """

    meta: ClassVar[dict[str, Any]] = {
        "collection": "attachments",
        "indexes": [
            "audited_under",
            {"fields": ["unscanned_since"], "sparse": True},
            {"fields": ["untold_since"], "sparse": True},
        ],
    }

    audited_under = StringField(required=True)
    country = StringField()
    organisation = StringField()
    visibility = StringField()
    status = StringField(required=True)
    name = StringField(required=True)
    media_type = StringField(required=True)
    size = IntField(required=True)
    sha256 = StringField(required=True)
    scanned = StringField()
    unscanned_since = DateTimeField()
    untold_since = DateTimeField()

    def event(self) -> None:
        """Attachments tell nobody: who may read one asks here."""


class AttachedBytes(Document):
    """The bytes of an attachment, in one document: written and gone at once, never in part.

    `unclaimed_since` is set until the attachment is there: what a crash left is deleted.
    """

    meta: ClassVar[dict[str, Any]] = {
        "collection": "attached_bytes",
        "indexes": [{"fields": ["unclaimed_since"], "sparse": True}],
    }

    id = StringField(primary_key=True)
    content = BinaryField(required=True, max_bytes=LARGEST)
    unclaimed_since = DateTimeField()
