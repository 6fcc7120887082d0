"""Calls, experts and lessons learned over HTTP: three nouns of one shape."""

from dataclasses import dataclass
from typing import Any

import marshmallow as ma
from flask.views import MethodView

from services.offers import domain, queries
from services.offers.api.references import referred_organisation
from services.offers.documents import AssistanceOffer, Call, Entry, Expert, Lesson
from services.offers.schemas import (
    CallBody,
    CallView,
    EntryQuery,
    ExpertView,
    KnowledgeBody,
    KnowledgeQuery,
    LessonView,
)
from services.offers.views import entry_view
from shared.events.outbox import NotFound
from shared.registers.context import context
from shared.registers.views import headers
from shared.registers.writing import change_seen, load, register, remove
from shared.web.blueprint import Blueprint
from shared.web.idempotency import current_idempotency_key, idempotent
from shared.web.identity import Identity, current_identity, require_roles
from shared.web.paging import page, page_schema
from shared.web.preconditions import conditional, required_version
from shared.web.problems import conflict


@dataclass(frozen=True)
class Noun:
    """What tells the three apart; `writers` are roles."""

    path: str
    document: type[Entry]
    body: type[ma.Schema]
    view: type[ma.Schema]
    query: type[ma.Schema]
    writers: tuple[str, ...]
    description: str


CALLS = Noun(
    "calls",
    Call,
    CallBody,
    CallView,
    EntryQuery,
    ("donor", "operator"),
    "Trust funds' calls for projects.",
)
EXPERTS = Noun(
    "experts",
    Expert,
    KnowledgeBody,
    ExpertView,
    KnowledgeQuery,
    ("donor", "requester", "operator"),
    "The roster of experts: teams and offices that know how.",
)
LESSONS = Noun(
    "lessons",
    Lesson,
    KnowledgeBody,
    LessonView,
    KnowledgeQuery,
    ("donor", "requester", "operator"),
    "Lessons learned.",
)


def make_blueprint(noun: Noun) -> Blueprint:
    """The resources of one noun: list, register, read, change, remove."""
    prefix = f"/v1/{noun.path}"
    blueprint = Blueprint(noun.path, __name__, url_prefix=prefix, description=noun.description)

    @blueprint.route("")
    class Entries(MethodView):
        """All entries."""

        @blueprint.arguments(noun.query, location="query")
        @blueprint.response(200, page_schema(noun.view))
        def get(self, args: dict[str, Any]) -> dict[str, Any]:
            """List entries, the newest first."""
            found = noun.document.objects(__raw__=queries.entries(args))
            if noun.document is Call:
                found = found.filter(removed__ne=True)
            return page(found, args, entry_view)

        @require_roles(*noun.writers)
        @idempotent
        @blueprint.arguments(noun.body)
        @blueprint.response(201, noun.view)
        def post(self, payload: dict[str, Any]) -> Any:
            """Register an entry."""
            identity, now = current_identity(), context().clock()
            fresh = domain.new_entry(
                noun.document, payload, identity, now, context().key, current_idempotency_key()
            )
            if fresh.organisation is not None:
                referred_organisation(fresh.organisation)
            entry = register(fresh, now, lambda identifier: f"{prefix}/{identifier}")
            return entry_view(entry), headers(entry, f"{prefix}/{entry.id}")

    @blueprint.route("/<string:entry_id>")
    class OneEntry(MethodView):
        """One entry."""

        @blueprint.response(200, noun.view)
        def get(self, entry_id: str) -> Any:
            """Read an entry."""
            entry = _present(load(noun.document, entry_id))
            return entry_view(entry), headers(entry)

        @require_roles(*noun.writers)
        @conditional
        @blueprint.arguments(noun.body)
        @blueprint.response(200, noun.view)
        def put(self, payload: dict[str, Any], entry_id: str) -> Any:
            """Replace what the entry holds."""
            identity, now, key = current_identity(), context().clock(), context().key
            entry = change_seen(
                noun.document,
                entry_id,
                lambda found: _require_own(identity, found),
                lambda e: domain.change_entry(e, payload, identity, now, key),
                now,
            )
            return entry_view(entry), headers(entry)

        @require_roles(*noun.writers)
        @conditional
        @blueprint.response(204)
        def delete(self, entry_id: str) -> None:
            """Remove the entry; a call that an offer names stays."""
            entry, identity = load(noun.document, entry_id), current_identity()
            _require_own(identity, entry)
            if not isinstance(entry, Call):
                remove(entry, required_version())
                return
            if AssistanceOffer.objects(call=entry.id).first():
                raise conflict("in-use", "An offer names this call; change the offer first.")
            now = context().clock()
            change_seen(
                Call, entry_id, lambda e: _require_own(identity, e), domain.remove_call, now
            )

    return blueprint


def _present(entry: Entry) -> Entry:
    """The entry; raises NotFound for a call that was removed."""
    if isinstance(entry, Call) and entry.removed:
        raise NotFound(entry.id)
    return entry


def _require_own(identity: Identity, entry: Entry) -> None:
    _present(entry)
    domain.require_owner(identity, entry.organisation, entry.country)
