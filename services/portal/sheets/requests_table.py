"""The spreadsheet that a State fills in: the assistance part of its national report.

A need line is a row; rows with the same reference are one request. A row without theme and kind
has its text alone, as older reports do: what it asks for is read from it, and confirmed later.
The request's priority and that of a line have a column each (decision 0144).
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from services.portal.catalogues import N_, say
from services.portal.sheets.columns import (
    Column,
    coded,
    codes,
    currencies,
    days,
    numbers,
    texts,
    unit,
)
from services.portal.sheets.limits import Limits
from services.portal.sheets.tables import ID, PARTNERS_NAMED, SOURCE, WINDOW, WORDS
from shared.registers.schemas import MAX_LINES, MAX_TITLE, MAX_UNIT, MAX_YEAR
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import PRIORITIES
from shared.vocabulary.themes import THEMES
from shared.web.schemas import FIRST_YEAR, MAX_AMOUNT, MAX_QUANTITY
from shared.web.visibility import Sight

_LEVELS = {
    Sight.RESTRICTED.level: N_("All donors"),
    Sight.PUBLIC.level: N_("Public"),
    Sight.PARTIES.level: N_("Donors whose offers were endorsed for it"),
    Sight.COORDINATORS.level: N_("Coordinators only"),
}


@cache
def _level_labels(language: str) -> Mapping[str, str]:
    return {code: say(language, text) for code, text in _LEVELS.items()}


REQUESTS: Sequence[Column] = (
    *WORDS,
    coded("request_priority", N_("Priority of the request"), PRIORITIES),
    coded("theme", N_("Theme"), THEMES),
    coded("kind", N_("Kind of help"), KINDS),
    Column("quantity", N_("How many"), numbers(MAX_QUANTITY, 3, zero=False)),
    unit("unit", N_("Of what"), MAX_UNIT),
    Column("amount", N_("Cost, if known"), numbers(MAX_AMOUNT, 2, zero=True)),
    Column("currency", N_("Currency"), currencies),
    coded("priority", N_("Priority of this need"), PRIORITIES, earlier=(N_("Priority"),)),
    Column("objective", N_("What is to be reached"), texts(2_000)),
    Column("indicator", N_("Measured by"), texts(500)),
    Column("baseline", N_("Today"), texts(500)),
    Column("target", N_("Target"), texts(500)),
    Column("reached_by", N_("To be reached by"), days),
    *WINDOW,
    Column("received", N_("What was received so far"), texts(2_000)),
    Column("report", N_("Report that it is taken from"), texts(MAX_TITLE, single_line=True)),
    Column(
        "report_year",
        N_("Year of the report"),
        numbers(MAX_YEAR, 0, zero=False, least=FIRST_YEAR),
    ),
    Column("action_plan", N_("National action plan"), texts(MAX_TITLE, single_line=True)),
    PARTNERS_NAMED,
    Column("level", N_("Who sees it once circulated"), codes(_level_labels), labels=_level_labels),
    ID,
)

REQUEST_LIMITS: Limits = {
    "needs": ("theme", MAX_LINES),
    "objectives": ("objective", 20),
    "evidence": ("received", 50),
}

_MEASURES = ("quantity", "unit", "amount", "currency")
_AIM = ("indicator", "baseline", "target")


def request_bodies(rows: Sequence[Mapping[str, Any]], country: str) -> list[dict[str, Any]]:
    """The requests that rows tell, as they are sent: those of one reference are one request."""
    bodies: dict[str, dict[str, Any]] = {}
    for row in rows:
        body = bodies.setdefault(row["reference"], _request(row, country))
        if row.get("theme"):
            body["needs"].append(_need(row))
        elif row.get("objective"):
            body["objectives"].append(_objective(row))
        if row.get("received"):
            told = {"text": row["received"], "url": None}
            if told not in body["evidence"]:
                body["evidence"].append(told)
    return list(bodies.values())


def request_rows(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A row for each need line, the first of its objectives with it; one of texts without any.

    What was received stands with the first row, as the first piece of evidence does.
    """
    external, report = request["external_id"] or {}, request["source_report"] or {}
    window, plan = request["window"] or {}, request["action_plan"] or {}
    common = {
        "reference": external.get("id") if external.get("source") == SOURCE else None,
        **{name: request[name] for name in ("title", "description", "language", "partners", "id")},
        "request_priority": request["priority"],
        "from": window.get("from"),
        "to": window.get("to"),
        "report": report.get("title"),
        "report_year": report.get("year"),
        "action_plan": plan.get("title"),
        "level": request["confidentiality"],
    }
    lines = [{**_line_cells(need), **_aim_cells(need["objectives"])} for need in request["needs"]]
    rows = lines or [_aim_cells(request["objectives"])]
    received = request["evidence"][0]["text"] if request["evidence"] else None
    return [
        {**common, **row, **({"received": received} if at == 0 else {})}
        for at, row in enumerate(rows)
    ]


def meant_row(row: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row as it is meant, beside the record's `own` as it comes out, empty for a new one.

    Where there is no need line, a need's priority can only be the request's: that is how templates
    with one column of priorities had it. Of two it is the one that was changed.
    """
    if own.get("theme") or row.get("theme") or "priority" not in row:
        return row
    as_it_was = row.get("request_priority") == own.get("request_priority")
    told = row["priority"] if as_it_was else row.get("request_priority")
    told = told or row.get("request_priority") or row["priority"]
    return {**row, "request_priority": told, "priority": None}


def _priority(row: Mapping[str, Any]) -> str | None:
    """The request's own; in a file that has no column of it, that of the row that begins it."""
    meant = meant_row(row, {})
    told: str | None = meant.get("request_priority", meant.get("priority"))
    return told


def _request(row: Mapping[str, Any], country: str) -> dict[str, Any]:
    ends = {name: row[name] for name in ("from", "to") if row.get(name)}
    report = {"title": row.get("report"), "year": row.get("report_year"), "url": None}
    plan = {"title": row.get("action_plan"), "url": None}
    return {
        "country": country,
        "external_id": {"source": SOURCE, "id": row["reference"]},
        **{name: row.get(name) for name in ("title", "description", "language")},
        "needs": [],
        "priority": _priority(row),
        "window": ends or None,
        "objectives": [],
        "evidence": [],
        "source_report": report if report["title"] else None,
        "action_plan": plan if plan["title"] else None,
        "partners": row.get("partners") or [],
        "confidentiality": row.get("level") or Sight.RESTRICTED.level,
    }


def _need(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: row.get(name) for name in ("theme", "kind", *_MEASURES, "priority")},
        "objectives": [_objective(row)] if row.get("objective") else [],
    }


def _objective(row: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: row.get(name) for name in _AIM}
    return {"text": row["objective"], **told, "date": row.get("reached_by")}


def _line_cells(need: Mapping[str, Any]) -> dict[str, Any]:
    return {name: need[name] for name in ("theme", "kind", *_MEASURES, "priority")}


def _aim_cells(objectives: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if not objectives:
        return {}
    first = objectives[0]
    told = {name: first[name] for name in _AIM}
    return {"objective": first["text"], **told, "reached_by": first["date"]}
