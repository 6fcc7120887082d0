"""What States made public, for everybody: no token is asked for."""

from typing import Any

from services.requests.documents import AssistanceRequest
from services.requests.public_figures import request_figures
from services.requests.public_schemas import PublicRequestView, RequestFiguresView
from services.requests.public_views import public_views
from services.requests.queries import OPEN_TO_ALL, public_listing
from shared.registers.context import context
from shared.registers.figures import told
from shared.registers.newest import newest
from shared.registers.public import SECONDS, Answer, PublicQuery, cached
from shared.registers.views import NOT_IN_LISTS
from shared.web.blueprint import Blueprint
from shared.web.identity import public
from shared.web.kept import Kept
from shared.web.paging import page_schema
from shared.web.problems import not_found


def make_blueprint() -> Blueprint:
    """The blueprint, which reads its figures once a minute however many ask."""
    blueprint = Blueprint(
        "public", __name__, url_prefix="/v1/public", description="What everybody may read."
    )
    figures_of: Kept[dict[str, Any]] = Kept(SECONDS)

    @blueprint.route("/requests")
    @public
    @blueprint.arguments(PublicQuery, location="query")
    @blueprint.response(200, page_schema(PublicRequestView))
    def requests(args: dict[str, Any]) -> Answer:
        """List public requests that are circulated, the newest first."""
        shown = newest(AssistanceRequest, [public_listing(args)], args, NOT_IN_LISTS)
        return cached({**shown, "items": public_views(shown["items"])})

    @blueprint.route("/requests/<string:request_id>")
    @public
    @blueprint.response(200, PublicRequestView)
    def request(request_id: str) -> Answer:
        """Read a public request."""
        condition = {**OPEN_TO_ALL, "_id": request_id}
        found = AssistanceRequest.objects(__raw__=condition).exclude(*NOT_IN_LISTS).first()
        if found is None:
            raise not_found()
        return cached(public_views([found])[0])

    @blueprint.route("/figures")
    @public
    @blueprint.response(200, RequestFiguresView)
    def figures() -> Answer:
        """Add up public need lines: open ones by theme, region and State, what covers them, how
        long the first commitment took."""
        now = context().clock()
        return cached(figures_of.get("figures", lambda: told(request_figures, now)))

    return blueprint
