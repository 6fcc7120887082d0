"""A service's part of the report over HTTP: its figures, and the records behind each.

Reading all that they are made of takes a large register some seconds. So it is done once for all
who ask of the same States, what it found is kept for some time, and filters are asked of that.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from shared.registers.context import context
from shared.registers.report import (
    Fact,
    Form,
    ReportQuery,
    ReportRecordsView,
    ReportView,
    records_query,
)
from shared.registers.report_table import FactTable, gathered, records_behind, report
from shared.web.awaited import Awaited, BeingDoneError
from shared.web.blueprint import Blueprint
from shared.web.identity import covered_countries, current_identity, require_roles
from shared.web.marks import answers
from shared.web.problems import being_found
from shared.web.visibility import OVERSEEING

PATIENCE: Final = 5.0
"""Seconds; the portal waits eight."""
STALE: Final = 900.0
"""Seconds for which figures of before are told to who would wait longer for new ones than callers
do; `as_of` is theirs."""
_RETRY_SECONDS: Final = 10
_BEING_FOUND: Final = "Reading all records takes longer than a call may: ask again"
_TABLES: Awaited[FactTable] = Awaited(PATIENCE, stale=STALE)
Facts = Callable[[Collection[str] | None, datetime], Iterable[Fact]]


def make_report_blueprint(forms: Mapping[str, Form], facts: Facts, description: str) -> Blueprint:
    """The blueprint; `facts` tells what counts of these States, None for all, at that moment."""
    blueprint = Blueprint("report", __name__, url_prefix="/v1/report", description=description)

    def table() -> FactTable:
        """Of the States that the reader oversees; the 503 problem while it takes long."""
        identity, now = current_identity(), context().clock()
        states = None if identity.regions is None else tuple(covered_countries(identity))
        try:
            return _TABLES.get((facts, states), lambda: gathered(forms, facts(states, now), now))
        except BeingDoneError:
            raise being_found("report", _RETRY_SECONDS) from None

    @blueprint.route("")
    @require_roles(*sorted(OVERSEEING))
    @answers(HTTPStatus.SERVICE_UNAVAILABLE, _BEING_FOUND)
    @blueprint.arguments(ReportQuery, location="query")
    @blueprint.response(200, ReportView)
    def figures(args: dict[str, Any]) -> dict[str, Any]:
        """Tell the report's figures, all together and by each code of each dimension.

        Where reading all records takes longer than a call may, they may be some minutes old:
        `as_of` tells.
        """
        return report(table(), args)

    @blueprint.route("/records")
    @require_roles(*sorted(OVERSEEING))
    @answers(HTTPStatus.SERVICE_UNAVAILABLE, _BEING_FOUND)
    @blueprint.arguments(records_query(forms), location="query")
    @blueprint.response(200, ReportRecordsView)
    def records(args: dict[str, Any]) -> dict[str, Any]:
        """Tell which records stand behind a figure of the report."""
        return records_behind(table(), args)

    return blueprint
