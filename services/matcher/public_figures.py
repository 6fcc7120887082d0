"""A figure for everybody: public needs that were found to be covered by assistance under way."""

from datetime import date, datetime
from typing import Any, Final

from services.matcher.coverage_documents import CoverageCase
from services.matcher.documents import view_id
from services.matcher.domain import convert
from services.matcher.record_views import Line, read_views
from shared.lifecycle import REQUEST
from shared.vocabulary.currencies import NoRate
from shared.vocabulary.errors import UnknownCode
from shared.web.visibility import Sight

FEWEST: Final = 5
"""Of fewer cases nothing is told: the assistance that covers a need may be public or not."""


def covered_figures(now: datetime) -> dict[str, Any]:
    """How many public lines of public requests a coordinator found covered, and their worth."""
    cases = list(CoverageCase.objects(status="confirmed").only("id", "request", "line", "taken"))
    ids = sorted({view_id("request", case.request) for case in cases})
    condition = {"_id": {"$in": ids}, "visibility": Sight.PUBLIC.level}
    views = read_views(condition) if ids else ()
    lines = {
        (view.record, line.line): line
        for view in views
        if view.status in REQUEST.shown
        for line in view.lines
        if not line.confidential
    }
    found = [
        (case, lines[case.request, case.line])
        for case in cases
        if (case.request, case.line) in lines
    ]
    if len(found) < FEWEST:
        return {"as_of": now, "fewest": FEWEST, "covered": None}
    worths = [line_dollars(line, case.taken or 0, now.date()) for case, line in found]
    return {
        "as_of": now,
        "fewest": FEWEST,
        "covered": {
            "count": len(found),
            "value": sum(worth for worth in worths if worth is not None) / 100,
            "unpriced": sum(worth is None for worth in worths),
        },
    }


def line_dollars(line: Line, taken: int, on: date) -> int | None:
    """What that much of the line is worth, in hundredths of a US dollar; None where unknown."""
    if line.measure == "money":
        cents, currency = taken, line.unit
    elif line.worth_cents is not None and line.worth_currency is not None and line.limit:
        cents = round(line.worth_cents * min(taken, line.limit) / line.limit)
        currency = line.worth_currency
    else:
        return None
    try:
        return convert(cents, currency, "USD", on)
    except (NoRate, UnknownCode):
        return None
