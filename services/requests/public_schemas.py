"""What of the register of requests anybody may read, as it crosses the wire."""

from marshmallow import fields

from services.requests.schemas import CommittedView, EvidenceSchema, ObjectiveSchema
from shared.registers.avoided import AvoidedView
from shared.registers.schemas import LinkSchema, ReportSchema
from shared.web.schemas import Amount, Day, Quantity, StrictSchema, Window


class PublicNeedView(StrictSchema):
    """A need line that everybody may see, and how far it is met; by whom is not told."""

    line = fields.Integer(required=True)
    theme = fields.String(required=True)
    kind = fields.String(required=True)
    quantity = Quantity(allow_none=True)
    unit = fields.String(allow_none=True)
    amount = Amount(allow_none=True)
    currency = fields.String(allow_none=True)
    priority = fields.String(allow_none=True)
    window = Window()
    objectives = fields.List(fields.Nested(ObjectiveSchema))
    sites = fields.List(fields.String())
    committed = fields.Nested(CommittedView)
    delivered = fields.Nested(CommittedView)
    met = fields.Float(metadata={"description": "Which part of it is committed, from 0 to 1."})
    given = fields.Float(metadata={"description": "Which part of it was delivered, from 0 to 1."})


class PublicRequestView(StrictSchema):
    """A request that its State made public, without any line that is not."""

    id = fields.String(required=True)
    country = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    language = fields.String(required=True)
    status = fields.String(required=True)
    circulated_on = Day(allow_none=True)
    priority = fields.String(allow_none=True)
    window = Window()
    initiatives = fields.List(fields.String())
    partners = fields.List(fields.String())
    gender_marker = fields.String(allow_none=True)
    objectives = fields.List(fields.Nested(ObjectiveSchema))
    evidence = fields.List(fields.Nested(EvidenceSchema))
    source_report = fields.Nested(ReportSchema, allow_none=True)
    action_plan = fields.Nested(LinkSchema, allow_none=True)
    needs = fields.List(fields.Nested(PublicNeedView), required=True)


class CoverageRow(StrictSchema):
    """Need lines of one theme or region: how many, how far met, and what they are worth.

    Amounts are US dollars at the rates of today, of the lines that state one; `unpriced` counts
    the others. `open` are lines that are not wholly committed, of requests that are open.
    """

    code = fields.String(required=True)
    needs = fields.Integer(required=True)
    open = fields.Integer(required=True)
    unpriced = fields.Integer(required=True)
    asked = fields.Float(required=True)
    committed = fields.Float(required=True)
    delivered = fields.Float(required=True)


class StateRow(StrictSchema):
    """The public requests of a State, and their need lines that are open."""

    country = fields.String(required=True)
    requests = fields.Integer(required=True)
    open = fields.Integer(required=True)


class TimesRow(StrictSchema):
    """Days from circulation to the first commitment, of requests circulated in one year.

    The quartiles are null where there are fewer than five. `waiting` have no commitment yet.
    """

    year = fields.Integer(required=True)
    count = fields.Integer(required=True)
    waiting = fields.Integer(required=True)
    lower = fields.Float(required=True, allow_none=True)
    median = fields.Float(required=True, allow_none=True)
    upper = fields.Float(required=True, allow_none=True)


class RequestFiguresView(StrictSchema):
    """Figures made of public requests and their public lines alone."""

    as_of = fields.AwareDateTime(format="iso", required=True)
    requests = fields.Integer(required=True, metadata={"description": "Open ones that are public."})
    needs = fields.Integer(required=True)
    open = fields.Integer(required=True)
    themes = fields.List(fields.Nested(CoverageRow), required=True)
    regions = fields.List(fields.Nested(CoverageRow), required=True)
    states = fields.List(fields.Nested(StateRow), required=True)
    times = fields.List(fields.Nested(TimesRow), required=True)
    duplicates = fields.Nested(AvoidedView, required=True)
