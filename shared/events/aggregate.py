"""Aggregates: documents with a version that carry their own outbox."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from mongoengine import (
    DateTimeField,
    DictField,
    EmbeddedDocument,
    EmbeddedDocumentField,
    IntField,
    ListField,
    StringField,
)

from shared.events.envelope import Event
from shared.events.versions import Version
from shared.inserting import Inserted

EventRecord = Event
"""An event as an aggregate makes it: complete, with its data."""


class Transition(EmbeddedDocument):
    """A step in an aggregate's life; goes out with its events, so it never holds free text.

    `source` is None for the first state. `at` is aware, in UTC. `role` and `party` say who took
    the step, and so does `subject` where somebody did: the account's identifier, never a name.
    `reason` is the code of why, where one was given.
    """

    source = StringField()
    target = StringField(required=True)
    action = StringField(required=True)
    at = DateTimeField(required=True)
    role = StringField(required=True)
    party = StringField()
    subject = StringField()
    reason = StringField()

    def data(self) -> dict[str, Any]:
        """The step as events carry it."""
        more = {"subject": self.subject, "reason": self.reason}
        return {
            "source": self.source,
            "target": self.target,
            "action": self.action,
            "at": timestamp(self.at),
            "role": self.role,
            "party": self.party,
            **{name: value for name, value in more.items() if value is not None},
        }


class Aggregate(Inserted):
    """A document with a version and an outbox. Write it by the functions of outbox.py only.

    `pending_events` holds what the relay has yet to publish, each a complete event record (see
    pending.py). A newer event replaces an older one that was not yet published, for each carries
    the whole state: gaps in numbers are normal. `pending_since` is set if and only if there is
    something pending, and `lease_*` belong to the relay. `audited` is how many steps of the history
    are in the audit trail, `unaudited_since` is set while there are more (auditing.py).
    """

    meta: ClassVar[dict[str, Any]] = {
        "abstract": True,
        "indexes": [
            {"fields": ["pending_since"], "sparse": True},
            {"fields": ["unaudited_since"], "sparse": True},
        ],
    }

    id = StringField(primary_key=True)
    epoch = IntField(required=True)
    number = IntField(required=True)
    history = ListField(EmbeddedDocumentField(Transition))
    pending_events = ListField(DictField())
    pending_since = DateTimeField()
    lease_owner = StringField()
    lease_until = DateTimeField()
    audited = IntField()
    unaudited_since = DateTimeField()
    created_at = DateTimeField(required=True)
    updated_at = DateTimeField(required=True)

    @property
    def version(self) -> Version:
        """The version of the state in memory."""
        return Version(self.epoch, self.number)

    def event(self) -> EventRecord | None:
        """The event of this version, made from the document's state alone; None: tell nobody.

        Called again for the same version it must give the same data.
        """
        raise NotImplementedError

    def envelope(
        self,
        type: str,  # noqa: A002 (the field's name)
        source: str,
        data: Mapping[str, Any],
        traceparent: str | None = None,
    ) -> EventRecord:
        """The event of this version with these data; its time is that of the last change."""
        return Event(
            type=type,
            source=source,
            subject=self.id,
            time=self.updated_at,
            version=self.version,
            data=data,
            traceparent=traceparent,
        )


def timestamp(time: datetime) -> str:
    """An aware time as RFC 3339 in UTC, to the millisecond that the store keeps."""
    text = time.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
