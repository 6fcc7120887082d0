"""The steps of a request's life that its State, an organisation or a coordinator takes."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from services.portal.pages.asking import send
from services.portal.pages.forms import EXPIRED, PageForm
from services.portal.pages.frame import for_roles, go
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.refusals import faults, refusal
from services.portal.pages.requests.lists import PAGE
from services.portal.pages.requests.record import Tried, record_page
from services.portal.services import RefusedError
from shared.web.problems import not_found

_TOLD = {
    "submit": _l("The request is submitted. A coordinator authenticates it next."),
    "circulate": _l("The request is circulated: donors see it now."),
    "return": _l("Sent back to its State."),
    "object": _l("It is not circulated. The request is a draft again."),
    "withdraw": _l("The request is withdrawn."),
    "close": _l("The request is closed."),
    "endorse": _l("Your organisation endorses this request."),
    "withdraw-endorsement": _l("The endorsement is taken back."),
    "show-endorsement": _l("Done."),
    "confirm-lines": _l("The lines are part of the request now."),
}
STALE = _l(
    "The request was changed since you opened it. Look at it as it is now, then decide again."
)
_LACKING = {"lines": _l("Choose at least one line.")}
"""What is said of a field that is lacking, where that is no text to fill in."""
_FAULTS = (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)


def install(app: Flask) -> None:
    """Add what the page of a request sends."""
    app.add_url_rule(
        f"{PAGE}/<string:request_id>/steps/<string:step>",
        view_func=take_request_step,
        methods=["POST"],
    )


@keeping_typed
@for_roles("requester", "donor", "coordinator")
def take_request_step(request_id: str, step: str) -> Response:
    """Take a step; where it is refused, the page again with what was typed and why."""
    if step not in _TOLD:
        raise not_found("step")
    typed = request.form
    if not PageForm().validate():
        return record_page(request_id, _tried(step, typed, {"": str(EXPIRED)}))
    try:
        body = body_of_step(step, typed, typed.getlist("line"))
    except ValueError as error:
        name = str(error)
        found = {name: str(_LACKING.get(name) or _("Fill this in."))}
        return record_page(request_id, _tried(step, typed, found))
    address = f"/v1/requests/{request_id}/{step}"
    try:
        send("requests", address, body, if_match=typed.get("etag"), key=typed.get("key") or None)
    except RefusedError as error:
        if error.status not in _FAULTS:
            raise
        found = {"": str(STALE)} if error.stale else dict(faults(error)) or {"": refusal(error)}
        return record_page(request_id, _tried(step, typed, found, error.status))
    flash(str(_TOLD[step]))
    return go(f"{PAGE}/{request_id}")


def body_of_step(step: str, typed: Mapping[str, str], lines: list[str]) -> dict[str, Any]:
    """What a step is sent with; ValueError with the name of a field that is lacking."""
    said = typed.get("text", "").strip() or None
    reason = typed.get("reason") or None
    if step == "submit":
        return {"consent": "express"} if typed.get("consent") == "express" else {}
    if step == "circulate":
        return {"consent": "express"}
    if step in ("object", "return"):
        return {"reason": _needed("reason", reason), "text": said}
    if step in ("withdraw", "close"):
        return {"reason": reason, "text": said}
    if step == "endorse":
        return {"text": _needed("text", said)}
    if step == "show-endorsement":
        organisation = _needed("organisation", typed.get("organisation"))
        return {"organisation": organisation, "shown": typed.get("shown") == "yes"}
    if step == "confirm-lines":
        places = [one.partition(".")[0] for one in lines]  # of PLACE.THEME.KIND
        chosen = [{"index": int(one)} for one in places if one.isascii() and one.isdigit()]
        if not chosen:
            raise ValueError("lines")
        return {"lines": chosen}
    return {}


def _needed(name: str, value: str | None) -> str:
    if not value:
        raise ValueError(name)
    return value


def _tried(
    step: str,
    typed: MultiDict[str, str],
    faults: Mapping[str, str],
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> Tried:
    return Tried(step, typed, faults, status)
