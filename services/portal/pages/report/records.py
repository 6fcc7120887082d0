"""/report/records: which records stand behind a figure of the report."""

from typing import Final

from flask import Response, request

from services.portal.pages import asking
from services.portal.pages.frame import for_roles, show
from services.portal.pages.report.reading import READERS, SERVICES, chosen
from services.portal.pages.report.words import DIMENSIONS, code_name, name_of
from shared.registers.match_figures import MATCH_FIGURES
from shared.web.problems import not_found

_PLACES: Final = {"requests": "/requests", "offers": "/offers", "matcher": "/matches"}
_MOST_NAME: Final = 64


@for_roles(*READERS)
def records_page() -> Response:
    """The records, each with a link to its page."""
    service, figure = request.args.get("service", ""), request.args.get("figure", "")[:_MOST_NAME]
    if service not in SERVICES or not figure:
        raise not_found("figure")
    filters = chosen()
    found = asking.get(service, "/v1/report/records", figure=figure, **filters).body
    place = _place(service, figure)
    return show(
        "report/records.html",
        figure=name_of(figure),
        narrowed=[(str(DIMENSIONS[by]), code_name(by, code)) for by, code in filters.items()],
        links=[(record, f"{place}/{record}") for record in found["records"]],
        count=found["count"],
    )


def _place(service: str, figure: str) -> str:
    if service == "offers" and figure in MATCH_FIGURES:
        return "/activities"
    return "/coverage" if figure.startswith("covered") else _PLACES[service]
