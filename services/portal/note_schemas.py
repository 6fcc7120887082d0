"""What crosses the portal's wire of notifications."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from services.portal.domain.telling import KINDS, MAILS
from shared.web.bounds import BoundedList, Moment, Pattern
from shared.web.field_errors import coded_error
from shared.web.languages import LanguageQuery
from shared.web.paging import PageQuery, page_schema
from shared.web.schemas import CountryCode, StrictSchema

_MOST_IDS = 200
_kind = validate.OneOf(list(KINDS))
_mail = validate.OneOf(list(MAILS))


class NotificationQuery(PageQuery, LanguageQuery):
    """Which notifications to list."""

    unread = fields.Boolean(
        load_default=False, metadata={"description": "Only those that you have not read."}
    )
    since = Moment(
        load_default=None, metadata={"description": "Only those that you were told after this."}
    )


class NotificationView(StrictSchema):
    """Something that an account is told of."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=_kind)
    record_type = fields.String(
        required=True,
        metadata={"description": "Of what the record is: `request`, `offer`, `match`, …"},
    )
    record = fields.String(required=True, metadata={"description": "The record's id."})
    action = fields.String(required=True, metadata={"description": "What happened to it."})
    state = CountryCode(required=True, allow_none=True)
    text = fields.String(required=True)
    at = fields.AwareDateTime(required=True, metadata={"description": "When it happened."})
    created_at = fields.AwareDateTime(
        required=True, metadata={"description": "When you were told."}
    )
    read_at = fields.AwareDateTime(required=True, allow_none=True)
    link = fields.String(required=True, metadata={"description": "Its page in the portal."})


class NotificationPage(page_schema(NotificationView)):  # type: ignore[misc]
    """A page of notifications, and how many are unread in all."""

    unread = fields.Integer(required=True)


class ReadBody(StrictSchema):
    """What was read."""

    ids = BoundedList(
        fields.String(validate=Pattern("^[0-9a-f]{24}$", error="Not an id.")), _MOST_IDS
    )
    until = Moment(
        load_default=None,
        allow_none=True,
        metadata={"description": "All that you were told up to this time."},
    )

    @ma.validates_schema(skip_on_field_errors=True)
    def _check(self, data: dict[str, Any], **_: Any) -> None:
        if not data["ids"] and data["until"] is None:
            raise coded_error("required", "Name what was read, by `ids` or `until`.", "ids")


class UnreadView(StrictSchema):
    """How many notifications are unread."""

    unread = fields.Integer(required=True)


class ChoiceBody(StrictSchema):
    """When a kind of notification is wanted by mail."""

    kind = fields.String(required=True, validate=_kind)
    mail = fields.String(
        required=True,
        validate=_mail,
        metadata={
            "description": "`now`: at once; `digest`: once a day; `none`: in the portal alone."
        },
    )


class ChoicesBody(StrictSchema):
    """What is wanted by mail; kinds that are not named are as usual."""

    items = BoundedList(fields.Nested(ChoiceBody), len(KINDS), required=True)

    @ma.validates_schema(skip_on_field_errors=True)
    def _check(self, data: dict[str, Any], **_: Any) -> None:
        kinds = [one["kind"] for one in data["items"]]
        if len(set(kinds)) < len(kinds):
            raise coded_error("twice", "A kind stands there twice.", "items")


class ChoiceView(ChoiceBody):
    """When a kind is sent by mail, and when it usually is."""

    usual = fields.String(required=True, validate=_mail)


class ChoicesView(StrictSchema):
    """What the caller gets by mail, of every kind that the role is told of."""

    items = fields.List(fields.Nested(ChoiceView), required=True)
