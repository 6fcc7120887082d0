"""Figures for everybody: charts, each as a table and as a file, and the map."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Flask, Response
from flask_babel import gettext as _

from services.portal.lists.files import TYPES, table_pieces
from services.portal.pages.frame import moment, page
from services.portal.pages.public import charts
from services.portal.pages.public.charts import Chart
from services.portal.pages.public.reading import cacheable, gather, show_public
from services.portal.pages.public.world import world
from services.portal.pages.wording import country, here
from services.portal.services import AwayError, ask
from shared.vocabulary.countries import AREAS
from shared.vocabulary.themes import THEMES
from shared.web.problems import not_found

SERVICES = ("requests", "offers", "matcher")
_NAMES = ("themes", "regions", "coverage", "times", "duplicates", "states")
Found = Mapping[str, Mapping[str, Any]]


def install(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/public/figures", view_func=figures_page)
    app.add_url_rule("/public/map", view_func=map_page)
    app.add_url_rule("/public/figures/<string:name>.<string:ending>", view_func=figures_file)


def figures(*services: str) -> Found:
    """The figures of the services that are there."""
    found = gather(**{name: ask(name, "/v1/public/figures") for name in services or SERVICES})
    return {name: one.body for name, one in found.items() if not isinstance(one, AwayError)}


@page
def figures_page() -> Response:
    """All charts; of a service that is away, the part that is missing."""
    found = figures()
    return show_public(
        "public/figures.html",
        wide=True,
        charts=[chart for name in _NAMES[:4] if (chart := _chart(name, found))],
        spared=_chart("duplicates", found),
        few=_few(found),
        away=[name for name in SERVICES if name not in found],
        key=key_figures(found),
        moments=as_of(found),
    )


@page
def map_page() -> Response:
    """Open needs by State, on a map and as a table."""
    found = figures("requests")
    return show_public(
        "public/map.html",
        wide=True,
        map=world(found["requests"]["states"]) if found else None,
        chart=_chart("states", found),
        codes={
            country(row["country"]): row["country"]
            for row in (found["requests"]["states"] if found else ())
        },
        moments=as_of(found),
    )


@page
def figures_file(name: str, ending: str) -> Response:
    """A chart's table as a file; 503 while a service that it is of is away."""
    if name not in _NAMES or ending not in TYPES:
        raise not_found("file")
    made_of = SERVICES if name == "duplicates" else ("requests",)
    found = figures(*made_of)
    away = [service for service in made_of if service not in found]
    chart = None if away else _chart(name, found)
    if chart is None:
        raise AwayError((away or made_of)[0])
    rows = [[line.label, *line.values] for line in chart.lines]
    answer = Response(
        b"".join(table_pieces(ending, chart.head, chart.tags, rows)),
        content_type=TYPES[ending],
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{ending}"',
            "Content-Language": here(),
            "Vary": "Accept-Language, Cookie",
        },
    )
    return cacheable(answer)


def key_figures(found: Found) -> list[tuple[str, int]]:
    """What is there at a glance: name and number of each that is known."""
    asked, offered = found.get("requests"), found.get("offers")
    told: list[tuple[str, int]] = []
    if asked is not None:
        told += [
            (_("open requests"), asked["requests"]),
            (_("open needs"), asked["open"]),
            (_("States that ask"), sum(1 for row in asked["states"] if row["requests"])),
        ]
    if offered is not None:
        told += [(_("offers"), offered["offers"]), (_("activities"), offered["activities"])]
    return told


def as_of(found: Found) -> str:
    """When the oldest of the figures was made."""
    return (
        moment(min(datetime.fromisoformat(one["as_of"]) for one in found.values())) if found else ""
    )


def _few(found: Found) -> int | None:
    """Of how few covered needs nothing is told, where that is so."""
    one = found.get("matcher")
    return None if one is None or one["covered"] is not None else int(one["fewest"])


def _chart(name: str, found: Found) -> Chart | None:
    """The chart of that name; None where what it is made of is away."""
    if name == "duplicates":
        return _spared(found)
    asked = found.get("requests")
    if asked is None:
        return None
    if name == "themes":
        return charts.open_by(name, _("Open needs by theme"), _("Theme"), asked["themes"], _theme)
    if name == "regions":
        title = _("Open needs by region")
        return charts.open_by(name, title, _("Region"), asked["regions"], _area)
    if name == "coverage":
        return charts.coverage(asked["themes"], _theme)
    return charts.times(asked["times"]) if name == "times" else charts.by_state(asked["states"])


def _spared(found: Found) -> Chart | None:
    rows = []
    if "requests" in found:
        rows.append((_("Requests sent twice"), found["requests"]["duplicates"]))
    if "offers" in found:
        rows.append((_("Offers posted twice"), found["offers"]["duplicates"]))
    if "matcher" in found and found["matcher"]["covered"] is not None:
        rows.append((_("Needs covered by assistance under way"), found["matcher"]["covered"]))
    return charts.spared(rows) if rows else None


def _theme(code: str) -> str:
    return THEMES.label(code, here())


def _area(code: str) -> str:
    return AREAS.label(code, here())
