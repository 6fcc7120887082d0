"""What changed since a page was made: told to it as it comes, or when it asks.

A listener takes a thread for as long as it listens. So a process has places for some, beside the
threads that answer (deploy/), and whoever comes when all are taken asks every now and then.
"""

import threading
from collections.abc import Callable
from http import HTTPStatus

from flask import Flask, Response, current_app, request

from services.portal.changes import Wanted, changes_since
from services.portal.house import House
from services.portal.listening import Pace, body, cursor, listen, since_of
from services.portal.pages.frame import session_cookie
from services.portal.pages.review.filters import read_filters
from services.portal.sessions import SignedIn, find_session
from shared.web.identity import public

PAGE = "/changes"
PACE = "LISTENING"
"""The setting of the app that holds the Pace of its listeners."""
_MOST_ID = 128


def install(app: Flask, own: House) -> None:
    """Add the addresses, and to templates `made_at`: from when on a page asks."""
    app.config[PACE] = Pace()
    app.add_url_rule(PAGE, view_func=changes(own))
    app.add_url_rule(f"{PAGE}/stream", view_func=stream(own))
    app.jinja_env.globals["made_at"] = lambda: cursor(own.clock())


def changes(own: House) -> Callable[[], Response]:
    """The view that tells what changed since `since`, as JSON."""

    @public
    def changes_now() -> Response:
        found = _listener(own)
        if found is None:
            return Response(status=HTTPStatus.UNAUTHORIZED)
        now = own.clock()
        since = since_of(request.args.get("since", ""), now)
        told = changes_since(found.account, since, now, _wanted())
        return Response(body(list(told.items), told), content_type="application/json")

    return changes_now


def stream(own: House) -> Callable[[], Response]:
    """The view that goes on telling; 204 without a place: browsers do not ask again after it."""
    places = threading.BoundedSemaphore(own.portal.listeners)

    @public
    def changes_as_they_come() -> Response:
        if _listener(own) is None:
            return Response(status=HTTPStatus.UNAUTHORIZED)
        if not places.acquire(blocking=False):
            return Response(status=HTTPStatus.NO_CONTENT)
        told = request.headers.get("Last-Event-ID") or request.args.get("since", "")
        since, pace = since_of(told, own.clock()), current_app.config[PACE]
        answer = Response(
            listen(own, session_cookie(), since, pace, _wanted()), content_type="text/event-stream"
        )
        answer.headers["X-Accel-Buffering"] = "no"  # a proxy that kept it back would tell nothing
        answer.call_on_close(places.release)
        return answer

    return changes_as_they_come


def _wanted() -> Wanted:
    """What the page lists that asks."""
    asked = read_filters(request.args)
    score = None if asked.score is None else float(asked.score)
    sides = {side: request.args.get(side, "")[:_MOST_ID] or None for side in ("request", "offer")}
    return Wanted(asked.theme, score, **sides, notes=request.args.get("notes") == "1")


def _listener(own: House) -> SignedIn | None:
    """Who asks; a page that asks by itself does not keep its session alive."""
    found = find_session(own, session_cookie(), own.clock(), used=False)
    return found if found is not None and found.full else None
