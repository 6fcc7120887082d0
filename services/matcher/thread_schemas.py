"""What crosses the wire of the questions and answers on a proposal."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from services.matcher.schemas import MAX_ID
from shared.registers.schemas import optional_text, spoken_language
from shared.web.field_errors import coded_error
from shared.web.paging import PageQuery
from shared.web.schemas import CountryCode, StrictSchema, Text

MAX_MESSAGE = 4_000
MAX_NAME = 100
MAX_MESSAGES = 300
"""How many messages one proposal may have."""


def _number(**kwargs: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(1, MAX_MESSAGES), **kwargs)


class MessageBody(StrictSchema):
    """A message. `about` is the number of the one that it answers or corrects.

    `signed` is a name under it, for those who want to give one; it can be erased later.
    """

    text = Text(MAX_MESSAGE, required=True)
    language = spoken_language()
    signed = optional_text(MAX_NAME, single_line=True)
    about = _number(load_default=None, allow_none=True)


class ThreadQuery(PageQuery):
    """Which messages of a thread."""

    unread = fields.Boolean(
        load_default=False,
        metadata={"description": "Only those after the last one that the caller has read."},
    )


class ReadBody(StrictSchema):
    """Up to which message the caller has read."""

    up_to = _number(required=True)


class EraseNameBody(StrictSchema):
    """Either the name, just as it was `signed`, or the `account` that wrote the messages, whatever
    names are under them.

    An operator says of whose messages a name is erased: neither a `state` nor an `organisation`
    means the coordinators'.
    """

    signed = optional_text(MAX_NAME, single_line=True)
    account = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, MAX_ID),
        metadata={"description": "The caller's own, or for an operator any, as histories name it."},
    )
    state = CountryCode(load_default=None, allow_none=True)
    organisation = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(1, MAX_ID)
    )

    @ma.validates_schema(skip_on_field_errors=True)
    def _check_party(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["state"] is not None and data["organisation"] is not None:
            raise coded_error("invalid", "A State or an organisation, not both.", "organisation")
        if (data["signed"] is None) == (data["account"] is None):
            raise coded_error("invalid", "A name or an account, one of them.", "signed")
        for name in ("state", "organisation"):
            if data["account"] is not None and data[name] is not None:
                raise coded_error("invalid", "An account is of one side: leave this out.", name)


class ErasedView(StrictSchema):
    """In how many messages a name was erased."""

    erased = fields.Integer(required=True)


class PostedView(StrictSchema):
    """That a message was written, without its text."""

    number = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    language = fields.String(required=True)


class MessageView(PostedView):
    """A message; `text` is null once it was struck out, at `struck_at` by `struck_by` (a role).

    Whose account wrote it (`subject`) is shown to those who oversee both sides.
    """

    role = fields.String(required=True)
    party = fields.String(required=True, allow_none=True)
    subject = fields.String(required=True, allow_none=True)
    signed = fields.String(required=True, allow_none=True)
    text = fields.String(required=True, allow_none=True)
    about = fields.Integer(required=True, allow_none=True)
    struck_at = fields.AwareDateTime(required=True, allow_none=True)
    struck_by = fields.String(required=True, allow_none=True)
    may_strike = fields.Boolean(
        required=True, metadata={"description": "Whether the caller may strike it out."}
    )


class ThreadPage(StrictSchema):
    """Messages of a thread, the oldest first.

    `count` is how many it has in all, `read_up_to` the last one that the caller has read, `unread`
    how many others wrote since. `open`: the proposal's state lets the caller write.
    """

    items = fields.List(fields.Nested(MessageView), required=True)
    next = fields.String(required=True, allow_none=True)
    count = fields.Integer(required=True)
    read_up_to = fields.Integer(required=True)
    unread = fields.Integer(required=True)
    open = fields.Boolean(required=True)
