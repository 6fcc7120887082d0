"""What every registered record is made of, whatever it registers."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Self

from mongoengine import (
    DateField,
    DictField,
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    StringField,
)

from shared.events.outbox import Aggregate, timestamp
from shared.ids import derived_id, new_id
from shared.language.exclusions import Side
from shared.registers.steps import party_of
from shared.web.idempotency import idempotent_id
from shared.web.identity import Identity


class Window(EmbeddedDocument):
    """From the first day to the last, both included."""

    start = DateField(required=True)
    end = DateField(required=True)

    @classmethod
    def of(cls, window: Mapping[str, date] | None) -> Self | None:
        """The window of a loaded WindowSchema."""
        return cls(start=window["from"], end=window["to"]) if window else None

    def view(self) -> dict[str, date]:
        """`{from, to}` as a WindowSchema dumps it."""
        return {"from": self.start, "to": self.end}

    def event_data(self) -> dict[str, str]:
        """`{from, to}` as ISO 8601 dates."""
        return {"from": self.start.isoformat(), "to": self.end.isoformat()}


class ExternalId(EmbeddedDocument):
    """The record's name in the system that it came from, as free as any text: no event has it."""

    source = StringField(required=True)
    id = StringField(required=True)

    @classmethod
    def of(cls, external: Mapping[str, str] | None) -> Self | None:
        """The external id of a loaded `{source, id}`."""
        return cls(source=external["source"], id=external["id"]) if external else None


class Link(EmbeddedDocument):
    """A document elsewhere. None of it leaves the register by an event."""

    title = StringField()
    url = StringField()
    year = IntField()


class Creator(EmbeddedDocument):
    """Who registered the record: the role, and the State or organisation where it has one."""

    role = StringField(required=True)
    party = StringField()


class Contact(EmbeddedDocument):
    """An office to write to: never a person, whose name would age and need protecting."""

    office = StringField(required=True)
    email = StringField()
    phone = StringField()
    languages = ListField(StringField())


class Record(Aggregate):
    """A record with a text that can be searched.

    `texts_digest` tells whether its texts changed since they were last read (see `texts.py`);
    `attempts` are the ids of the idempotent requests that made it and took its steps.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "abstract": True,
        "indexes": [("search_terms", "-created_at"), ("-created_at", "id"), "updated_at"],
    }

    title = StringField(required=True)
    description = StringField(required=True)
    language = StringField(required=True)
    external_id = EmbeddedDocumentField(ExternalId)
    created_by = EmbeddedDocumentField(Creator, required=True)
    search_terms = ListField(StringField())
    texts_digest = StringField()
    attempts = ListField(StringField())


class SignedRecord(Record):
    """A record whose text's signature goes out with its events.

    `text_side` is what its texts do: ask for help, or offer or give it. `inferred` is what they
    seem to ask for or to offer (shared.language.inferred_lines); no event has it.
    """

    meta = {"abstract": True}  # noqa: RUF012
    text_side: ClassVar[Side] = "offer"

    status = StringField(required=True)
    signature = DictField()
    inferred = DictField()

    def signed_event_data(self) -> dict[str, Any]:
        """The members that the events of all signed records have alike."""
        return {
            "id": self.id,
            "status": self.status,
            "signature": self.signature,
            "history": [step.data() for step in self.history],
            "created_at": timestamp(self.created_at),
            "updated_at": timestamp(self.updated_at),
        }


class ContactedParty(Aggregate):
    """A State or organisation with its points of contact and the day they were last confirmed."""

    meta = {"abstract": True}  # noqa: RUF012

    contacts = EmbeddedDocumentListField(Contact)
    last_confirmed = DateField()


def new_record_fields(
    noun: str,
    owner: tuple[str, ...],
    payload: Mapping[str, Any],
    identity: Identity,
    now: datetime,
    idempotency_key: str | None,
) -> dict[str, Any]:
    """What a new record starts with, whatever it registers, as keyword arguments.

    The id is derived from the external id (with the owner's parts), else from the idempotency
    key, else new: so what was sent twice meets the same primary key.
    """
    external = ExternalId.of(payload.get("external_id"))
    attempt = None if idempotency_key is None else idempotent_id(identity, idempotency_key)
    if external is not None:
        identifier = derived_id(noun, *owner, external.source, external.id)
    else:
        # A caller may use a key for a request and for an offer: the records are two all the same.
        identifier = derived_id(noun, attempt) if attempt else new_id()
    return {
        "id": identifier,
        "attempts": [attempt] if attempt else [],
        "external_id": external,
        "created_by": Creator(role=identity.role, party=party_of(identity)),
        "created_at": now,
        "updated_at": now,
    }
