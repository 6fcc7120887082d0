"""What crosses the wire of the list of matches: proposals that somebody acted on."""

from marshmallow import fields, validate

from services.matcher.domain import PROPOSAL
from services.matcher.schemas import MAX_ID, ServingView
from shared.web.paging import PageQuery
from shared.web.schemas import StrictSchema

WAITS = ("answer", "conditions", "commit", "start", "report", "deliver", "assess", "reply")
"""What a match may wait for, in the order in which it comes about."""

_ID = validate.Length(1, MAX_ID)


class MatchQuery(PageQuery):
    """Which matches; without a `status` those that were endorsed at some time."""

    status = fields.String(load_default=None, validate=validate.OneOf(PROPOSAL.states))
    request = fields.String(load_default=None, validate=_ID)
    offer = fields.String(load_default=None, validate=_ID)
    waiting = fields.Boolean(
        load_default=False,
        metadata={"description": "Only those that wait for something from the caller."},
    )


class MatchView(StrictSchema):
    """A proposal that somebody acted on, in short; its life tells the rest.

    `waits` is what it waits for from the caller: an `answer`, the acceptance of `conditions`, to
    `commit`, `start` or `deliver`, figures (`report`), an assessment (`assess`) or a `reply` to
    one. `asks_at` is when the State is asked next whether the need was met.
    """

    id = fields.String(required=True)
    request = fields.String(required=True)
    offer = fields.String(required=True)
    country = fields.String(required=True)
    organisation = fields.String(required=True)
    status = fields.String(required=True)
    serves = fields.List(fields.Nested(ServingView), required=True)
    waits = fields.List(fields.String(validate=validate.OneOf(WAITS)), required=True)
    answer_by = fields.AwareDateTime(required=True, allow_none=True)
    asks_at = fields.AwareDateTime(required=True, allow_none=True)
    shows_request = fields.Boolean(
        required=True, metadata={"description": "Whether the caller may read the request."}
    )
    version = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)
