"""What crosses the wire of attachments, beside the files themselves."""

from marshmallow import fields, validate

from shared.attachments.kinds import EXTENSIONS
from shared.web.schemas import StrictSchema
from shared.web.visibility import LEVELS


class LevelQuery(StrictSchema):
    """Who sees the file, of those who see the record."""

    visibility = fields.String(
        load_default=None,
        validate=validate.OneOf(LEVELS),
        metadata={"description": "A level narrower than the record's; without it the record's."},
    )


class NoQuery(StrictSchema):
    """Files of this record have no level of their own."""


class AdderView(StrictSchema):
    """Who attached a file."""

    role = fields.String(required=True)
    party = fields.String(required=True, allow_none=True)


class AttachmentView(StrictSchema):
    """A file attached to a record; its bytes are under `/file`.

    `scan` says what is known of viruses: `clean`, `not-scanned` where there is no scanner, or
    `waiting` for the scanner: then it is not given out yet.
    """

    id = fields.String(required=True)
    record = fields.String(required=True)
    name = fields.String(required=True)
    media_type = fields.String(required=True, validate=validate.OneOf(tuple(EXTENSIONS)))
    size = fields.Integer(required=True, metadata={"description": "In bytes."})
    sha256 = fields.String(required=True)
    visibility = fields.String(required=True, allow_none=True)
    scan = fields.String(
        required=True, validate=validate.OneOf(("clean", "not-scanned", "waiting"))
    )
    added_at = fields.AwareDateTime(required=True)
    added_by = fields.Nested(AdderView, required=True)
    may_remove = fields.Boolean(required=True)
    version = fields.String(required=True)


class AttachmentsView(StrictSchema):
    """The files of a record, the oldest first: all of them, for there are few."""

    items = fields.List(fields.Nested(AttachmentView), required=True)
