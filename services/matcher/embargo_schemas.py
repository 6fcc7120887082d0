"""What crosses the wire of embargoes."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from services.matcher.embargo_rules import EMBARGO
from services.matcher.schemas import MAX_ID, MAX_REASON, EmbargoNoticeView, TransitionView
from shared.vocabulary.kinds import KINDS
from shared.web.bounds import BoundedList, Pattern
from shared.web.field_errors import coded_error
from shared.web.languages import LanguageQuery
from shared.web.paging import PageQuery
from shared.web.schemas import Code, CountryCode, Day, StrictSchema, Text

MAX_EXEMPTIONS = 200
MAX_REFERENCE = 200


class EmbargoQuery(PageQuery, LanguageQuery):
    """Which embargoes; `on` keeps those that are in force on that day."""

    state = CountryCode(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf(EMBARGO.states))
    on = Day(load_default=None)


class ExemptionBody(StrictSchema):
    """Kinds of help that the embargo's authority exempted; `to` is the last day on which it counts.

    `number` names one that is there already, and is left out for a new one. `request` is the one
    request that it is for; null: all of the State's.
    """

    number = fields.String(
        load_default=None, allow_none=True, validate=Pattern("^[1-9][0-9]{0,5}$")
    )
    reference = Text(MAX_REFERENCE, single_line=True, required=True)
    kinds = BoundedList(Code(KINDS), 50, required=True, validate=validate.Length(min=1))
    request = fields.String(
        load_default=None, allow_none=True, validate=Pattern("^[A-Za-z0-9][A-Za-z0-9_:-]{0,127}$")
    )
    start = Day(data_key="from", attribute="from", required=True)
    end = Day(data_key="to", attribute="to", required=True)

    @ma.validates_schema(skip_on_field_errors=True)
    def _check_order(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["to"] < data["from"]:
            raise coded_error("order", "The exemption ends before it starts.", "to")


class EmbargoBody(StrictSchema):
    """An arms embargo: every kind of help that is not `allowed` is barred.

    `from` and `to` are its first and last day, `to` null while none is set. `source` says where its
    facts are from, `stated_on` as of when, `review_by` by when to look again, `reason` why it is
    entered or changed.
    """

    country = CountryCode(required=True)
    resolution = Text(MAX_REFERENCE, single_line=True, required=True)
    allowed = BoundedList(Code(KINDS), 50)
    start = Day(data_key="from", attribute="from", required=True)
    end = Day(data_key="to", attribute="to", load_default=None, allow_none=True)
    source = Text(MAX_REASON, required=True)
    stated_on = Day(required=True)
    review_by = Day(load_default=None, allow_none=True)
    exemptions = BoundedList(fields.Nested(ExemptionBody), MAX_EXEMPTIONS)
    reason = Text(MAX_REASON, required=True)

    @ma.validates_schema(skip_on_field_errors=True)
    def _check_order(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["to"] is not None and data["to"] < data["from"]:
            raise coded_error("order", "The embargo ends before it starts.", "to")


class EmbargoConfirmationBody(StrictSchema):
    """Why an entry of a list is taken to be right."""

    reason = Text(MAX_REASON, required=True)


class EmbargoEndBody(StrictSchema):
    """The last day on which an embargo is in force, today unless given, and why it ends.

    A day before its first one says that it never was in force.
    """

    on = Day(load_default=None, allow_none=True)
    reason = Text(MAX_REASON, required=True)


class ExemptionView(StrictSchema):
    """An exemption; `request` is told to those who oversee, and to the State."""

    number = fields.String(required=True)
    reference = fields.String(required=True)
    kinds = fields.List(fields.String(), required=True)
    request = fields.String(required=True, allow_none=True)
    start = fields.String(data_key="from", required=True)
    end = fields.String(data_key="to", required=True)


class EmbargoChangeView(StrictSchema):
    """Who changed the entry, when and why; for those who oversee."""

    action = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    role = fields.String(required=True)
    subject = fields.String(required=True)
    reason = fields.String(required=True)


class EmbargoView(StrictSchema):
    """An arms embargo as the register has it.

    An `unconfirmed` one came from a list and bars as the others do. `exemptions` are told to those
    who oversee, and to the State; so is in `changes` what was said of each change, to the former.
    `notices` say what it bars any request of the State from today, by what of it the caller sees;
    nothing of one that is not in force.
    """

    id = fields.String(required=True)
    country = fields.String(required=True)
    resolution = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(EMBARGO.states))
    in_force = fields.Boolean(required=True, metadata={"description": "Whether it is, today."})
    allowed = fields.List(fields.String(), required=True)
    start = fields.String(data_key="from", required=True)
    end = fields.String(data_key="to", required=True, allow_none=True)
    source = fields.String(required=True)
    stated_on = fields.String(required=True)
    review_by = fields.String(required=True, allow_none=True)
    notices = fields.List(fields.Nested(EmbargoNoticeView), required=True)
    exemptions = fields.List(fields.Nested(ExemptionView), required=True)
    changes = fields.List(fields.Nested(EmbargoChangeView), required=True)
    history = fields.List(fields.Nested(TransitionView), required=True)
    version = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class RulingLineView(StrictSchema):
    """A need line, and whether embargoes let it be served."""

    line = fields.Integer(required=True)
    theme = fields.String(required=True)
    kind = fields.String(required=True)
    permitted = fields.Boolean(required=True)


class RulingView(StrictSchema):
    """What embargoes say of a request on a day; nothing of one whose State is under none."""

    request = fields.String(required=True, validate=validate.Length(1, MAX_ID))
    country = fields.String(required=True, allow_none=True)
    on = fields.Date(required=True)
    permitted = fields.Boolean(
        required=True, metadata={"description": "Whether any of it may be served."}
    )
    lines = fields.List(fields.Nested(RulingLineView), required=True)
    notices = fields.List(fields.Nested(EmbargoNoticeView), required=True)
