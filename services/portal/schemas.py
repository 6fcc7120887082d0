"""What crosses the portal's wire."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from services.portal.domain.people import MAX_EMAIL, MAX_REGIONS, Office, email_of, office_faults
from services.portal.domain.scopes import SCOPES
from services.portal.trail import ACTIONS
from shared.vocabulary import LANGUAGES
from shared.vocabulary.countries import AREAS
from shared.web.bounds import BoundedList, Pattern
from shared.web.field_errors import coded_error
from shared.web.identity import ROLES
from shared.web.paging import PageQuery
from shared.web.schemas import Code, CountryCode, OptionalBody, StrictSchema, Text

_MESSAGES = {
    "role": "Not a role.",
    "state": "A requester acts for one State.",
    "organisation": "A donor acts for one organisation.",
    "regions": "Not regions.",
    "unbound": "This role is not bound to that.",
}


class ExchangeBody(StrictSchema):
    """An API token to be exchanged."""

    token = fields.String(
        required=True,
        validate=validate.Length(max=200),
        metadata={"description": "An API token as it was shown when it was made."},
    )


class AccessView(StrictSchema):
    """A token that the services accept (RFC 6749, section 5.1)."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True, validate=validate.OneOf(["Bearer"]))
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds."})
    scope = fields.String(required=True, metadata={"example": "offers:write requests:read"})


class OfficeMixin:
    """A role and what it is bound to."""

    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    state = CountryCode(load_default=None, allow_none=True)
    organisation = fields.String(
        load_default=None,
        allow_none=True,
        validate=Pattern("^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$", error="Not an id."),
    )
    regions = BoundedList(
        Code(AREAS),
        MAX_REGIONS,
        metadata={"description": "A coordinator's regions; empty: all of them."},
    )


class InvitationBody(OfficeMixin, StrictSchema):
    """Whom to invite, and as what."""

    email = Text(MAX_EMAIL, single_line=True, required=True)
    language = fields.String(load_default="en", validate=validate.OneOf(LANGUAGES))

    @ma.validates_schema(skip_on_field_errors=True)
    def _check(self, data: dict[str, Any], **_: Any) -> None:
        if email_of(data["email"]) is None:
            raise coded_error("email", "Not an address of mail.", "email")
        for fault in office_faults(office_in(data)):
            name = "role" if fault == "unbound" else fault
            raise coded_error(fault, _MESSAGES[fault], name)


class InvitationView(OfficeMixin, StrictSchema):
    """An invitation; its link is in the mail alone."""

    id = fields.String(required=True)
    email = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Null once the account of that address was erased."},
    )
    language = fields.String(required=True)
    status = fields.String(
        required=True, validate=validate.OneOf(["open", "accepted", "revoked", "expired"])
    )
    invited_by = fields.String(
        required=True, metadata={"description": "The account that invited, or who else did."}
    )
    account = fields.String(
        required=True, allow_none=True, metadata={"description": "What it became, once accepted."}
    )
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)


class AccountView(OfficeMixin, StrictSchema):
    """An account, without anything secret."""

    id = fields.String(required=True)
    email = fields.String(
        required=True, allow_none=True, metadata={"description": "Null of an erased account."}
    )
    name = fields.String(
        required=True,
        metadata={"description": "Of an erased account a pseudonym that stays the same."},
    )
    language = fields.String(required=True)
    locked = fields.Boolean(required=True)
    erased = fields.Boolean(required=True)
    invited_by = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The account that invited it, or who else did."},
    )
    second_factor = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    signed_in_at = fields.AwareDateTime(required=True, allow_none=True)


class AuditQuery(PageQuery):
    """Which entries of the audit trail to list."""

    action = fields.String(load_default=None, validate=validate.OneOf(ACTIONS))


class AccountQuery(PageQuery):
    """Which accounts to list."""

    role = fields.String(load_default=None, validate=validate.OneOf(ROLES))


class Nothing(OptionalBody):
    """A step for which nothing needs to be said."""


class TokenView(StrictSchema):
    """An API token, without its secret."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    scopes = fields.List(fields.String(validate=validate.OneOf(SCOPES)), required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    used_at = fields.AwareDateTime(required=True, allow_none=True)


class TokensView(StrictSchema):
    """The caller's API tokens."""

    items = fields.List(fields.Nested(TokenView), required=True)


def office_in(data: dict[str, Any]) -> Office:
    """The role and bindings in a loaded body."""
    return Office(data["role"], data["state"], data["organisation"], tuple(data["regions"]))
