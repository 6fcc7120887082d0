"""The audit trail of a service's records over HTTP: for who oversees, and for a record's owner."""

from collections.abc import Callable, Mapping
from typing import Any

from flask.views import MethodView
from marshmallow import fields, validate

from shared.events.auditing import Aggregates
from shared.events.trail import entries_of
from shared.web.blueprint import Blueprint
from shared.web.database import current_database
from shared.web.identity import Identity, covers, current_identity
from shared.web.paging import PageQuery, page_schema, read_cursor, write_cursor
from shared.web.problems import invalid_field, not_found
from shared.web.schemas import StrictSchema

OVERSEERS = frozenset({"coordinator", "auditor"})
"""Who reads trails of others' records; a coordinator of some regions, those of theirs."""

_PLACE = ("number",)
_KINDS = ("step", "read", "sign-in", "webhook", "dead-letter")


class AuditEntryView(StrictSchema):
    """One entry: a step of the record's history, that somebody read what is confidential in it,
    that somebody signed in to the account, or tried to, what became of a webhook of the account, or
    that a dead letter was sent back.

    `number` and `hash` are its place in the service's chain. `subject` is told to those who
    oversee.
    """

    number = fields.Integer(required=True)
    hash = fields.String(required=True)
    what = fields.String(required=True, validate=validate.OneOf(_KINDS))
    record = fields.String(required=True)
    at = fields.String(required=True)
    action = fields.String(required=True, allow_none=True)
    source = fields.String(required=True, allow_none=True)
    target = fields.String(required=True, allow_none=True)
    role = fields.String(required=True, allow_none=True)
    party = fields.String(required=True, allow_none=True)
    subject = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


AuditPage = page_schema(AuditEntryView)


def audit_blueprint(aggregates: Aggregates, knows: Callable[[Identity, Any], bool]) -> Blueprint:
    """The resource of a service whose documents with a history these are.

    `knows` tells whether such a document is there for a reader. The trail of one that is not is
    answered as that of an id that nothing has.
    """
    blueprint = Blueprint(
        "audit",
        __name__,
        url_prefix="/v1",
        description="What was done to a record, and who read it.",
    )

    @blueprint.route("/audit/<string:record>")
    class OfRecord(MethodView):
        """The trail of one record."""

        @blueprint.arguments(PageQuery, location="query")
        @blueprint.response(200, AuditPage)
        def get(self, args: dict[str, Any], record: str) -> dict[str, Any]:
            """List the audit trail's entries of a record, the oldest first."""
            identity = current_identity()
            found = _stored(aggregates, record)
            there = found is not None and knows(identity, found)
            if not (_may_read(identity, found) if there else _sees_all(identity)):
                raise not_found("record")
            if found is not None and not there:
                return {"items": [], "next": None}
            return entries_page(record, args, identity)

    return blueprint


def entries_page(
    record: str | None, args: Mapping[str, Any], identity: Identity, what: str | None = None
) -> dict[str, Any]:
    """A page of a record's entries, of AuditEntryView, for a reader who may have them.

    `record` None: of the whole trail. `args` as PageQuery loads them, perhaps with an `action`;
    `what`: only steps, or only reads.
    """
    after = 0 if args["cursor"] is None else _number(args["cursor"])
    limit, action = args["limit"] + 1, args.get("action")
    found = entries_of(current_database(), record, after, limit, what, action)
    shown = found[: args["limit"]]
    more = len(found) > len(shown)
    return {
        "items": [_entry(one, identity) for one in shown],
        "next": write_cursor([shown[-1]["number"]], _PLACE) if more else None,
    }


def _stored(aggregates: Aggregates, record: str) -> Any:
    # What is told of in another record's trail has none of its own.
    kinds = (one for one in aggregates if not hasattr(one, "audited_under"))
    documents = (one.objects(id=record).first() for one in kinds)
    return next((document for document in documents if document is not None), None)


def _sees_all(identity: Identity) -> bool:
    """Whether the reader may ask for whatever there was once."""
    return identity.role in OVERSEERS and identity.regions is None


def _may_read(identity: Identity, found: Any) -> bool:
    states = [state for state in (getattr(found, "country", None),) if state is not None]
    states += getattr(found, "states", None) or []
    if identity.role in OVERSEERS:
        # What is of no State is for who coordinates all regions.
        return covers(identity, *(states or [None]))
    if identity.role == "requester":
        return identity.state in states
    owner = getattr(found, "organisation", None)
    return identity.role == "donor" and owner is not None and owner == identity.organisation


def _entry(entry: Mapping[str, Any], identity: Identity) -> dict[str, Any]:
    names = ("number", "hash", "what", "record", "at", "action", "source", "target")
    shown = {name: entry.get(name) for name in (*names, "role", "party", "reason")}
    return {**shown, "subject": entry.get("subject") if identity.role in OVERSEERS else None}


def _number(cursor: str) -> int:
    (number,) = read_cursor(cursor, _PLACE)
    if not isinstance(number, int):
        raise invalid_field("cursor", "This is not a cursor of this list.", "cursor")
    return number
