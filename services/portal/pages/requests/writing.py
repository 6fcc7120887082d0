"""Writing a request, part by part. Each part is kept in the register as soon as it is sent, from
the first one on, so that it can be gone on with anywhere and by whoever acts for the State."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from entraide.client import Answer
from services.portal.pages.asking import get, get_one
from services.portal.pages.forms import EXPIRED, PageForm
from services.portal.pages.frame import account, for_roles, go, show
from services.portal.pages.keeping import give_back, keeping_typed
from services.portal.pages.recording import (
    BEFORE,
    MAYBE,
    Form,
    make,
)
from services.portal.pages.refusals import WORDS
from services.portal.pages.requests import typing_on
from services.portal.pages.requests.bodies import body_of, line_fields
from services.portal.pages.requests.hints import Hints, stored_hints
from services.portal.pages.requests.lists import PAGE
from services.portal.pages.requests.parts import (
    PARTS,
    Sheet,
    made_rows,
    stored_sheet,
    typed_sheet,
)
from services.portal.pages.requests.record import suggested_lines
from services.portal.pages.requests.rights import is_own, may_change, steps_for
from services.portal.pages.requests.rows import line_rows
from services.portal.services import AwayError, RefusedError
from services.portal.unfinished import Held
from shared.ids import new_id
from shared.web.problems import forbidden, not_found

_EDIT = f"{PAGE}/<string:request_id>/edit"
CHECK = "check"
_DISCARD = "discard"
_ORDER = (*PARTS, CHECK)
_NAMES = {
    "need": _l("What is needed"),
    "lines": _l("Line by line"),
    "plan": _l("When and to what end"),
    "papers": _l("Evidence and who sees it"),
    CHECK: _l("Check and submit"),
}
_KEPT = _l("The draft is kept. Only your State sees it.")
_REFUSED = HTTPStatus.UNPROCESSABLE_ENTITY


def install(app: Flask) -> None:
    """Add the pages."""
    both = ["GET", "POST"]
    app.add_url_rule(f"{PAGE}/new", view_func=new_request, methods=both)
    app.add_url_rule(_EDIT, view_func=edit_request)
    app.add_url_rule(f"{_EDIT}/<string:part>", view_func=edit_request_part, methods=both)


@keeping_typed
@for_roles("requester")
def new_request() -> Response:
    """The first part; once it is sent, there is a draft."""
    part = PARTS["need"]
    if request.method == "GET":
        return _opened("need", None)
    sheet = typed_sheet(part, request.form)
    if request.form.get("go") == typing_on.ACTION:
        return typing_on.keep_new(sheet, account().state)
    if not PageForm().validate():
        sheet.form.fail(EXPIRED)
        return _page("need", None, sheet, status=_REFUSED, etag=_seen())
    if request.form.get("go") == _DISCARD:
        typing_on.drop_held("need", None)
        return go(f"{PAGE}/new")
    if not sheet.validate():
        return _unfinished("need", None, sheet)
    body = {"country": account().state, **sheet.members({})}
    key = request.form.get("key")
    try:
        return make(_making(sheet), "requests", typing_on.REGISTER, body, key, _seen())
    except AwayError:
        return _away("need", sheet)


def _making(sheet: Sheet) -> Form:
    def save(stored: Answer, seen: str) -> Response:
        answer = _keep("need", stored, sheet, request.form.get("go", "next"), seen)
        if answer.status_code == HTTPStatus.SEE_OTHER:
            typing_on.drop_held("need", None)
            flash(_KEPT)
        return answer

    def ask(stored: Answer) -> Response:
        sheet.form.fail(BEFORE)
        return _page("need", stored, sheet, status=HTTPStatus.PRECONDITION_FAILED, stale=True)

    def maybe() -> Response:
        sheet.form.fail(MAYBE)
        return _page("need", None, sheet, status=HTTPStatus.CONFLICT, anew=True)

    def refused(error: RefusedError) -> Response:
        return _page("need", None, _blamed(sheet, error), status=error.status)

    def kept(request_id: str) -> Response:
        typing_on.drop_held("need", None)
        flash(_KEPT)
        return go(f"{PAGE}/{request_id}/edit/lines")

    return Form(
        may_change=may_change,
        says=lambda _stored: False,
        save=save,
        ask=ask,
        maybe=maybe,
        refused=refused,
        kept=kept,
    )


@for_roles("requester")
def edit_request(request_id: str) -> Response:
    """The first part of a request that is there."""
    return go(f"{PAGE}/{request_id}/edit/need")


@keeping_typed
@for_roles("requester")
def edit_request_part(request_id: str, part: str) -> Response:
    """A part of a request; what is sent is kept, then comes the next part."""
    if part not in _ORDER or (part == CHECK and request.method == "POST"):
        raise not_found("part")
    try:
        stored = get_one("requests", "/v1/requests", request_id)
    except AwayError:
        if request.method == "GET":
            raise
        return _away(part, typed_sheet(PARTS[part], request.form), request_id)
    if not may_change(account(), stored.body):
        if request.method == "POST" and is_own(account(), stored.body):
            return give_back(str(WORDS["finished"]), HTTPStatus.FORBIDDEN)
        raise forbidden("This request is not yours to change, or it is over.")
    if part == CHECK:
        return _check(stored)
    if request.method == "GET":
        return _opened(part, stored)
    action, _dash, number = request.form.get("go", "next").partition("-")
    place = int(number) if number.isascii() and number.isdigit() else None
    sheet = typed_sheet(PARTS[part], request.form, place if action == "remove" else None)
    if action == typing_on.ACTION:
        return typing_on.keep_part(part, stored, sheet, _seen())
    if not PageForm().validate():
        sheet.form.fail(EXPIRED)
        return _page(part, stored, sheet, status=_REFUSED, etag=_seen())
    if action == _DISCARD:
        typing_on.drop_held(part, stored.body)
        return go(f"{PAGE}/{request_id}/edit/{part}")
    if action in ("add", "remove", "take"):
        return _with_rows(part, stored, sheet, action, place)
    return _keep(part, stored, sheet, action, _seen() or stored.etag)


def _keep(part: str, stored: Answer, sheet: Sheet, action: str, seen: str) -> Response:
    """Keep a part and go on; or show it again with what is wrong, or what stands there now.

    `seen` is the version that it may replace.
    """
    view = stored.body
    if not sheet.validate():
        return _unfinished(part, stored, sheet)
    if other := typing_on.unseen(part, view):
        status = HTTPStatus.PRECONDITION_FAILED
        return _page(part, stored, sheet, status=status, other=other, etag=_seen())
    body = {**body_of(view), **sheet.members(view)}
    if body != body_of(view):
        if seen != stored.etag:
            return _page(part, stored, sheet, status=HTTPStatus.PRECONDITION_FAILED, stale=True)
        try:
            typing_on.put_request(view["id"], body, seen)
        except AwayError:
            return _away(part, sheet, view["id"])
        except RefusedError as error:
            if error.stale:
                now = get("requests", f"/v1/requests/{view['id']}")
                return _page(part, now, sheet, status=error.status, stale=True)
            return _page(part, stored, _blamed(sheet, error), status=error.status)
    typing_on.drop_held(part, view)
    if action == "out":
        flash(_("All is kept. You can go on whenever you like."))
        return go(f"{PAGE}/{view['id']}")
    return go(f"{PAGE}/{view['id']}/edit/{_ORDER[_ORDER.index(part) + 1]}")


def _with_rows(part: str, stored: Answer, sheet: Sheet, action: str, place: int | None) -> Response:
    """The page with a row more or less; what can be kept of it is kept at once."""
    kept, held = _kept_early(part, stored, sheet), None
    stored = kept or stored
    if kept is not None:  # new rows have their numbers now
        sheet = stored_sheet(sheet.part, kept.body)
    rows: list[Mapping[str, Any]] = [row.data for row in sheet.written()]
    if action == "add":
        rows.append({})
    if action == "take":
        found = [line for line in suggested_lines(stored.body) if line["line"] is None]
        rows.extend(line_fields(line) for line in found if line["index"] == place)
    sheet.rows = made_rows(sheet.part, rows)
    if kept is None:
        held = _held(part, stored, sheet)
    return _page(part, stored, sheet, etag=None if kept else _seen(), held=held)


def _opened(part: str, stored: Answer | None) -> Response:
    """A part as it is kept; as it was typed where that is not whole, and as it is kept beside it if
    that has changed since."""
    view = stored.body if stored else None
    held = typing_on.held_of(part, view)
    if held is None:
        return _page(part, stored, stored_sheet(PARTS[part], view) if view else _blank(part))
    stale = stored is not None and held.base != typing_on.base_of(part, view)
    sheet = typing_on.held_sheet(part, held)
    return _page(part, stored, sheet, stale=stale, held=held.version, since=held.changed_at)


def _seen() -> str | None:
    """The version that whoever sent the page had seen: what came since is not theirs to replace."""
    return request.form.get("etag")


def _blank(part: str) -> Sheet:
    return Sheet(PARTS[part], PARTS[part].form(None))


def _unfinished(part: str, stored: Answer | None, sheet: Sheet) -> Response:
    """A part with what is wrong with it, held as it is typed for who goes on elsewhere."""
    held = _held(part, stored, sheet)
    other = None if held else typing_on.unseen(part, stored.body if stored else None)
    return _page(part, stored, sheet, status=_REFUSED, other=other, held=held, etag=_seen())


def _held(part: str, stored: Answer | None, sheet: Sheet) -> str | None:
    """Hold a part of a draft that is not whole, on what was seen of the draft; its version."""
    view = stored.body if stored else None
    seen = stored is None or request.form.get("etag") == stored.etag
    kept = seen and typing_on.is_kept(view)
    return typing_on.hold_unfinished(part, view, sheet) if kept else None


def _away(part: str, sheet: Sheet, known: str | None = None) -> Response:
    """The page with what was typed, while the register cannot be reached; it is sent again.

    `known` is the request's id. With it and the version, the page saves on where it stands.
    """
    sheet.form.fail(_("The register cannot be reached just now. Nothing is lost: send it again."))
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return _page(part, None, sheet, status=status, etag=_seen(), known=known)


def _kept_early(part: str, stored: Answer, sheet: Sheet) -> Answer | None:
    """The request with what is typed so far; None where that cannot be kept as it is."""
    view, seen = stored.body, request.form.get("etag")
    if not typing_on.is_kept(view) or seen != stored.etag or not sheet.validate():
        return None
    if typing_on.unseen(part, view):
        return None
    body = {**body_of(view), **sheet.members(view)}
    try:
        changed = body != body_of(view)
        kept = typing_on.put_request(view["id"], body, stored.etag) if changed else stored
    except (AwayError, RefusedError):
        return None
    typing_on.drop_held(part, view)
    return kept


def _blamed(sheet: Sheet, error: RefusedError) -> Sheet:
    """The sheet with what a service found wrong; other refusals are the page's own problem."""
    if error.status not in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT):
        raise error
    return typing_on.blamed(sheet, error)


def _page(
    part: str,
    stored: Answer | None,
    sheet: Sheet,
    *,
    status: int = HTTPStatus.OK,
    stale: bool = False,
    etag: str | None = None,
    other: Held | None = None,
    held: str | None = None,
    since: datetime | None = None,
    known: str | None = None,
    anew: bool = False,
) -> Response:
    """`other` is what another device holds of the part; `held` the version that is held of what
    the page shows, `since` when it was typed, where the page takes that up again. `known` is the id
    of a request that cannot be read. `anew` tells that what is sent next makes another draft.
    """
    view = stored.body if stored else None
    known = view["id"] if view else known
    differs = typing_on.differences(sheet, stored) if stored and stale else []
    if other:
        differs = list(sheet.differences(typing_on.held_sheet(part, other)))
    return show(
        "requests/write.html",
        status,
        part=part,
        parts=_steps(part, known),
        name=_NAMES[part],
        known=known,
        anew=anew,
        it=view,
        form=sheet.form,
        sheet=sheet,
        rows=sheet.rows,
        differs=differs,
        keeps=typing_on.is_kept(view),
        stale=stale or other is not None,
        held=other.version if other else typing_on.seen() if held is None else held,
        since=since,
        etag=etag or (stored.etag if stored else ""),
        key=new_id() if anew else request.form.get("key") or new_id(),
        hints=_not_taken(stored_hints(part, view), sheet),
    )


def _steps(here: str, known: str | None) -> list[tuple[str, str, bool]]:
    """The parts with their addresses, which a request that is not kept yet has none of."""
    place = "" if known is None else f"{PAGE}/{known}/edit"
    return [(str(_NAMES[one]), f"{place}/{one}" if place else "", one == here) for one in _ORDER]


def _not_taken(hints: Hints, sheet: Sheet) -> Hints:
    """The hints without lines of which the form has one already."""
    taken = {(row.data.get("theme"), row.data.get("kind")) for row in sheet.rows}
    left = [line for line in hints["suggested"] if (line["theme"], line["kind"]) not in taken]
    return {**hints, "suggested": left}


def _check(stored: Answer) -> Response:
    view = stored.body
    parts = _steps(CHECK, view["id"])
    return show(
        "requests/check.html",
        part=CHECK,
        parts=parts,
        it=view,
        lines=line_rows(view["needs"]),
        unfinished=[
            (name, address)
            for one, (name, address, _here) in zip(_ORDER, parts, strict=True)
            if one in PARTS and typing_on.held_of(one, view)
        ],
        hints=stored_hints(CHECK, view),
        may_submit="submit" in steps_for(account(), view),
        etag=stored.etag,
        key=new_id(),
        bare=PageForm(),
        own=True,
        tried=None,
    )
