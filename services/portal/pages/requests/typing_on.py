"""A draft is kept while somebody types in it. The page asks for that by itself, and is told what
became of it; nothing that somebody else kept meanwhile is ever replaced so."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify, render_template, request
from flask_wtf.csrf import generate_csrf
from werkzeug.datastructures import MultiDict

from entraide.client import Answer
from services.portal.house import house
from services.portal.pages.asking import get, send
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import account
from services.portal.pages.recording import (
    MAYBE,
    MaybeRecordedError,
    record,
    remember,
    standing_now,
)
from services.portal.pages.refusals import refusal
from services.portal.pages.requests.bodies import body_of
from services.portal.pages.requests.faults import faults_in_words
from services.portal.pages.requests.lists import PAGE
from services.portal.pages.requests.parts import PARTS, Sheet, stored_sheet, typed_sheet
from services.portal.pages.requests.rights import may_change
from services.portal.services import AwayError, RefusedError
from services.portal.unfinished import Held, Place, find, forget, hold

REGISTER = "/v1/requests"
"""Where drafts are made."""
ACTION = "keep"
"""What the page sends as the form's button."""
_NEW = "new"


def put_request(request_id: str, body: object, etag: str) -> Answer:
    """Replace a request that was seen in this version."""
    return send("requests", f"/v1/requests/{request_id}", body, method="PUT", if_match=etag)


def place_of(part: str, view: Mapping[str, Any] | None) -> Place:
    """Where a part of this request is held while it is unfinished; of a new one without any."""
    return Place(account().id, view["id"] if view else _NEW, part)


def held_of(part: str, view: Mapping[str, Any] | None) -> Held | None:
    """What the reader has typed of a part of a draft and is not in the register yet."""
    return find(house(), place_of(part, view)) if is_kept(view) else None


def is_kept(view: Mapping[str, Any] | None) -> bool:
    """Whether a request is kept as it is typed: others see what is no draft any more."""
    return view is None or bool(view["status"] == "draft")


def unseen(part: str, view: Mapping[str, Any] | None) -> Held | None:
    """What is held of a part and was not when the form was opened, or last kept."""
    held = held_of(part, view)
    return None if held is None or held.version == seen() else held


def seen() -> str:
    """The version of what is held that the form shows; empty for none."""
    return request.form.get("held", "")


def base_of(part: str, view: Mapping[str, Any] | None) -> str:
    """What tells whether the register has something else of a part than it had."""
    stored = stored_sheet(PARTS[part], view).members(view) if view else {}
    return hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()


def drop_held(part: str, view: Mapping[str, Any] | None) -> None:
    """Hold a part no longer that is in the register now, or given up, as its form shows it."""
    forget(place_of(part, view), seen())


def hold_unfinished(part: str, view: Mapping[str, Any] | None, sheet: Sheet) -> str | None:
    """Hold a part that the register cannot take yet; its version, None where another is held.

    Of a new request of which nothing is written nothing is held.
    """
    if view is None and not any(sheet.form[name].data for name in ("title", "description")):
        drop_held(part, view)
        return ""
    return hold(house(), place_of(part, view), sheet.typed(), base_of(part, view), seen())


def keep_new(sheet: Sheet, country: str | None) -> Response:
    """Make the draft, once its first part is whole; change it where it was made before and this
    page was not told."""
    if not PageForm().validate():
        return _told("signed-out")
    if not sheet.validate():
        return _held("need", None, sheet)
    body = {"country": country, **sheet.members({})}
    try:
        found = record("requests", REGISTER, body, request.form.get("key"))
        if found.made and found.same:
            answer = _saved(found.made, sheet)
        else:
            stored = standing_now(found, may_change)
            answer = keep_part("need", stored, sheet, request.form.get("etag") or found.seen)
    except AwayError:
        return _told("away")
    except MaybeRecordedError:
        sheet.form.fail(MAYBE)
        return _held("need", None, sheet)
    except RefusedError as error:
        return (
            _held("need", None, blamed(sheet, error)) if _is_blame(error) else _told("unfinished")
        )
    told = answer.get_json()
    if told["state"] == "saved":
        drop_held("need", None)
        remember(found, body, told["etag"])
    return answer


def keep_part(part: str, stored: Answer, sheet: Sheet, version: str | None) -> Response:
    """Keep a part of a draft as it is typed so far, unless somebody kept something else than the
    version that was seen."""
    view = stored.body
    if not PageForm().validate():
        return _told("signed-out")
    if not is_kept(view):
        return _told("unfinished")
    whole = sheet.validate()
    body = {**body_of(view), **sheet.members(view)} if whole else {}
    # A language that nobody chose is the one that the text was found to be in.
    if whole and {**body, "language": body["language"] or view["language"]} == body_of(view):
        drop_held(part, view)
        return _saved(stored, sheet)
    if version != stored.etag:
        return _both(differences(sheet, stored))
    if not whole:
        return _held(part, view, sheet)
    if other := unseen(part, view):
        return _both(sheet.differences(held_sheet(part, other)))
    try:
        kept = put_request(view["id"], body, stored.etag)
    except AwayError:
        return _told("away")
    except RefusedError as error:
        if not error.stale:
            return (
                _held(part, view, blamed(sheet, error)) if _is_blame(error) else _told("unfinished")
            )
        return _both(differences(sheet, get("requests", f"/v1/requests/{view['id']}")))
    drop_held(part, view)
    return _saved(kept, sheet)


def _is_blame(error: RefusedError) -> bool:
    """Whether what is typed was refused, and not whoever types it, or everything just now."""
    return error.status in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT)


def blamed(sheet: Sheet, error: RefusedError) -> Sheet:
    """The sheet with what a service found wrong."""
    sheet.blame(faults_in_words(error) or [("", refusal(error))])
    return sheet


def held_sheet(part: str, held: Held) -> Sheet:
    """A part as it was typed before, with what is still wrong with it."""
    typed = MultiDict([*held.typed, ("csrf_token", generate_csrf())])
    sheet = typed_sheet(PARTS[part], typed)
    sheet.validate()
    return sheet


def differences(sheet: Sheet, stored: Answer) -> list[tuple[str, str]]:
    """What is kept where it is something else than what was typed: labels and words."""
    return list(sheet.differences(stored_sheet(sheet.part, stored.body)))


def _both(differs: Iterable[tuple[str, str]]) -> Response:
    return _told("stale", shown=render_template("requests/stale.html", differs=list(differs)))


def _held(part: str, view: Mapping[str, Any] | None, sheet: Sheet) -> Response:
    """With what is still to be put right before it is part of the request: the fields, or where it
    is none of them, why."""
    version = hold_unfinished(part, view, sheet)
    if version is None:
        other = held_of(part, view)
        return _both(sheet.differences(held_sheet(part, other)) if other else [])
    state = "held" if version else "unfinished"
    lacking = sheet.lacking() or [message for _id, message in sheet.problems()]
    return _told(state, held=version, lacking=" · ".join(lacking))


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
