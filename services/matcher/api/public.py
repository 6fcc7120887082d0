"""A figure of the matcher's for everybody: no token is asked for."""

from typing import Any

from marshmallow import fields

from services.matcher.public_figures import covered_figures
from shared.registers.avoided import AvoidedView
from shared.registers.context import context
from shared.registers.figures import told
from shared.registers.public import SECONDS, Answer, cached
from shared.web.blueprint import Blueprint
from shared.web.identity import public
from shared.web.kept import Kept
from shared.web.schemas import StrictSchema


class MatcherFiguresView(StrictSchema):
    """Public need lines that coordinators found covered by assistance under way already."""

    as_of = fields.AwareDateTime(format="iso", required=True)
    fewest = fields.Integer(
        required=True, metadata={"description": "Of fewer cases than this nothing is told."}
    )
    covered = fields.Nested(AvoidedView, required=True, allow_none=True)


def make_blueprint() -> Blueprint:
    """The blueprint, which reads its figures once a minute however many ask."""
    blueprint = Blueprint(
        "public", __name__, url_prefix="/v1/public", description="What everybody may read."
    )
    figures_of: Kept[dict[str, Any]] = Kept(SECONDS)

    @blueprint.route("/figures")
    @public
    @blueprint.response(200, MatcherFiguresView)
    def figures() -> Answer:
        """Add up public need lines that are covered by assistance under way already."""
        now = context().clock()
        return cached(figures_of.get("figures", lambda: told(covered_figures, now)))

    return blueprint
