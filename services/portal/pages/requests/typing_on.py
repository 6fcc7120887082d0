"""A draft is kept while somebody types in it. The page asks for that by itself, and is told what
became of it; nothing that somebody else kept meanwhile is ever replaced so."""

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, render_template, request

from entraide.client import Answer
from services.portal.pages.asking import get, send
from services.portal.pages.forms import PageForm
from services.portal.pages.requests.bodies import body_of
from services.portal.pages.requests.lists import PAGE
from services.portal.pages.requests.parts import Sheet, stored_sheet
from services.portal.services import AwayError, RefusedError

ACTION = "keep"
"""What the page sends as the form's button."""


def put_request(request_id: str, body: object, etag: str) -> Answer:
    """Replace a request that was seen in this version."""
    return send("requests", f"/v1/requests/{request_id}", body, method="PUT", if_match=etag)


def keep_new(sheet: Sheet, country: str | None) -> Response:
    """Make the draft, once its first part is whole."""
    if not PageForm().validate():
        return _told("signed-out")
    if not sheet.validate():
        return _told("unfinished")
    body = {"country": country, **sheet.members({})}
    try:
        made = send("requests", "/v1/requests", body, key=request.form.get("key") or None)
    except AwayError:
        return _told("away")
    except RefusedError:
        return _told("unfinished")
    return _saved(made, sheet)


def keep_part(stored: Answer, sheet: Sheet) -> Response:
    """Keep a part of a draft as it is typed so far, unless somebody kept something else."""
    view = stored.body
    if not PageForm().validate():
        return _told("signed-out")
    if view["status"] != "draft" or not sheet.validate():
        return _told("unfinished")
    body = {**body_of(view), **sheet.members(view)}
    # A language that nobody chose is the one that the text was found to be in.
    if {**body, "language": body["language"] or view["language"]} == body_of(view):
        return _saved(stored, sheet)
    if request.form.get("etag") != stored.etag:
        return _both(sheet, stored)
    try:
        return _saved(put_request(view["id"], body, stored.etag), sheet)
    except AwayError:
        return _told("away")
    except RefusedError as error:
        if not error.stale:
            return _told("unfinished")
        return _both(sheet, get("requests", f"/v1/requests/{view['id']}"))


def differences(sheet: Sheet, stored: Answer) -> list[tuple[str, str]]:
    """What is kept where it is something else than what was typed: labels and words."""
    return list(sheet.differences(stored_sheet(sheet.part, stored.body)))


def _both(sheet: Sheet, stored: Answer) -> Response:
    shown = render_template("requests/stale.html", differs=differences(sheet, stored))
    return _told("stale", shown=shown)


def _saved(kept: Answer, sheet: Sheet) -> Response:
    """With the version to go on from, and the number that each row has in the request by now."""
    numbers: list[str] = []
    if sheet.part.rows:
        members = iter(kept.body[sheet.part.rows.name])
        for row in sheet.rows:
            one: Mapping[str, Any] = {} if row.is_blank() else next(members, {})
            numbers.append(str(one.get("line") or ""))
    address = f"{PAGE}/{kept.body['id']}/edit"
    return _told("saved", id=kept.body["id"], edit=address, etag=kept.etag, lines=numbers)


def _told(state: str, **more: Any) -> Response:
    answer = jsonify(state=state, **more)
    answer.headers["Cache-Control"] = "no-store"
    return answer
