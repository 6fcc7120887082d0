"""A request as the service takes it, and its members as fields have them; texts in fields."""

from collections.abc import Mapping
from typing import Any

from services.portal.pages.days import read_day
from services.portal.pages.numbers import read_number, shown_number
from services.portal.pages.requests.reading import read_lines

_MEMBERS = (
    *("title", "description", "language", "country", "priority", "window", "channel"),
    *("source_report", "action_plan", "initiatives", "partners", "objectives", "evidence"),
    *("gender_marker", "confidentiality", "external_id"),
)
_OF_LINE = (
    *("line", "theme", "kind", "quantity", "unit", "amount", "currency", "priority", "window"),
    *("objectives", "sites", "confidential", "visibility", "sustainability"),
)
Fields = dict[str, Any]
Data = Mapping[str, Any]


def body_of(view: Data) -> dict[str, Any]:
    """The body that leaves a request as it is."""
    needs = [{name: need[name] for name in _OF_LINE} for need in view["needs"]]
    return {**{name: view[name] for name in _MEMBERS}, "needs": needs}


def text_fields(view: Data) -> Fields:
    """Title, description and language."""
    return {name: view[name] or "" for name in ("title", "description", "language")}


def text_members(data: Data) -> dict[str, Any]:
    """Title, description and language; null for one that the text tells."""
    return {
        "title": " ".join(data["title"].split()),
        "description": data["description"].replace("\r\n", "\n").strip(),
        "language": data["language"] or None,
    }


def line_fields(need: Data) -> Fields:
    """A need line, or an inferred one."""
    visible = need.get("visibility") or ("coordinators" if need.get("confidential") else "")
    return {
        "line": str(need.get("line") or ""),
        "theme": need["theme"],
        "kind": need["kind"],
        "quantity": shown_number(need["quantity"]),
        "unit": need["unit"] or "",
        "amount": shown_number(need["amount"]),
        "currency": need["currency"] or "USD",
        "priority": need.get("priority") or "",
        "sites": "\n".join(need.get("sites", [])),
        "visibility": visible,
        "sustainability": need.get("sustainability", []),
    }


def line_member(data: Data) -> dict[str, Any]:
    """A need line; without its number, which says that it is new, where it has none."""
    quantity, amount = read_number(data["quantity"]), read_number(data["amount"])
    number = {"line": int(data["line"])} if data["line"].isdigit() else {}
    return {
        **number,
        "theme": data["theme"],
        "kind": data["kind"],
        "quantity": quantity,
        "unit": _text(data["unit"]),
        "amount": amount,
        "currency": (data["currency"].strip().upper() or "USD") if amount is not None else None,
        "priority": data["priority"] or None,
        "sites": read_lines(data["sites"]),
        "visibility": data["visibility"] or None,
        "confidential": bool(data["visibility"]),
        "sustainability": data["sustainability"] or [],
    }


def plan_fields(view: Data) -> Fields:
    """The window and the priority."""
    window = view["window"] or {"from": "", "to": ""}
    return {
        "window_from": window["from"],
        "window_to": window["to"],
        "priority": view["priority"] or "",
    }


def plan_members(data: Data) -> dict[str, Any]:
    """The window and the priority; an open window is left to the service to refuse."""
    ends = {"from": read_day(data["window_from"]), "to": read_day(data["window_to"])}
    window = {name: day for name, day in ends.items() if day}
    return {"window": window or None, "priority": data["priority"] or None}


def aim_fields(aim: Data) -> Fields:
    """An objective."""
    return {name: aim[name] or "" for name in ("text", "indicator", "baseline", "target", "date")}


def aim_member(data: Data) -> dict[str, Any]:
    """An objective."""
    words = {name: _text(data[name]) for name in ("text", "indicator", "baseline", "target")}
    return {**words, "date": read_day(data["date"])}


def paper_fields(view: Data) -> Fields:
    """Documents, channel, partners, who may see it."""
    plan, report = view["action_plan"] or {}, view["source_report"] or {}
    return {
        "action_plan_title": plan.get("title") or "",
        "action_plan_url": plan.get("url") or "",
        "source_report_title": report.get("title") or "",
        "source_report_year": str(report.get("year") or ""),
        "source_report_url": report.get("url") or "",
        "channel": view["channel"] or "",
        "gender_marker": view["gender_marker"] or "",
        "initiatives": ", ".join(view["initiatives"]),
        "partners": list(view["partners"]),
        "confidentiality": view["confidentiality"],
    }


def paper_members(data: Data) -> dict[str, Any]:
    """Documents, channel, partners, who may see it; a document without a title is refused."""
    plan = {name: _text(data[f"action_plan_{name}"]) for name in ("title", "url")}
    report = {name: _text(data[f"source_report_{name}"]) for name in ("title", "url")}
    year = read_number(data["source_report_year"])
    codes = data["initiatives"].replace("،", ",").replace("、", ",").split(",")
    return {
        "action_plan": _named(plan),
        "source_report": _named({**report, "year": year}),
        "channel": data["channel"] or None,
        "gender_marker": data["gender_marker"] or None,
        "initiatives": [code.strip() for code in codes if code.strip()],
        "partners": data["partners"] or [],
        "confidentiality": data["confidentiality"],
    }


def evidence_fields(evidence: Data) -> Fields:
    """One thing that shows the need."""
    return {name: evidence[name] or "" for name in ("text", "url")}


def evidence_member(data: Data) -> dict[str, Any]:
    """One thing that shows the need."""
    return {name: _text(data[name]) for name in ("text", "url")}


def _text(typed: str) -> str | None:
    return typed.replace("\r\n", "\n").strip() or None


def _named(link: dict[str, Any]) -> dict[str, Any] | None:
    """A document; none where nothing was typed, and without a title one that has none."""
    if all(value is None for value in link.values()):
        return None
    return {name: value for name, value in link.items() if name != "title" or value}
