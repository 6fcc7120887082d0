"""The ledger over HTTP."""

from http import HTTPStatus
from typing import Any

from flask.views import MethodView

from services.matcher.commitment_schemas import LedgerCaseView, LedgerLineView, LedgerQuery
from services.matcher.ledger_documents import LedgerCase, LedgerLine
from services.matcher.record_views import View, read_views
from services.matcher.rights import oversees, owns_offer, owns_request
from services.matcher.views import ledger_case_view, ledger_line_view
from shared.web.blueprint import Blueprint
from shared.web.identity import Identity, current_identity, require_covered, require_roles
from shared.web.marks import answers
from shared.web.paging import PageQuery, page, page_schema
from shared.web.problems import not_found

blueprint = Blueprint(
    "ledger",
    __name__,
    url_prefix="/v1",
    description="What is held of the lines of requests and offers.",
)


@blueprint.route("/ledger")
class Ledger(MethodView):
    """What is held of a record's lines."""

    @answers(HTTPStatus.NOT_FOUND, "There is no such record")
    @blueprint.arguments(LedgerQuery, location="query")
    @blueprint.response(200, page_schema(LedgerLineView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List the ledger lines of a request or offer."""
        identity, record = current_identity(), args["record"]
        # A request and an offer may have the same id: each owner sees their own side's lines.
        views = list(read_views({"record": record}))
        sides = [view.side for view in views if _owns(identity, view)]
        if not sides:
            raise not_found("record")
        lines = LedgerLine.objects(record=record, side__in=sides)
        return page(lines, args, ledger_line_view, sort=("id",))


@blueprint.route("/ledger/cases")
class LedgerCases(MethodView):
    """Lines that hold more than their owners now allow."""

    @require_roles("coordinator", "auditor", "operator")
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, page_schema(LedgerCaseView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List the open cases."""
        require_covered(current_identity(), None)  # it is of all States
        return page(LedgerCase.objects(status="open"), args, ledger_case_view, sort=("id",))


def _owns(identity: Identity, view: View) -> bool:
    if view.side == "request":
        return oversees(identity, view.owner) or owns_request(identity, view.owner)
    return oversees(identity) or owns_offer(identity, view.owner)
