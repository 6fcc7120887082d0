"""/report/records: which records stand behind a figure of the report."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from flask import Response, request

from services.portal.pages import asking
from services.portal.pages.asked import cursor_of
from services.portal.pages.finding import sides_of
from services.portal.pages.frame import for_roles, goes_to, show
from services.portal.pages.report.reading import READERS, SERVICES, chosen, narrowed
from services.portal.pages.report.showing import page_of_absence
from services.portal.pages.report.words import DIMENSIONS, code_name, name_of
from services.portal.services import AwayError
from shared.registers.match_figures import MATCH_FIGURES
from shared.web.problems import not_found

_KINDS: Final = {"requests": "request", "offers": "offer", "matcher": "match"}
_PLACES: Final = {
    "request": "/requests",
    "offer": "/offers",
    "match": "/matches",
    "activity": "/activities",
    "coverage": "/coverage",
}
_OF_LINES: Final = ("needs", "needs-met", "lines-committed", "lines-delivered", "objectives")
_MOST_NAME: Final = 64
_SHOWN: Final = 100


@for_roles(*READERS)
def records_page() -> Response:
    """The records, each with a link to its page where its reader has such."""
    service, figure = request.args.get("service", ""), request.args.get("figure", "")[:_MOST_NAME]
    if service not in SERVICES or not figure:
        raise not_found("figure")
    filters = chosen()
    page = {"limit": _SHOWN, "cursor": cursor_of(request.args)}
    try:
        found = asking.get(service, "/v1/report/records", figure=figure, **filters, **page).body
        lines = _lines(service, figure, filters)
    except AwayError as error:
        return page_of_absence(error)
    kind = _kind(service, figure)
    sides = sides_of(kind, found["records"])
    return show(
        "report/records.html",
        figure=name_of(figure),
        narrowed=[(str(DIMENSIONS[by]), code_name(by, code)) for by, code in filters.items()],
        records=[(one, sides[one]) for one in found["records"]],
        place=_PLACES[kind] if kind != "match" or goes_to("/matches") else "",
        is_activity=kind == "activity",
        count=found["count"],
        next=found["next"],
        lines=lines,
        narrower=f"/report?{urlencode(narrowed(filters))}",
    )


def _lines(service: str, figure: str, filters: Mapping[str, str]) -> int | None:
    """Of how many need lines the figure is; None where it is not of lines."""
    if figure not in _OF_LINES and not figure.startswith("asks-"):
        return None
    (whole, *_) = asking.get(service, "/v1/report", **filters).body["groups"]
    return next((int(one["count"]) for one in whole["figures"] if one["name"] == figure), None)


def _kind(service: str, figure: str) -> str:
    if service == "offers" and figure in MATCH_FIGURES:
        return "activity"
    return "coverage" if figure.startswith("covered") else _KINDS[service]
