"""What helps while a request is written: lines that its text seems to ask for, what is missing,
and requests that say the same. Hints never stop anybody; without a service there are none."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, render_template, request

from services.portal.pages import wording
from services.portal.pages.asking import Ask, ask, ask_with, get_one, look_up, read
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import account, for_roles
from services.portal.pages.requests.bodies import body_of
from services.portal.pages.requests.lists import PAGE
from services.portal.pages.requests.parts import PARTS, Sheet, typed_sheet
from services.portal.pages.requests.record import suggested_lines
from services.portal.pages.requests.rights import steps_for
from services.portal.services import AwayError, RefusedError
from shared.web.problems import not_found

Hints = dict[str, Any]
_COMPARED = ("need", "check")


def install(app: Flask) -> None:
    """Add what the pages ask for while somebody types."""
    app.add_url_rule(f"{PAGE}/hints/<string:part>", view_func=request_hints, methods=["POST"])


@for_roles("requester")
def request_hints(part: str) -> Response:
    """The hints on what is typed just now, as the piece of the page that shows them."""
    if part not in PARTS or not PageForm().validate():
        raise not_found("part")
    sheet, identifier = typed_sheet(PARTS[part], request.form), request.form.get("request", "")
    view = get_one("requests", "/v1/requests", identifier).body if identifier else None
    text = render_template("requests/hints.html", hints=typed_hints(part, sheet, view))
    answer = Response(text, HTTPStatus.OK, content_type="text/html; charset=utf-8")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def stored_hints(part: str, view: Mapping[str, Any] | None) -> Hints:
    """The hints on a request as it is kept."""
    if view is None:
        return _hints(part, [], {}, {})
    address = f"/v1/requests/{view['id']}"
    asked = {"advice": ask("requests", f"{address}/advice", language=wording.here())}
    if part in _COMPARED:
        asked["similar"] = ask("requests", f"{address}/similar")
    found = {name: answer.body for name, answer in look_up(asked).items()}
    suggested = [line for line in suggested_lines(view) if line["line"] is None]
    advice = found.get("advice", {})
    if "submit" not in steps_for(account(), view):  # its summary says whether it can be submitted
        advice = {**advice, "summary": ""}
    return _hints(part, suggested, advice, found.get("similar", {}))


def typed_hints(part: str, sheet: Sheet, view: Mapping[str, Any] | None) -> Hints:
    """The hints on what is typed; `view` is the request as it is kept, if it is."""
    suggested: list[dict[str, Any]] = []
    advice: Mapping[str, Any] = {}
    if part == "need":
        texts = {name: value or None for name, value in sheet.members({}).items()}
        found = _try(ask_with(texts, "requests", "/v1/requests/inferred"))
        suggested = suggested_lines({"inferred": found})
    if sheet.validate() and (view is not None or part == "need"):
        own = account().state
        body = {**(body_of(view) if view else {"country": own}), **sheet.members(view or {})}
        where = f"/v1/requests/{view['id']}/advice" if view else "/v1/requests/advice"
        advice = _try(ask_with(body, "requests", where, language=wording.here()))
    similar: Mapping[str, Any] = {}
    if part in _COMPARED and view is not None:
        found = look_up({"similar": ask("requests", f"/v1/requests/{view['id']}/similar")})
        similar = found["similar"].body if "similar" in found else {}
    return _hints(part, suggested, advice, similar)


def _try(asked: Ask) -> Mapping[str, Any]:
    try:
        return read(asked).body
    except (AwayError, RefusedError):
        return {}


def _hints(
    part: str,
    suggested: list[dict[str, Any]],
    advice: Mapping[str, Any],
    similar: Mapping[str, Any],
) -> Hints:
    items = advice.get("items", [])
    if part in PARTS:
        items = [one for one in items if one["field"] in PARTS[part].advised]
    return {
        "part": part,
        "suggested": suggested if part in ("need", "lines") else [],
        "summary": advice.get("summary", "") if part == "check" else "",
        "advice": items,
        "similar": similar.get("items", []),
    }
