"""/proposals/ID: both sides of a proposal next to each other, and the decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from entraide.client import Answer
from services.portal import deciding
from services.portal.decision_documents import PendingDecision
from services.portal.house import house
from services.portal.pages import asking
from services.portal.pages.asking import ask
from services.portal.pages.assets import ASSETS
from services.portal.pages.finding import find
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import account, for_roles, go, show
from services.portal.pages.keeping import give_back, keeping_typed
from services.portal.pages.refusals import WORDS
from services.portal.pages.review.decisions import (
    ELSEWHERE,
    UNREAD,
    WAITS,
    DecideForm,
    back_to,
    country_of,
    keep,
    may_decide,
    unread,
)
from services.portal.pages.review.marking import marked, spans_of
from services.portal.pages.review.weighing import Use, serves_none, uses
from services.portal.pages.signing import REFUSED
from services.portal.pages.wording import amount, number, quantity, share
from services.portal.promised import committed_of, lines_of, may_serve
from services.portal.services import AwayError
from shared.ids import new_id

OPEN = frozenset({"proposed", "superseded"})
"""The states in which a proposal is decided on here; later ones have a page of their own."""

_RIVALS = 200
"""More than a request's list has, so that none of it passes for there being no other."""
_FIELDS = ("title", "description")
_CHANGED = lazy_gettext(
    "The proposal changed while you read it. See what stands now, then decide again."
)


@dataclass(frozen=True)
class Side:
    """One side of the proposal; None for a text whose service is away.

    `texts` are its marked texts by field. They are `current` where the explanation was made of this
    very version: only then are they marked.
    """

    record: Mapping[str, Any]
    texts: Mapping[str, Any]
    current: bool
    uses: Sequence[Use]


@for_roles("coordinator")
def show_proposal(proposal_id: str) -> Response:
    """The proposal, and the form to decide on it."""
    form = DecideForm(formdata=None, back=request.args.get("back"), key=new_id())
    return _shown(proposal_id, asking.get_one("matcher", "/v1/proposals", proposal_id), form)


@keeping_typed
@for_roles("coordinator")
def decide_proposal(proposal_id: str) -> Response:
    """Endorse or reject what was seen. It is kept even while the matcher is away.

    What cannot be read now is not endorsed. Where a colleague's decision waits, nothing is kept,
    and the reason is given back to who wrote it.
    """
    form = DecideForm()
    complete = form.validate_on_submit()
    try:
        found = asking.get_one("matcher", "/v1/proposals", proposal_id)
    except AwayError:
        if not complete or _is_unread(proposal_id, form):
            raise
        if not may_decide(country_of(form.country.data)):
            return give_back(str(ELSEWHERE), HTTPStatus.FORBIDDEN)
        if not keep(form.wanted(proposal_id)):
            return give_back(str(WAITS), HTTPStatus.CONFLICT)
    else:
        if not may_decide(found.body["country"]):
            form.fail(ELSEWHERE)
            return _shown(proposal_id, found, form, HTTPStatus.FORBIDDEN)
        if not complete:
            return _shown(proposal_id, found, form, REFUSED)
        if found.etag != form.version.data and _is_repeat(found, form):
            flash(_("It took effect."))
            return go(back_to(form.back.data))
        if found.etag != form.version.data:
            is_open = found.body["status"] in OPEN
            form.fail(_CHANGED if is_open else WORDS["illegal-transition"])
            return _shown(proposal_id, found, form, HTTPStatus.PRECONDITION_FAILED)
        if _is_unread(proposal_id, form):
            form.fail(UNREAD)
            return _shown(proposal_id, found, form, HTTPStatus.SERVICE_UNAVAILABLE)
        if not keep(form.wanted(proposal_id)):
            form.fail(WAITS)
            return _shown(proposal_id, found, form, HTTPStatus.CONFLICT)
    return go(back_to(form.back.data))


def _is_unread(proposal_id: str, form: DecideForm) -> bool:
    """Whether it is to be endorsed while a side of it cannot be read."""
    return form.decision.data == "endorse" and bool(unread([proposal_id]))


def _is_repeat(found: Answer, form: DecideForm) -> bool:
    """Whether this very decision was carried out already: the form was sent twice."""
    taken = {"endorse": "endorsed", "reject": "rejected"}[form.decision.data]
    return bool(found.body["status"] == taken and found.body["reason"] == form.said())


def _shown(
    proposal_id: str, found: Answer, form: DecideForm, status: int = HTTPStatus.OK
) -> Response:
    one = found.body
    parts = asking.gather(
        request=ask("requests", f"/v1/requests/{one['request']}"),
        offer=ask("offers", f"/v1/offers/{one['offer']}"),
        organisation=ask("offers", "/v1/organisations", id=[one["organisation"]]),
        rivals=ask("matcher", "/v1/proposals", request=one["request"], limit=_RIVALS),
    )
    sides = {side: _side(one, parts[side], side) for side in ("request", "offer")}
    asked = sides["request"]
    form.version.data, form.country.data = found.etag, one["country"]
    form.back.data = back_to(form.back.data)
    pending = deciding.waiting_for([proposal_id]).get(proposal_id)
    return show(
        "review/proposal.html",
        status,
        wide=True,
        one=one,
        form=form,
        sides=sides,
        committed=bool(committed_of(one, "offer")),
        serves_none=serves_none(one["serves"], None if asked is None else asked.record["needs"]),
        organisation=_name(parts["organisation"]),
        rivals=_rivals(one, parts["rivals"]),
        pending=pending,
        decider=_decider(pending),
        own=account().id,
        now=house().clock(),
        is_open=one["status"] in OPEN,
        unreadable=UNREAD if None in sides.values() else None,
        elsewhere=None if may_decide(one["country"]) else ELSEWHERE,
        amount=_amount,
        bare=PageForm(),
        review_style=ASSETS["review.css"].address,
        review_script=ASSETS["review.js"].address,
    )


def _decider(pending: PendingDecision | None) -> str | None:
    """The name of who decided, if that is another."""
    if pending is None or pending.account == account().id:
        return None
    return deciding.deciders([pending]).get(pending.account)


def _side(one: Mapping[str, Any], answer: Answer | AwayError, side: str) -> Side | None:
    if isinstance(answer, AwayError):
        return None
    record = answer.body
    current = record["version"] == one[f"{side}_version"]
    spans = spans_of(one, side) if current else []
    lines = record["needs" if side == "request" else "provisions"]
    return Side(
        record=record,
        texts={field: marked(record[field] or "", field, spans) for field in _FIELDS},
        current=current,
        uses=uses(may_serve(one), lines, side, house().clock().date(), committed_of(one, side)),
    )


def _name(answer: Answer | AwayError) -> str | None:
    items = [] if isinstance(answer, AwayError) else answer.body["items"]
    return items[0]["name"] if items else None


def _amount(use: Use, value: float) -> str:
    """An amount of a line in its own measure, as it is read."""
    if use.measure == "money":
        return amount(value, use.unit)
    if use.measure == "whole":
        return share(value)
    return quantity(value, use.unit) if use.unit else number(value)


def _rivals(
    one: Mapping[str, Any], answer: Answer | AwayError
) -> list[tuple[Mapping[str, Any], Mapping[str, Any], list[int]]] | None:
    """The request's other proposals for a need line of this one, for any where this one is for
    none: each, its offer, those lines."""
    if isinstance(answer, AwayError):
        return None
    own = lines_of(one, "request")
    found = []
    for other in answer.body["items"]:
        needs = lines_of(other, "request")
        # Beside one that serves nothing, all others are better.
        shared = sorted(own & needs if own else needs)
        if other["id"] != one["id"] and shared:
            found.append((other, shared))
    if not found:
        return []
    offers = find(offer_titles=[other["offer"] for other, _ in found])["offer_titles"]
    unknown = {"title": None, "language": None}
    return [(other, offers.get(other["offer"], unknown), shared) for other, shared in found]
