"""A service's part of the report over HTTP: its figures, and the records behind each."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shared.registers.context import context
from shared.registers.report import (
    Fact,
    Form,
    ReportQuery,
    ReportRecordsView,
    ReportView,
    asked_for,
    records_behind,
    records_query,
    report,
)
from shared.web.blueprint import Blueprint
from shared.web.identity import Identity, current_identity, require_roles
from shared.web.visibility import OVERSEEING


def make_report_blueprint(
    forms: Mapping[str, Form], facts: Callable[[Identity], Iterable[Fact]], description: str
) -> Blueprint:
    """The blueprint; `facts` tells what a reader that oversees both sides may count."""
    blueprint = Blueprint("report", __name__, url_prefix="/v1/report", description=description)

    @blueprint.route("")
    @require_roles(*sorted(OVERSEEING))
    @blueprint.arguments(ReportQuery, location="query")
    @blueprint.response(200, ReportView)
    def figures(args: dict[str, Any]) -> dict[str, Any]:
        """Tell the report's figures, all together and by each code of each dimension."""
        counted = asked_for(facts(current_identity()), args)
        return report(forms, counted, context().clock())

    @blueprint.route("/records")
    @require_roles(*sorted(OVERSEEING))
    @blueprint.arguments(records_query(forms), location="query")
    @blueprint.response(200, ReportRecordsView)
    def records(args: dict[str, Any]) -> dict[str, Any]:
        """Tell which records stand behind a figure of the report."""
        counted = asked_for(facts(current_identity()), args)
        return records_behind(counted, args["figure"])

    return blueprint
