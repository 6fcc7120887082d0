"""/allocation: which commitments would meet most need, what each donor would be asked for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from services.portal.pages import asking
from services.portal.pages.allocation.rows import (
    MOST_BARS,
    Names,
    donor_rows,
    names_for,
    pair_row,
    unmet_row,
)
from services.portal.pages.asked import cursor_of
from services.portal.pages.assets import ASSETS
from services.portal.pages.being_found import show_being_found
from services.portal.pages.frame import account, for_roles, show
from services.portal.services import AwayError

READERS = ("coordinator", "auditor")
_A_PAGE = 50
_AGAIN_SECONDS = 20
"""When to ask again for what is still being found."""


@for_roles(*READERS)
def allocation() -> Response:
    """The best allocation of all that is open now."""
    if account().regions:
        return show("allocation/regional.html")
    try:
        return show_one(asking.get("matcher", "/v1/allocation").body)
    except AwayError as error:
        if not error.being_found:
            raise
        words = _(
            "With so many needs and offers open, the best allocation takes some minutes to "
            "calculate. That goes on whether this page is open or not: load it again in a moment."
        )
        return show_being_found(_("Allocation"), words, "/allocation", _AGAIN_SECONDS)


@for_roles(*READERS)
def kept_allocation(allocation_id: str) -> Response:
    """An allocation as it was found, and how far its acceptance is."""
    return show_one(asking.get("matcher", f"/v1/allocations/{allocation_id}").body)


@for_roles(*READERS)
def allocated(allocation_id: str) -> Response:
    """All commitments that an allocation proposes, page by page."""
    path = f"/v1/allocations/{allocation_id}/commitments"
    cursor = cursor_of(request.args)
    found = asking.get("matcher", path, cursor=cursor, limit=_A_PAGE).body
    names = names_for(found["items"])
    return show(
        "allocation/commitments.html",
        wide=True,
        id=allocation_id,
        pairs=[pair_row(one, names) for one in found["items"]],
        next=found["next"],
        may_accept=account().role == "coordinator",
        room_style=ASSETS["allocation.css"].address,
    )


@for_roles(*READERS)
def unmet_needs(allocation_id: str) -> Response:
    """All needs that an allocation leaves open, and why, page by page."""
    path = f"/v1/allocations/{allocation_id}/unmet"
    cursor = cursor_of(request.args)
    found = asking.get("matcher", path, cursor=cursor, limit=_A_PAGE).body
    names = names_for(unmet=found["items"])
    return show(
        "allocation/unmet.html",
        wide=True,
        id=allocation_id,
        unmet=[unmet_row(one, names) for one in found["items"]],
        next=found["next"],
        room_style=ASSETS["allocation.css"].address,
    )


def show_one(one: Mapping[str, Any]) -> Response:
    """The page of an allocation."""
    return show("allocation/one.html", wide=True, **page_values(one))


def page_values(one: Mapping[str, Any]) -> dict[str, Any]:
    """What the page of an allocation shows, and the page of its acceptance too."""
    pairs, unmet = one["first_commitments"], one["first_unmet"]
    names: Names = names_for(pairs, unmet, [donor["organisation"] for donor in one["donors"]])
    donors = donor_rows(one["donors"], names)
    return {
        "one": one,
        "pairs": [pair_row(pair, names) for pair in pairs],
        "unmet": [unmet_row(need, names) for need in unmet],
        "donors": donors[:MOST_BARS],
        "more_donors": donors[MOST_BARS:],
        "left_out": [str(id_) for id_ in one["without"]],
        "may_accept": account().role == "coordinator" and one["status"] == "computed",
        "computed_at": datetime.fromisoformat(one["computed_at"]),
        "whole_at": None if one["whole_at"] is None else datetime.fromisoformat(one["whole_at"]),
        "room_style": ASSETS["allocation.css"].address,
    }
