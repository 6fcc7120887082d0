"""The requests that a donor's offers fit, over HTTP."""

from itertools import islice
from typing import Any

from flask.views import MethodView

from services.matcher.api.proposals import SUITED, place_in
from services.matcher.fitting import Asked, fitting
from services.matcher.fitting_schemas import MOST_TOLD, FittingQuery, FittingView
from services.matcher.proposals import Proposal
from services.matcher.views import proposal_views
from shared.registers.context import context
from shared.vocabulary.countries import countries_asked
from shared.web.blueprint import Blueprint
from shared.web.identity import current_identity, require_roles
from shared.web.languages import reading_language
from shared.web.paging import page_schema, write_cursor

blueprint = Blueprint(
    "fitting",
    __name__,
    url_prefix="/v1",
    description="Requests that a donor's offers fit.",
)


@blueprint.route("/fitting-requests")
class FittingRequests(MethodView):
    """Which requests the caller's open offers serve."""

    @require_roles("donor")
    @blueprint.arguments(FittingQuery, location="query")
    @blueprint.response(200, page_schema(FittingView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List the requests that any of the caller's offers fits, each once with all that fit, the
        best with their reasons and the others in short: by how well the best of them suits it, to
        which the State's own priority adds."""
        identity = current_identity()
        asked = Asked(countries_asked(args["state"], args["region"]), args["theme"], args["offer"])
        after = None if args["cursor"] is None else place_in(args["cursor"], SUITED)
        found = list(islice(fitting(identity, asked, after), args["limit"] + 1))
        shown = found[: args["limit"]]
        language, on = reading_language(args["language"]), context().clock().date()
        best = [one for _, proposals in shown for one in proposals[:MOST_TOLD]]
        views = iter(proposal_views(best, identity, language, on))
        return {
            "items": [
                {
                    "request": proposals[0].request.record,
                    "country": proposals[0].request.owner,
                    "proposals": list(islice(views, min(len(proposals), MOST_TOLD))),
                    "others": [_in_short(one) for one in proposals[MOST_TOLD:]],
                }
                for _, proposals in shown
            ],
            "next": write_cursor(shown[-1][0], SUITED) if len(found) > len(shown) else None,
        }


def _in_short(one: Proposal) -> dict[str, Any]:
    ranked = {name: one.entry[name] for name in ("rank", "score")}
    return {"id": one.id, "offer": one.offer.record, "status": one.status, **ranked}
