"""Records that a restore made vanish: the outbox of their tombstones."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine import StringField

from shared.events.epochs import current_epoch
from shared.events.outbox import Aggregate, DuplicateId, EventRecord, create, mark_for_relay
from shared.events.versions import Version


class Vanished(Aggregate):
    """Stands for a record that the topic has and the restored store has not.

    Its version is (epoch, 0): above all that went before the restore, below whatever is created
    under the same id after it.
    """

    meta: ClassVar[dict[str, Any]] = {"collection": "vanished"}

    type = StringField(required=True)
    source = StringField(required=True)

    def event(self) -> EventRecord:
        """The tombstone."""
        return EventRecord(
            type=self.type,
            source=self.source,
            subject=self.id,
            time=self.updated_at,
            version=Version(self.epoch, 0),
            data={},
            tombstone=True,
        )


def bury(id: str, type: str, source: str, now: datetime) -> None:  # noqa: A002 (the fields' names)
    """Leave a tombstone of the present epoch for the relay; burying again says it again."""
    collection = Vanished._get_collection()
    epoch = current_epoch(collection.database)
    try:
        create(Vanished(id=id, type=type, source=source), now, epoch)
    except DuplicateId:
        collection.update_one({"_id": id, "epoch": {"$lt": epoch}}, {"$set": {"epoch": epoch}})
        mark_for_relay(Vanished.objects(id=id).first())
