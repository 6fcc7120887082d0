"""One offer: what it says, what is used of it, what fits it, and what its reader may do now."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import HiddenField

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.pages.asked import cursor_of
from services.portal.pages.asking import ask, gather, get_one, send
from services.portal.pages.files import download
from services.portal.pages.finding import find, names_of
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import account, for_signed_in, go, show
from services.portal.pages.offers.parties import may_change, owns, steps_for
from services.portal.pages.offers.rows import line_row, size_of
from services.portal.pages.refusals import faults
from services.portal.pages.wording import amount, status
from services.portal.services import Ask, AwayError, RefusedError
from shared.ids import new_id
from shared.lifecycle import OFFER
from shared.web.problems import not_found

PAGE = "/offers/<string:offer_id>"
CHANGED = lazy_gettext("This was changed meanwhile, and nothing was done. See how it stands now.")
DONE = {
    "submit": lazy_gettext("The offer was submitted. Coordinators see it now."),
    "publish": lazy_gettext("The offer was published. Requests are matched with it now."),
    "close": lazy_gettext("The offer was closed."),
    "withdraw": lazy_gettext("The offer was withdrawn."),
}
STEPS = {
    "submit": (
        lazy_gettext("Submit"),
        lazy_gettext("From then on coordinators see it."),
    ),
    "publish": (
        lazy_gettext("Publish"),
        lazy_gettext("From then on all see it, and requests are matched with it."),
    ),
    "close": (
        lazy_gettext("Close"),
        lazy_gettext("It is used up, or no longer there. This cannot be undone."),
    ),
    "withdraw": (
        lazy_gettext("Withdraw"),
        lazy_gettext("It is taken back for good. This cannot be undone."),
    ),
}
_MATCHES_SHOWN = 20
_NOT_YET_SEEN = {OFFER.initial, "submitted"}
"""Where likely duplicates are still the donor's to mend; later coordinators find them."""
_SEEN_BY = {"coordinator", "auditor", "requester"}
"""Who sees what fits an offer beside its donor: a State as far as its own requests go."""


class SeenForm(PageForm):
    """A step decided on a version of a record; `key` makes sending it twice harmless."""

    version = HiddenField()
    key = HiddenField()


def install(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule(PAGE, view_func=show_offer)
    app.add_url_rule(f"{PAGE}/step/<string:step>", view_func=offer_step, methods=["POST"])
    app.add_url_rule(f"{PAGE}/lines", view_func=confirm_offer_lines, methods=["POST"])
    app.add_url_rule(f"{PAGE}/files/<string:file_id>", view_func=offer_file)


def seen_form(etag: str) -> SeenForm:
    """A form for a step on the version that is shown."""
    return SeenForm(formdata=None, data={"version": etag, "key": new_id()})


def address_of(offer_id: str) -> str:
    """The page of an offer."""
    return f"/offers/{offer_id}"


@for_signed_in()
def show_offer(offer_id: str) -> Response:
    """All that the reader may see of an offer."""
    answer = get_one("offers", "/v1/offers", offer_id)
    return _show(answer)


@for_signed_in()
def offer_step(offer_id: str, step: str) -> Response:
    """A step of the offer's life, on the version that was seen."""
    if step not in DONE:
        raise not_found("step")
    _write(offer_id, step, {}, DONE[step])
    return go(address_of(offer_id))


@for_signed_in()
def confirm_offer_lines(offer_id: str) -> Response:
    """Lines that the text seems to describe, made lines of the offer."""
    chosen = [int(one) for one in request.form.getlist("index") if one.isdecimal() and len(one) < 4]
    if not chosen:
        flash(_("Choose at least one line."))
    else:
        body = {"lines": [{"index": index} for index in dict.fromkeys(chosen)]}
        _write(offer_id, "confirm-lines", body, _("The lines were added. Check what they say."))
    return go(address_of(offer_id))


@for_signed_in()
def offer_file(offer_id: str, file_id: str) -> Response:
    """A file of the offer, passed on as it comes."""
    return download("offers", f"/v1/offers/{offer_id}/attachments/{file_id}/file")


def _write(offer_id: str, action: str, body: Mapping[str, Any], done: object) -> None:
    form = SeenForm()
    if not form.validate_on_submit():
        flash(_("This page had been open for too long. Nothing was done: send it again."))
        return
    try:
        send(
            "offers",
            f"/v1/offers/{offer_id}/{action}",
            body,
            if_match=form.version.data or None,
            key=form.key.data or None,
        )
    except RefusedError as error:
        if error.status not in {
            HTTPStatus.CONFLICT,
            HTTPStatus.PRECONDITION_FAILED,
            HTTPStatus.PRECONDITION_REQUIRED,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        }:
            raise
        found = faults(error)
        flash(found[0][1] if found else str(CHANGED))
    else:
        flash(str(done))


def _show(answer: Answer) -> Response:
    found, own = answer.body, account()
    asked = _asked(found, own)
    parts = gather(**asked)
    proposals = _items(parts.get("proposals"))
    wanted = find(request_titles=[one["request"] for one in proposals])["request_titles"]
    names = names_of([found["organisation"]])
    return show(
        "offers/offer.html",
        wide=True,
        offer=found,
        donor=names[found["organisation"]],
        own=owns(own, found),
        may_join=own.role == "donor" and found["status"] == "published" and not owns(own, found),
        rows=[line_row(line) for line in found["provisions"]],
        ceiling=_money(found["ceiling"]),
        history=[(one, status(one["target"])) for one in found["history"]],
        inferred=_inferred(found) if may_change(own, found) else [],
        may_change=may_change(own, found),
        steps=[(step, *STEPS[step]) for step in steps_for(own, found)],
        form=seen_form(answer.etag),
        asked=asked,
        away={name for name, part in parts.items() if isinstance(part, AwayError)},
        proposals=[(one, wanted.get(one["request"])) for one in proposals],
        next=_next(parts.get("proposals")),
        similar=_items(parts.get("similar")),
        files=_items(parts.get("files")),
        call=None if not isinstance(parts.get("call"), Answer) else parts["call"].body,  # type: ignore[union-attr]
    )


def _asked(found: Mapping[str, Any], own: Account) -> dict[str, Ask]:
    at = f"/v1/offers/{found['id']}"
    asked = {"files": ask("offers", f"{at}/attachments")}
    if (owns(own, found) or own.role in _SEEN_BY) and found["status"] in {"published", "closed"}:
        page = {"limit": _MATCHES_SHOWN, "cursor": cursor_of(request.args)}
        asked["proposals"] = ask("matcher", "/v1/proposals", offer=found["id"], **page)
    if owns(own, found) and found["status"] in _NOT_YET_SEEN:
        asked["similar"] = ask("offers", f"{at}/similar")
    if found["call"]:
        asked["call"] = ask("offers", f"/v1/calls/{found['call']}")
    return asked


def _items(part: Answer | AwayError | None) -> list[Mapping[str, Any]]:
    return list(part.body["items"]) if isinstance(part, Answer) else []


def _next(part: Answer | AwayError | None) -> str | None:
    return part.body["next"] if isinstance(part, Answer) else None


def _inferred(found: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], str]]:
    lines = (found.get("inferred") or {}).get("lines", [])
    return [(line, size_of(line)) for line in lines if line["line"] is None]


def _money(ceiling: Mapping[str, Any] | None) -> str:
    return "" if not ceiling else amount(ceiling["amount"], ceiling["currency"])
