"""Triangular proposals, over HTTP."""

from http import HTTPStatus
from typing import Any

from flask.views import MethodView

from services.matcher.cooperating import triangular
from services.matcher.cooperation_schemas import TriangularQuery, TriangularView
from services.matcher.proposal_lists import listing
from services.matcher.record_views import View, stored_view
from services.matcher.rights import oversees, owns_request, sees_request
from shared.registers.context import context
from shared.web.blueprint import Blueprint
from shared.web.identity import Identity, current_identity, require_roles
from shared.web.languages import reading_language
from shared.web.marks import answers
from shared.web.problems import not_found

blueprint = Blueprint(
    "triangular",
    __name__,
    url_prefix="/v1",
    description="A Southern State's know-how and a third party's money, for one request.",
)


@blueprint.route("/proposals/triangular")
class Triangular(MethodView):
    """Funder, Southern expertise and recipient."""

    @require_roles("coordinator", "auditor", "operator", "requester")
    @answers(HTTPStatus.NOT_FOUND, "There is no such request")
    @blueprint.arguments(TriangularQuery, location="query")
    @blueprint.response(200, TriangularView)
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List the trios for a request, at most ten: neighbours' know-how first, then by score."""
        identity, on = current_identity(), context().clock().date()
        view = stored_view("request", args["request"])
        if view is None or not _may_know(identity, view):
            raise not_found("request")
        listed = listing(identity, request=args["request"], offer=None, after=None)
        language = reading_language(args["language"])
        return {"items": triangular(view.owner or "", listed, language, on)}


def _may_know(identity: Identity, view: View) -> bool:
    overseen = oversees(identity) and sees_request(identity, view, None)
    return overseen or owns_request(identity, view.owner)
