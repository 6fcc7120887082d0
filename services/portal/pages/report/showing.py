"""/report: the figures with what they are of, charts that are tables, each as CSV."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, request
from flask_babel import gettext as _

from services.portal.lists.files import TYPES, table_pieces
from services.portal.pages import wording
from services.portal.pages.being_found import for_now, show_being_found
from services.portal.pages.frame import for_roles, show
from services.portal.pages.public.charts import Chart, Line, bars
from services.portal.pages.report.reading import READERS, Told, choices, chosen, narrowed, told
from services.portal.pages.report.words import (
    DIMENSIONS,
    ELSEWHERE,
    SECTIONS,
    code_name,
    name_of,
    section_of,
)
from services.portal.pages.wording import here
from services.portal.services import AwayError
from shared.vocabulary.alphabetical import sort_key
from shared.web.problems import not_found

AGAIN_SECONDS: Final = 10
"""When to ask again for what is still being found."""
_COLUMNS: Final = ("lines-committed", "amount-committed", "effective-12", "sustainable-12")
_TONES: Final = ("committed", "accent", "delivered", "ink")
_DOLLARS: Final = frozenset({"duplicates-value", "offer-duplicates-value", "covered-value"})
_NUMBER_TAGS: Final = (
    *("#indicator+num", "#indicator+part+num", "#indicator+whole+num"),
    *("#indicator+lower+num", "#indicator+upper+num", "#indicator+count+num"),
)
_TAGS: Final = {
    "theme": "#sector+name",
    "region": "#region+name",
    "year": "#date+year",
    "report_year": "#date+reported",
    "group": "#group+name",
    "modality": "#modality+name",
}
_NUMBERS: Final = ("value", "part", "whole", "lower", "upper", "count")
Stored = Mapping[str, Any]


@for_roles(*READERS)
def report_page() -> Response:
    """All figures of what the filters leave, and charts by each dimension; what is still being
    found is not there yet."""
    filters = chosen()
    found, moment, missing = told(filters)
    whole = found[None, None].values()
    being_found = [service for service, error in missing.items() if error.being_found]
    answer = show(
        "report/report.html",
        HTTPStatus.SERVICE_UNAVAILABLE if being_found else HTTPStatus.OK,
        wide=True,
        sections=[
            (title, rows)
            for code, title in SECTIONS
            if (rows := [_row(one, filters) for one in whole if _in(one, code)])
        ],
        charts=[chart for by in DIMENSIONS if (chart := _chart(by, found, filters)).lines],
        choices=choices(),
        chosen=filters,
        narrowed=narrowed(filters),
        as_of=moment,
        away=missing.keys() - being_found,
        being_found=being_found,
    )
    return for_now(answer, AGAIN_SECONDS) if being_found else answer


@for_roles(*READERS)
def report_file(name: str, ending: str) -> Response:
    """A chart's table as a file, or all figures of all groups; 503 while a part is missing."""
    if name not in {"all", *DIMENSIONS} or ending not in TYPES:
        raise not_found("file")
    found, _moment, missing = told(chosen())
    if missing:  # what is away comes first: asking again soon helps nobody there
        return page_of_absence(min(missing.values(), key=lambda error: error.being_found))
    if name == "all":
        head = [_("By"), _("Code"), _("Figure"), *_number_names()]
        tags = ["#meta+by", "#meta+code", "#indicator+name", *_NUMBER_TAGS]
        rows = list(_all_rows(found))
    else:
        chart = _chart(name, found, {})
        head, tags = [*chart.head], [*chart.tags]
        rows = [[line.label, *line.values] for line in chart.lines]
    return Response(
        b"".join(table_pieces(ending, head, tags, rows)),
        content_type=TYPES[ending],
        headers={
            "Content-Disposition": f'attachment; filename="report-{name}.{ending}"',
            "Content-Language": here(),
        },
    )


def page_of_absence(error: AwayError) -> Response:
    """The page of what is still being found, or the error."""
    if not error.being_found:
        raise error
    words = _(
        "With so many records these figures take a moment to calculate. That goes on whether this "
        "page is open or not: load it again in a moment."
    )
    return show_being_found(_("Report"), words, request.full_path, AGAIN_SECONDS)


def _in(figure: Stored, section: str) -> bool:
    return section == (ELSEWHERE if figure[ELSEWHERE] else section_of(figure["name"]))


def _row(figure: Stored, filters: Mapping[str, str]) -> dict[str, Any]:
    link = urlencode({**narrowed(filters), "service": figure["service"], "figure": figure["name"]})
    return {
        "name": name_of(figure["name"]),
        "value": _value(figure),
        "of": _of(figure),
        "count": figure["count"],
        "records": f"/report/records?{link}",
    }


def _value(figure: Stored | None) -> str:
    if figure is None or figure["value"] is None:
        return "–"
    if figure["form"] == "share":
        return wording.share(figure["value"])
    if figure["name"] not in {*_DOLLARS, "matches-value"}:
        return wording.number(figure["value"])
    # Sums of a currency without a rate are not told in dollars: they are not nothing.
    return wording.amount(figure["value"]) if figure["count"] else "–"


def _of(figure: Stored) -> str:
    """What a share is of, and between what the middle half of a spread lies."""
    if figure["form"] == "share" and figure["whole"]:
        numbers = {name: wording.number(round(figure[name], 1)) for name in ("part", "whole")}
        return str(_("%(part)s of %(whole)s", **numbers))
    if figure["lower"] is not None:
        numbers = {name: wording.number(figure[name]) for name in ("lower", "upper")}
        return str(_("middle half: %(lower)s to %(upper)s", **numbers))
    return ""


def _chart(by: str, found: Told, filters: Mapping[str, str]) -> Chart:
    """Shares by each code; its label leads to the report of it alone, and so to the records."""
    lines = []
    for (dimension, code), figures in found.items():
        if dimension != by or code is None:
            continue
        told_of = [figures.get(name) for name in _COLUMNS]
        shares = [None if one is None else one["value"] for one in told_of]
        counts = [figures.get(name, {}).get("value") for name in ("needs", "matches")]
        lines.append(
            Line(
                code_name(by, code),
                [*counts, *shares],
                [
                    *("–" if one is None else wording.number(one) for one in counts),
                    *(_value(one) for one in told_of),
                ],
                bars([one or 0 for one in shares], 1, _TONES),
                f"/report?{urlencode(narrowed({**filters, by: code}))}",
            )
        )
    return Chart(
        by,
        str(DIMENSIONS[by]),
        _("Bars from the top: the shares in the order of the columns."),
        [
            *(str(DIMENSIONS[by]), _("Need lines"), _("Matches")),
            *(_("Committed, by line"), _("Committed, by amount")),
            *(_("Effective after 12 months"), _("Of lasting use after 12 months")),
        ],
        [
            _TAGS.get(by, f"#meta+{by}"),
            *(f"#indicator+{one}+num" for one in ("needs", "matches")),
            *(f"#indicator+{one.replace('-', '_')}+pct" for one in _COLUMNS),
        ],
        sorted(lines, key=lambda line: sort_key(line.label, here())),
    )


def _all_rows(found: Told) -> Iterator[list[Any]]:
    for (by, code), figures in found.items():
        dimension = "" if by is None else str(DIMENSIONS[by])
        for one in figures.values():
            numbers = [one[name] for name in _NUMBERS]
            where = f"{dict(SECTIONS)[ELSEWHERE]}: " if one[ELSEWHERE] else ""
            yield [dimension, code or "", where + name_of(one["name"]), *numbers]


def _number_names() -> list[str]:
    return [
        *(_("Value"), _("Numerator"), _("Denominator")),
        *(_("Lower quartile"), _("Upper quartile"), _("Counted")),
    ]
