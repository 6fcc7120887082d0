"""What crosses the wire when a file of activities is brought in."""

from marshmallow import fields

from services.offers.schemas import ORGANISATION_ID
from shared.web.schemas import StrictSchema


class ImportQuery(StrictSchema):
    """For whom the file is brought in, and whether only to look."""

    organisation = fields.String(
        load_default=None,
        allow_none=True,
        validate=ORGANISATION_ID,
        metadata={"description": "Whose activities they are; a donor's own unless given."},
    )
    public = fields.Boolean(
        load_default=False,
        metadata={
            "description": "Whether everybody may see those that are new; others stay as they are."
        },
    )
    preview = fields.Boolean(
        load_default=False,
        metadata={"description": "Tell what would be done, and write nothing."},
    )


class NoteView(StrictSchema):
    """What was left open or out of an activity that is taken."""

    code = fields.String(metadata={"description": "A word for programs."})
    message = fields.String()
    about = fields.String(
        allow_none=True, metadata={"description": "A currency or a reporter that it names."}
    )


class ImportedView(StrictSchema):
    """One record: an activity in one country."""

    number = fields.Integer(metadata={"description": "The activity's place in the file, from 1."})
    identifier = fields.String(metadata={"description": "Its iati-identifier."})
    country = fields.String()
    outcome = fields.String(metadata={"enum": ["created", "changed", "unchanged"]})
    id = fields.String(metadata={"description": "The record's; in a preview, what it would be."})
    title = fields.String()
    language = fields.String()
    theme = fields.String(metadata={"description": "As its text tells; correct it where wrong."})
    kind = fields.String(metadata={"description": "As its text tells; correct it where wrong."})
    status = fields.String()
    amount = fields.Float(allow_none=True)
    currency = fields.String(allow_none=True)
    notes = fields.List(fields.String(), metadata={"description": "What was left open or out."})
    noted = fields.List(
        fields.Nested(NoteView), metadata={"description": "The notes, each with its code."}
    )


class RefusalView(StrictSchema):
    """Why an activity, or its part for one country, is not taken."""

    number = fields.Integer()
    identifier = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    field = fields.String(metadata={"description": "The element.", "example": "activity-date"})
    code = fields.String(metadata={"description": "A word for programs."})
    message = fields.String()


class BreakView(StrictSchema):
    """Why the file could be read no further."""

    code = fields.String()
    message = fields.String()
    line = fields.Integer(allow_none=True)


class ImportReportView(StrictSchema):
    """What became of a file. All are counted; of each list at most 1,000 are named."""

    preview = fields.Boolean()
    read = fields.Integer(metadata={"description": "Activities that were read in the file."})
    created = fields.Integer(metadata={"description": "Records, one for each country."})
    changed = fields.Integer()
    unchanged = fields.Integer()
    outside = fields.Integer(
        metadata={"description": "Activities about something else than small arms."}
    )
    refused = fields.Integer(metadata={"description": "Activities of which something is wrong."})
    activities = fields.List(fields.Nested(ImportedView))
    refusals = fields.List(fields.Nested(RefusalView))
    incomplete = fields.Nested(
        BreakView,
        allow_none=True,
        metadata={
            "description": "Always null: of a file that breaks off nothing is taken (422).",
            "deprecated": True,
        },
    )
