"""/allocation/ID/accept: what accepting would mean, then accepting the whole or chosen lines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from services.portal.house import house
from services.portal.pages import asking, refusals
from services.portal.pages.allocation.rows import names_for, pair_row
from services.portal.pages.allocation.showing import page_values
from services.portal.pages.assets import ASSETS
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import for_roles, go, show
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.matches.words import because_said, shortage_said
from services.portal.pages.signing import REFUSED
from services.portal.pages.wording import number
from services.portal.services import AwayError, RefusedError

MOST = 50
DAYS = ("14", "30", "60", "90")
_USUAL = "30"
_AT_ONCE = 200
_PAGES = 25

REFUSALS: Mapping[str, object] = {
    "gone": lazy_gettext("It is proposed no more."),
    "declined": lazy_gettext("Somebody declined or rejected it meanwhile."),
    "decided": lazy_gettext("It was decided on meanwhile."),
    "changed": lazy_gettext("Others changed it at the same time. Try again."),
    "not-enough-left": lazy_gettext("Less is left of the need or the offer than it would take."),
    "alliance": lazy_gettext("The joint project that it is for is no more."),
    "embargo": lazy_gettext("An arms embargo bars it."),
    "not-open": lazy_gettext("The request or the offer is open no more."),
    "not-endorsed": lazy_gettext("It was decided on meanwhile."),
    "not-agreed": lazy_gettext("Donor and State have to agree first."),
    "conditions-changed": lazy_gettext("The offer's conditions changed; the State is asked again."),
    "left": lazy_gettext("There was no time for it. Send it again."),
}
"""Why nothing is held of a proposal, by the matcher's codes."""


@dataclass(frozen=True)
class Outcome:
    """A chosen proposal and what came of it: None where it is held, else why not.

    `detail` is the matcher's own sentence, in English, where no words of ours say it.
    """

    proposal: str
    row: Any
    why: str | None = None
    detail: str | None = None


@for_roles("coordinator")
def preview_accepting(allocation_id: str) -> Response:
    """What would be endorsed and held; nothing is done yet."""
    chosen = _chosen(request.args.getlist("chosen"))
    if not chosen and request.args.get("all") != "1":
        flash(_("Choose at least one commitment, or all."))
        return go(f"/allocation/{allocation_id}")
    return _preview(allocation_id, chosen)


@keeping_typed
@for_roles("coordinator")
def accept_allocation(allocation_id: str) -> Response:
    """Accept the whole, all or none of it; or each of those chosen for itself."""
    whole = request.form.get("all") == "1"
    chosen = [] if whole else _chosen(request.form.getlist("chosen"))
    if not PageForm().validate_on_submit():
        flash(_("This page had been open for too long. Nothing was done: look again."))
        return _preview(allocation_id, chosen, REFUSED)
    days = request.form.get("days")
    left = timedelta(days=int(days if days in DAYS else _USUAL))
    until = (house().clock() + left).isoformat()
    if whole:
        return _accept_whole(allocation_id, until)
    if not chosen:
        flash(_("Choose at least one commitment, or all."))
        return go(f"/allocation/{allocation_id}")
    return _accept_chosen(allocation_id, chosen, until)


def _accept_whole(allocation_id: str, until: str) -> Response:
    here = f"/allocation/{allocation_id}"
    body = {"id": allocation_id, "expires_at": until}
    try:
        found = asking.send("matcher", "/v1/allocation/accept", body).body
    except AwayError:
        flash(_("Whether it was accepted is not known yet: this page shows it when loaded again."))
        return go(here)
    except RefusedError as error:
        if error.code == "refused":
            return _refused(allocation_id, error)
        if error.status != HTTPStatus.CONFLICT:
            raise
        flash(_("What is open has changed since, and nothing was done. This is how it stands now."))
        return go("/allocation")
    if found["status"] == "accepted":
        flash(
            _(
                "Accepted: %(count)s. Donors and States are asked now.",
                count=number(found["commitments"]),
            )
        )
    return go(here)


def _refused(allocation_id: str, error: RefusedError) -> Response:
    """The page of the preview with the one that was refused, and so the whole with it."""
    told = error.problem.get("refused") or {}
    proposal = told.get("proposal")
    said = said_of(told)
    rows = _rows(allocation_id, {proposal}) if proposal else {}
    return show(
        "allocation/refused.html",
        REFUSED,
        wide=True,
        id=allocation_id,
        row=rows.get(proposal),
        proposal=proposal,
        said=said,
        detail=None if said else str(error),
        room_style=ASSETS["allocation.css"].address,
    )


def _accept_chosen(allocation_id: str, chosen: list[str], until: str) -> Response:
    path = f"/v1/allocations/{allocation_id}/accept"
    rows = _rows(allocation_id, set(chosen))
    there = [one for one in chosen if one in rows]
    found: Mapping[str, Any] = {"held": [], "refused": [], "left": []}
    if there:
        body = {"proposals": there, "expires_at": until}
        try:
            found = asking.send("matcher", path, body).body
        except RefusedError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            flash(refusals.refusal(error))
            return _preview(allocation_id, chosen, error.status)
    refused = {one["proposal"]: one for one in found["refused"]}
    outcomes = []
    for one in chosen:
        if one in refused:
            said = said_of(refused[one])
            detail = None if said else refused[one]["detail"]
            outcomes.append(Outcome(one, rows.get(one), said, detail))
        elif one in found["held"]:
            outcomes.append(Outcome(one, rows.get(one)))
        else:
            code = "left" if one in found["left"] else "gone"
            outcomes.append(Outcome(one, rows.get(one), str(REFUSALS[code])))
    return show(
        "allocation/accepted.html",
        wide=True,
        id=allocation_id,
        held=[one for one in outcomes if one.why is None],
        refused=[one for one in outcomes if one.why is not None],
        room_style=ASSETS["allocation.css"].address,
    )


def said_of(refused: Mapping[str, Any]) -> str:
    """Why nothing is held of a proposal, in the reader's words; "" for a code not known here."""
    code = refused.get("code", "")
    known = REFUSALS.get(code) or refusals.WORDS.get(code)
    numbers = shortage_said(refused.get("shortage")) or because_said(refused.get("because"))
    return numbers or ("" if known is None else str(known))


def _preview(allocation_id: str, chosen: list[str], status: int = 200) -> Response:
    one = asking.get("matcher", f"/v1/allocations/{allocation_id}").body
    rows = _rows(allocation_id, set(chosen)) if chosen else {}
    values = page_values(one)
    if chosen:
        values |= {"pairs": list(rows.values())}
    return show(
        "allocation/preview.html",
        status,
        **{"wide": True, **values},
        whole=not chosen,
        gone=len(chosen) - len(rows) if chosen else 0,
        conditional=sum(bool(pair.conditions) for pair in values["pairs"]),
        days=DAYS,
        usual=_USUAL,
        bare=PageForm(),
    )


def _rows(allocation_id: str, chosen: set[str | None]) -> dict[str | None, Any]:
    """The rows of the chosen proposals that the allocation has, in its order."""
    found = [one for one in _every(allocation_id, chosen) if one["proposal"] in chosen]
    names = names_for(found)
    return {one["proposal"]: pair_row(one, names) for one in found}


def _every(allocation_id: str, chosen: set[str | None]) -> Iterator[Mapping[str, Any]]:
    """The commitments of an allocation, until all that are chosen were seen."""
    path, cursor, left = f"/v1/allocations/{allocation_id}/commitments", None, set(chosen)
    for _page in range(_PAGES):
        body = asking.get("matcher", path, cursor=cursor, limit=_AT_ONCE).body
        yield from body["items"]
        left -= {one["proposal"] for one in body["items"]}
        cursor = body["next"]
        if cursor is None or not left:
            return


def _chosen(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))[:MOST]
