"""A small service with one resource, made as the real ones are; gunicorn serves it too."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from marshmallow import fields
from mongoengine import DateTimeField, ListField, StringField
from pymongo.errors import ServerSelectionTimeoutError

from shared.events.outbox import Aggregate, EventRecord, NotFound, change, create
from shared.ids import new_id
from shared.settings import Settings
from shared.vocabulary.themes import THEMES
from shared.web.blueprint import Blueprint
from shared.web.idempotency import (
    create_or_resume,
    current_idempotency_key,
    idempotent,
    idempotent_id,
)
from shared.web.identity import current_identity, public, require_roles
from shared.web.paging import PageQuery, page, page_schema
from shared.web.preconditions import conditional, etag, required_version
from shared.web.schemas import (
    Code,
    CountryCode,
    MoneyMixin,
    Quantity,
    StrictSchema,
    Text,
    Window,
)
from shared.web.service import create_service


class SampleNote(Aggregate):  # type: ignore[misc]
    """What the service keeps."""

    title = StringField(required=True)
    country = StringField()
    themes = ListField(StringField())
    due = DateTimeField()

    def event(self) -> EventRecord | None:
        """Nobody is told."""
        return None


class LineSchema(MoneyMixin, StrictSchema):
    """A line of a note."""

    theme = Code(THEMES, required=True)
    quantity = Quantity(load_default=None, allow_none=True)


class NoteSchema(StrictSchema):
    """A note."""

    id = fields.String(dump_only=True)
    version = fields.String(dump_only=True)
    title = Text(50, required=True)
    country = CountryCode(load_default=None, allow_none=True)
    needs = fields.List(fields.Nested(LineSchema), load_default=list, load_only=True)
    window = Window(load_only=True)
    themes = fields.List(fields.String(), dump_only=True)


class NoteQuery(PageQuery):
    """Filters of the list."""

    country = CountryCode()


class TeapotError(Exception):
    """An exception of the service's own."""


notes = Blueprint("notes", "notes", url_prefix="/v1", description="Notes, for tests.")


@notes.route("/notes", methods=["POST"])
@idempotent
@require_roles("requester", "operator")
@notes.arguments(NoteSchema)
@notes.response(201, NoteSchema)
def create_note(data: dict[str, Any]) -> Any:
    """Write a note."""
    key = current_idempotency_key()
    identifier = new_id() if key is None else idempotent_id(current_identity(), key)
    time.sleep(float(os.environ.get("SAMPLE_DELAY", "0")))
    if data["title"] == "teapot":
        raise TeapotError
    if data["title"] == "secret of the crash":
        raise RuntimeError("secret of the crash")
    if data["title"] == "no database":
        raise ServerSelectionTimeoutError("10.0.0.7:27017: timed out")
    themes = [need["theme"] for need in data["needs"]]
    note = SampleNote(id=identifier, title=data["title"], country=data["country"], themes=themes)

    def insert() -> SampleNote:
        create(note, datetime.now(UTC))
        return note

    made = create_or_resume(insert, lambda: _load(identifier))
    if data["title"] == "crash after":
        raise RuntimeError("after the write")
    return made, {"ETag": etag(made.version), "Location": f"/v1/notes/{made.id}"}


@notes.route("/notes")
@notes.arguments(NoteQuery, location="query")
@notes.response(200, page_schema(NoteSchema))
def list_notes(args: dict[str, Any]) -> dict[str, Any]:
    """List notes, the newest first."""
    found = SampleNote.objects
    if "country" in args:
        found = found.filter(country=args["country"])
    return page(found, args, lambda note: note)


@notes.route("/notes/<note_id>")
@notes.response(200, NoteSchema)
def read_note(note_id: str) -> Any:
    """Read a note."""
    note = _load(note_id)
    return note, {"ETag": etag(note.version)}


@notes.route("/notes/<note_id>", methods=["PUT"])
@conditional
@require_roles("requester")
@notes.arguments(NoteSchema)
@notes.response(200, NoteSchema)
def write_note(data: dict[str, Any], note_id: str) -> Any:
    """Change a note."""

    def apply(note: SampleNote) -> None:
        note.title = data["title"]

    note = change(SampleNote, note_id, required_version(), apply, datetime.now(UTC))
    return note, {"ETag": etag(note.version)}


@notes.route("/open")
@public
@notes.response(200)
def read_open() -> dict[str, str]:
    """Say hello to anybody."""
    return {"hello": "you"}


def _load(identifier: str) -> SampleNote:
    note: SampleNote | None = SampleNote.objects(id=identifier).first()
    if note is None:
        raise NotFound(identifier)
    return note


def make(settings: Settings, clock: Callable[[], datetime] | None = None, **more: Any) -> Flask:
    """The service with these settings."""
    options = {} if clock is None else {"clock": clock}
    return create_service("sample", settings, [notes], description="A sample.", **options, **more)


def create_app() -> Flask:
    """The service as gunicorn makes it."""
    os.environ.setdefault("ENTRAIDE_LOG_FORMAT", "json")
    assert Path(os.environ["ENTRAIDE_JWKS_FILE"]).exists()
    return make(Settings.from_environment("sample", os.environ))
