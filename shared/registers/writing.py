"""Writing records from handlers: create, change, set; and the answers to what is there already."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

from flask import request

from shared.events.outbox import Aggregate, DuplicateId, NotFound, StaleVersion, change, create
from shared.registers.records import Record
from shared.web.idempotency import create_or_resume, current_attempt, resuming
from shared.web.preconditions import required_version, stale
from shared.web.problems import FieldError, Problem

A = TypeVar("A", bound=Aggregate)
R = TypeVar("R", bound=Record)


def register(record: R, now: datetime, location: Callable[[str], str]) -> R:
    """Store a new record; what an earlier attempt with the same idempotency key stored, if it did.

    The record keeps who stored it: an external id may have been taken by another since.

    Raises the 409 problem `duplicate` where its id is taken. That names the field that the id
    was derived from, and has `existing`, the id, and its address as Location.
    """

    def insert() -> R:
        create(record, now)
        return record

    def earlier() -> R:
        found = load(type(record), record.id)
        if current_attempt() not in found.attempts:
            raise DuplicateId(record.id)
        return found

    try:
        return create_or_resume(insert, earlier)
    except DuplicateId as error:
        raise _duplicate(record, location(error.id)) from None


def _duplicate(record: Record, address: str) -> Problem:
    errors = []
    if record.external_id is not None:
        name = f"'{record.external_id.id}' of '{record.external_id.source}'"
        message = f"There is a record for {name} already; change that one."
        errors.append(FieldError("external_id", message, "duplicate"))
    return Problem(
        HTTPStatus.CONFLICT,
        "duplicate",
        "This was registered already",
        f"See {address}.",
        errors=errors,
        headers={"Location": address},
        members={"existing": record.id},
    )


def load(document_class: type[A], identifier: str) -> A:
    """The stored document; raises NotFound."""
    found: A | None = document_class.objects(id=identifier).first()
    if found is None:
        raise NotFound(identifier)
    return found


def change_seen(
    document_class: type[R],
    identifier: str,
    allow: Callable[[R], object],
    mutate: Callable[[R], object],
    now: datetime,
) -> R:
    """Change a record that the caller has seen in its present version (If-Match).

    `allow` raises a problem for a caller without the right to it, before the versions are
    compared: a 412 would tell somebody without the right that the record is there. Raises what
    `change` raises, and the 428 problem. What an earlier attempt with the same idempotency key
    has done is not done again: then the record is returned as it is.
    """
    expected, attempt = required_version(), current_attempt()

    def apply(record: R) -> None:
        if resuming() and attempt in record.attempts:
            return  # asked first: the step may have taken it out of the caller's sight
        allow(record)
        if record.version != expected:
            raise StaleVersion(record.version)
        mutate(record)
        if attempt is not None:
            record.attempts = [*record.attempts, attempt]

    return change(document_class, identifier, None, apply, now)


def put(
    document_class: type[A],
    identifier: str,
    fill: Callable[[A], object],
    now: datetime,
) -> tuple[A, bool]:
    """Create or replace the document whose address the caller chose; whether it is new.

    A new one needs no If-Match, and one that is there needs it: raises the 428 and 412 problems.
    """
    if document_class.objects(id=identifier).only("id").first() is None:
        if "If-Match" in request.headers:
            raise Problem(
                HTTPStatus.PRECONDITION_FAILED,
                "stale",
                "The record has changed since you read it",
                "There is no such record (any more). Send it without If-Match to create it.",
            )
        document = document_class(id=identifier, created_at=now, updated_at=now)
        fill(document)
        try:
            create(document, now)
        except DuplicateId:
            raise stale(load(document_class, identifier).version) from None
        return document, True
    return change(document_class, identifier, required_version(), fill, now), False


def remove(document: Aggregate, expected: Any) -> None:
    """Delete a document that has no events, if it still has the expected version.

    Raises the 412 problem otherwise.
    """
    found = document._get_collection().delete_one(
        {"_id": document.id, "epoch": expected.epoch, "number": expected.number}
    )
    if not found.deleted_count:
        raise stale(load(type(document), document.id).version)
