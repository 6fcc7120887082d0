"""Showing records: documents to what the response schemas dump."""

from datetime import date
from typing import Any

from shared.events.outbox import Aggregate
from shared.registers.contacts import confirmation_due
from shared.registers.counting import WHOLE_UNIT, Counted
from shared.registers.filed import without_files
from shared.registers.measures import amount_of, quantity_of
from shared.registers.records import ContactedParty, Record, SignedRecord
from shared.web.preconditions import etag

NOT_IN_LISTS = ("pending_events", "search_terms", "signature", "inferred")
"""Parts of a document that lists leave in the store: large, and shown only with one record."""


def versioned_view(document: Aggregate) -> dict[str, Any]:
    """Id, version and times."""
    return {
        "id": document.id,
        "version": str(document.version),
        "created_at": document.created_at,
        "updated_at": document.updated_at,
    }


def record_view(record: Record) -> dict[str, Any]:
    """What is shown of any record that has a text."""
    return {
        **versioned_view(record),
        "title": record.title,
        "description": record.description,
        "language": record.language,
        "external_id": record.external_id,
        "created_by": record.created_by,
        "history": without_files(record.history),
    }


def signed_view(record: SignedRecord) -> dict[str, Any]:
    """What is shown of any signed record: of its signature, what the text was found to say.

    The signature is left out where it was left in the store (see NOT_IN_LISTS).
    """
    shown = {**record_view(record), "status": record.status}
    if record.signature:
        names = ("id", "field", "start", "end")
        concepts = record.signature["concepts"]
        shown["signature"] = {
            **record.signature,
            "concepts": [dict(zip(names, concept, strict=True)) for concept in concepts],
        }
    return shown


def contacts_view(party: ContactedParty, today: date) -> dict[str, Any]:
    """What is shown of any party that has points of contact."""
    return {
        **versioned_view(party),
        "contacts": party.contacts,
        "last_confirmed": party.last_confirmed,
        "confirmation_due": confirmation_due(party, today),
        "history": party.history,
    }


def measures_view(line: Any, quantity: str) -> dict[str, Any]:
    """A stored line's measures in decimals; `quantity` names both field and member."""
    return {
        quantity: quantity_of(getattr(line, quantity)),
        "unit": line.unit,
        "amount": amount_of(line.amount),
        "currency": line.currency,
    }


def counted_view(own: Counted, amount: int, quantity: str) -> dict[str, Any]:
    """An amount in what a line is counted in, its other measure null; `quantity` names a member.

    `whole` where the line gives neither measure: then the quantity is a share of one whole.
    """
    money = own.measure == "money"
    return {
        quantity: None if money else quantity_of(amount),
        "amount": amount_of(amount) if money else None,
        "whole": own.unit == WHOLE_UNIT,
    }


def headers(document: Aggregate, location: str | None = None) -> dict[str, str]:
    """The ETag of the document's version and, for a new one, its address."""
    found = {"ETag": etag(document.version)}
    return found if location is None else {**found, "Location": location}
