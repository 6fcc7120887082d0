"""Who read a request while it was confidential: all of it on a page, the first on the request's."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask, Response, request

from entraide.client.records.requests import RequestView
from services.portal.pages import wording
from services.portal.pages.asked import cursor_of
from services.portal.pages.asking import get, get_one
from services.portal.pages.finding import names_of
from services.portal.pages.frame import for_signed_in, show
from services.portal.pages.requests.lists import PAGE

_SHOWN = 50


def install(app: Flask) -> None:
    """Add the page."""
    app.add_url_rule(f"{PAGE}/<string:request_id>/reads", view_func=readings)


@for_signed_in()
def readings(request_id: str) -> Response:
    """Who read it, the oldest first."""
    view = get_one("requests", "/v1/requests", request_id).of(RequestView)
    asked = {"limit": _SHOWN, "cursor": cursor_of(request.args)}
    found = get("requests", f"/v1/requests/{request_id}/reads", **asked).body
    return show(
        "requests/readings.html",
        it=view,
        listed=found["items"],
        next=found["next"],
        names=names_of(donors_of(found["items"])),
        party=party,
    )


def donors_of(acts: Iterable[Mapping[str, Any]]) -> list[str]:
    """The organisations whose people took steps or read, each once."""
    found = (one["party"] for one in acts if one["role"] == "donor")
    return list(dict.fromkeys(filter(None, found)))


def party(code: str | None, names: Mapping[str, str]) -> str:
    """The name of the State or organisation of who took a step or read; empty for none."""
    return "" if code is None else names.get(code) or wording.country(code)
