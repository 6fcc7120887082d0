"""Allocations over HTTP: the best commitments of all that is open, what if, and accepting whole."""

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from flask.views import MethodView

from services.matcher import acceptance, allocations
from services.matcher.allocation_documents import (
    PAIRS,
    UNMET,
    AllocatedPair,
    KeptAllocation,
    pairs_of,
    unmet_of,
)
from services.matcher.allocation_schemas import (
    AcceptBody,
    AcceptChosenBody,
    AllocatedPairView,
    AllocationPageQuery,
    AllocationQuery,
    AllocationView,
    ChosenView,
    RefusedView,
    UnmetView,
)
from services.matcher.allocation_views import (
    FIRST,
    allocation_view,
    note_reading,
    pair_view,
    unmet_view,
    whole_view,
)
from services.matcher.choosing import accept_chosen
from services.matcher.documents import RecordView, view_id
from services.matcher.supposing import supposed
from services.matcher.what_if import changes
from services.matcher.what_if_schemas import WhatIfBody, WhatIfView
from shared.registers.context import context
from shared.web.awaited import Awaited, BeingDoneError
from shared.web.blueprint import Blueprint
from shared.web.identity import current_identity, require_covered, require_roles
from shared.web.languages import reading_language
from shared.web.marks import answers
from shared.web.paging import page, page_schema
from shared.web.problems import Problem, being_found, conflict, invalid_field, not_found

blueprint = Blueprint(
    "allocation",
    __name__,
    url_prefix="/v1",
    description="Which commitments would meet most need, and accepting them whole.",
)
READERS = ("coordinator", "auditor", "operator")
PATIENCE: Final = 5.0
"""Seconds; the portal waits eight."""
_RETRY_SECONDS: Final = 20
_FINDING: Awaited[Any] = Awaited(PATIENCE)
_BEING_FOUND = "It takes longer to find than a call may: ask again"


@blueprint.route("/allocation")
class Allocation(MethodView):
    """The best allocation of all that is open."""

    @require_roles(*READERS)
    @answers(HTTPStatus.SERVICE_UNAVAILABLE, _BEING_FOUND)
    @blueprint.arguments(AllocationQuery, location="query")
    @blueprint.response(200, AllocationView)
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """Find which commitments would meet most need, by the States' own priorities."""
        _require_overseer()
        return _found(args["without"])


@blueprint.route("/allocation/what-if", methods=["POST"])
@require_roles(*READERS)
@answers(HTTPStatus.SERVICE_UNAVAILABLE, _BEING_FOUND)
@blueprint.arguments(WhatIfBody)
@blueprint.response(200, WhatIfView)
def what_if(body: dict[str, Any]) -> dict[str, Any]:
    """The same with requests or offers left out, or added, and what would change for whom.

    What is added is compared by its codes, amounts, windows and eligibility, under the same rules,
    and is stored nowhere; what its texts would say counts as in an ordinary proposal. With nothing
    added, what is found may be accepted like any other.
    """
    _require_overseer()
    now, identity, language = context().clock(), current_identity(), reading_language(None)
    without, added = sorted(set(body["without"])), body["added"]
    for place, offer in enumerate(added["offers"]):
        if offer["call"] is not None and not _is_open_call(offer["call"]):
            field = f"with.offers[{place}].call"
            raise invalid_field(field, "There is no such call, or it is not open.", "unknown-call")
    wanted = supposed(added["requests"], added["offers"], now.date())

    def both() -> tuple[str, str | allocations.Found]:  # of what is open at one moment
        base = allocations.find(now.date(), (), now)
        if wanted.empty:
            return base, allocations.find(now.date(), without, now)
        return base, allocations.find_supposed(now.date(), without, wanted, now)

    base_id, found = _await(("what-if", json.dumps(body, default=str)), both, now)
    base = _kept(base_id)
    if isinstance(found, str):
        kept = _kept(found)
        view, pairs = allocation_view(kept, identity, language), list(_pairs_of(kept))
    else:
        first = (found.pairs[:FIRST], found.unmet[:FIRST])
        view, pairs = whole_view(found.kept, *first, language), found.pairs
        note_reading(base.id, {one.request for part in first for one in part}, identity)
    otherwise = changes(_pairs_of(base), pairs)
    note_reading(base.id, {one["request"] for one in otherwise["needs"]}, identity)
    return {**view, "changes": {"base": base.id, **otherwise}}


@blueprint.route("/allocation/accept", methods=["POST"])
@require_roles("coordinator")
@answers(HTTPStatus.NOT_FOUND, "There is no such allocation, or nobody accepted it in time")
@answers(HTTPStatus.CONFLICT, "What is open has changed since, or a commitment was refused")
@blueprint.arguments(AcceptBody)
@blueprint.response(200, AllocationView)
def accept(body: dict[str, Any]) -> dict[str, Any]:
    """Accept an allocation whole: endorse its proposals and hold its commitments, all or none.

    Sending it again does nothing twice. While its `status` is `accepting` not all is done yet:
    sending it again goes on, and so does the worker by itself.
    """
    identity, now = current_identity(), context().clock()
    _require_to_come(body["expires_at"], now)
    _require_overseer()
    kept = _kept(body["id"])
    try:
        acceptance.begin_accepting(kept, body["expires_at"], identity, now)
        kept = acceptance.go_on(kept.id, now)
    finally:
        _FINDING.forget()  # what is open has changed, by this or before
    if kept.status == "refused":
        raise _refused(kept)
    return allocation_view(kept, identity, reading_language(None))


def _refused(kept: KeptAllocation) -> Problem:
    """The 409 problem: which proposal was refused, by whose code and in whose words."""
    problem = conflict("refused", f"Nothing is held of it: {kept.refusal}.")
    return replace(problem, members={"refused": RefusedView().dump(kept.refused)})


@blueprint.route("/allocations/<string:allocation_id>/accept", methods=["POST"])
@require_roles("coordinator")
@answers(HTTPStatus.NOT_FOUND, "There is no such allocation, or nobody accepted it in time")
@answers(HTTPStatus.CONFLICT, "It is being accepted as a whole just now")
@blueprint.arguments(AcceptChosenBody)
@blueprint.response(200, ChosenView)
def accept_some(body: dict[str, Any], allocation_id: str) -> dict[str, Any]:
    """Accept some of an allocation's commitments: each for itself, with what was refused told.

    Sending it again does nothing twice.
    """
    identity, now = current_identity(), context().clock()
    _require_to_come(body["expires_at"], now)
    _require_overseer()
    kept = _kept(allocation_id)
    try:
        found = accept_chosen(kept, body["proposals"], body["expires_at"], identity, now)
    finally:
        _FINDING.forget()
    refused = [{"proposal": one, **why._asdict()} for one, why in found.refused.items()]
    return {"held": found.held, "refused": refused, "left": found.left}


@blueprint.route("/allocations/<string:allocation_id>")
class OneAllocation(MethodView):
    """An allocation that was found."""

    @require_roles(*READERS)
    @answers(HTTPStatus.NOT_FOUND, "There is no such allocation")
    @blueprint.response(200, AllocationView)
    def get(self, allocation_id: str) -> dict[str, Any]:
        """Read an allocation as it was found, and how far its acceptance is."""
        _require_overseer()
        kept = _kept(allocation_id)
        return allocation_view(kept, current_identity(), reading_language(None))


@blueprint.route("/allocations/<string:allocation_id>/commitments")
class AllocatedPairs(MethodView):
    """The commitments that an allocation proposes."""

    @require_roles(*READERS)
    @answers(HTTPStatus.NOT_FOUND, "There is no such allocation")
    @blueprint.arguments(AllocationPageQuery, location="query")
    @blueprint.response(200, page_schema(AllocatedPairView))
    def get(self, args: dict[str, Any], allocation_id: str) -> dict[str, Any]:
        """List them, the most urgent first."""
        _require_overseer()
        kept = _kept(allocation_id)
        found = page(pairs_of(kept), args, _same, PAIRS)
        note_reading(kept.id, {one.request for one in found["items"]}, current_identity())
        return {**found, "items": [pair_view(kept, one) for one in found["items"]]}


@blueprint.route("/allocations/<string:allocation_id>/unmet")
class UnmetNeeds(MethodView):
    """The needs that an allocation leaves open."""

    @require_roles(*READERS)
    @answers(HTTPStatus.NOT_FOUND, "There is no such allocation")
    @blueprint.arguments(AllocationPageQuery, location="query")
    @blueprint.response(200, page_schema(UnmetView))
    def get(self, args: dict[str, Any], allocation_id: str) -> dict[str, Any]:
        """List them with the reason, the most urgent first."""
        _require_overseer()
        kept, language = _kept(allocation_id), reading_language(args["language"])
        found = page(unmet_of(kept), args, _same, UNMET)
        note_reading(kept.id, {one.request for one in found["items"]}, current_identity())
        return {**found, "items": [unmet_view(one, language) for one in found["items"]]}


def _found(without: list[str]) -> dict[str, Any]:
    id_ = _find(sorted(set(without)), context().clock())
    return allocation_view(_kept(id_), current_identity(), reading_language(None))


def _find(without: Collection[str], now: datetime) -> str:
    """The id of the best allocation; the 503 problem while it takes long to find.

    One that took long is some time old then: `computed_at` tells, and accepting it is refused where
    what is open has changed. One that somebody has begun to accept is not given out for that.
    """
    find = partial(allocations.find, now.date(), without, now)
    id_: str = _await(("find", *without), find, now)
    if _kept(id_).status != "computed":
        _FINDING.forget()
        id_ = _await(("find", *without), find, now)
    return id_


def _await(key: tuple[str, ...], make: Callable[[], Any], now: datetime) -> Any:
    """What is made, or was not long ago; the 503 problem while that takes long."""
    whole = (RecordView._get_collection().full_name, now.date(), *key)
    try:
        return _FINDING.get(whole, make)
    except BeingDoneError:
        raise being_found("allocation", _RETRY_SECONDS) from None


def _require_to_come(moment: datetime | None, now: datetime) -> None:
    if moment is not None and moment <= now:
        raise invalid_field("expires_at", "This time is over.", "past")


def _require_overseer() -> None:
    """Raise the 403 problem for a coordinator of some regions: an allocation is of all States."""
    require_covered(current_identity(), None)


def _kept(id_: str) -> KeptAllocation:
    kept: KeptAllocation | None = KeptAllocation.objects(id=id_).first()
    if kept is None:
        raise not_found("allocation")
    return kept


def _pairs_of(kept: KeptAllocation) -> Iterable[AllocatedPair]:
    found: Iterable[AllocatedPair] = pairs_of(kept)
    return found


def _is_open_call(call: str) -> bool:
    return bool(RecordView.objects(id=view_id("call", call), status="published").count())


def _same(one: Any) -> Any:
    return one
