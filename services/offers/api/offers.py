"""Offers of assistance over HTTP."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask.views import MethodView

from services.offers import domain, queries
from services.offers.api.references import referred_organisation, require_call
from services.offers.documents import AssistanceOffer
from services.offers.events import offer_event_data
from services.offers.merging import OFFERS
from services.offers.schemas import (
    ConfirmProvisionsBody,
    OfferBody,
    OfferQuery,
    OfferView,
    PublishBody,
)
from services.offers.views import offer_view, offer_views
from shared.registers.context import context
from shared.registers.inferred import inferred_view
from shared.registers.inferred_schemas import DraftProvisionsView, DraftTexts
from shared.registers.merging import finish
from shared.registers.merging_rules import begin_merge, begin_unmerge, find_other
from shared.registers.newest import newest
from shared.registers.schemas import MergeBody, StepBody
from shared.registers.similar import others_of, similar_view
from shared.registers.similar_schemas import SimilarView
from shared.registers.texts import infer_from
from shared.registers.titles import READ, TitleView, title_views
from shared.registers.views import NOT_IN_LISTS, headers
from shared.registers.writing import change_seen, load, register
from shared.web.blueprint import Blueprint
from shared.web.idempotency import current_idempotency_key, idempotent
from shared.web.identity import current_identity, require_roles
from shared.web.languages import LanguageQuery, reading_language
from shared.web.marks import answers
from shared.web.paging import page_schema
from shared.web.preconditions import conditional
from shared.web.problems import conflict, not_found

blueprint = Blueprint(
    "offers",
    __name__,
    url_prefix="/v1/offers",
    description="What donors can give. Drafts are seen by their donor only.",
)
Answer = tuple[dict[str, Any], dict[str, str]]


def _address(identifier: str) -> str:
    return f"/v1/offers/{identifier}"


@blueprint.route("")
class Offers(MethodView):
    """All offers that the caller may see."""

    @blueprint.arguments(OfferQuery, location="query")
    @blueprint.response(200, page_schema(OfferView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List offers, the newest first."""
        identity = current_identity()
        sets = queries.offers(identity, args, context().clock().date())
        shown = newest(AssistanceOffer, sets, args, NOT_IN_LISTS)
        return {**shown, "items": offer_views(shown["items"], identity)}

    @require_roles("donor", "operator")
    @idempotent
    @blueprint.arguments(OfferBody)
    @blueprint.response(201, OfferView)
    def post(self, payload: dict[str, Any]) -> Answer:
        """Register a draft."""
        identity, now = current_identity(), context().clock()
        require_call(payload["call"], payload["organisation"], identity)
        draft = domain.new_offer(
            payload,
            identity,
            now,
            context().key,
            organisation=referred_organisation(payload["organisation"]),
            idempotency_key=current_idempotency_key(),
        )
        offer = register(draft, now, _address)
        return offer_view(offer, identity), headers(offer, _address(offer.id))


@blueprint.route("/titles")
@blueprint.arguments(OfferQuery, location="query")
@blueprint.response(200, page_schema(TitleView))
def titles(args: dict[str, Any]) -> dict[str, Any]:
    """List what offers are called, the newest first: the list of offers without what they say."""
    sets = queries.offers(current_identity(), args, context().clock().date())
    shown = newest(AssistanceOffer, sets, args, only=READ)
    return {**shown, "items": title_views(shown["items"])}


@blueprint.route("/inferred", methods=["POST"])
@require_roles("donor", "operator")
@blueprint.arguments(DraftTexts)
@blueprint.response(200, DraftProvisionsView)
def inferred(draft: dict[str, Any]) -> dict[str, Any]:
    """Tell what a text that is being written seems to offer. Nothing is stored."""
    found = infer_from(**draft, side=AssistanceOffer.text_side)
    return {**draft, **inferred_view(found, (), "capacity")}


@blueprint.route("/<string:offer_id>")
class Offer(MethodView):
    """One offer."""

    @blueprint.response(200, OfferView)
    def get(self, offer_id: str) -> Answer:
        """Read an offer."""
        identity = current_identity()
        offer = load(AssistanceOffer, offer_id)
        if not domain.may_read(identity, offer):
            raise not_found()
        return offer_view(offer, identity), headers(offer)

    @conditional
    @blueprint.arguments(OfferBody)
    @blueprint.response(200, OfferView)
    def put(self, payload: dict[str, Any], offer_id: str) -> Answer:
        """Replace what the offer holds; lines keep their number where `line` is sent."""
        identity, now, key = current_identity(), context().clock(), context().key

        def mutate(offer: AssistanceOffer) -> None:
            require_call(payload["call"], offer.organisation, identity, before=offer.call)
            organisation = referred_organisation(offer.organisation)
            domain.change_offer(offer, payload, identity, now, key, organisation)

        return _changed(offer_id, "change", mutate)


@blueprint.route("/<string:offer_id>/confirm-lines", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(ConfirmProvisionsBody)
@blueprint.response(200, OfferView)
def confirm_lines(body: dict[str, Any], offer_id: str) -> Answer:
    """Make provisions of the offer of lines that its text seems to describe (`inferred.lines`)."""
    identity, now = current_identity(), context().clock()
    return _changed(
        offer_id,
        "change",
        lambda offer: domain.confirm_provisions(offer, body["lines"], identity, now),
    )


@blueprint.route("/<string:offer_id>/submit", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(StepBody, required=False)
@blueprint.response(200, OfferView)
def submit(_body: dict[str, Any], offer_id: str) -> Answer:
    """Submit a draft: from now on coordinators see it."""
    return _step(offer_id, "submit")


@blueprint.route("/<string:offer_id>/publish", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(PublishBody, required=False)
@blueprint.response(200, OfferView)
def publish(_body: dict[str, Any], offer_id: str) -> Answer:
    """Publish a submitted offer: from now on all see it, and requests are matched with it."""
    return _step(offer_id, "publish")


@blueprint.route("/<string:offer_id>/withdraw", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(StepBody, required=False)
@blueprint.response(200, OfferView)
def withdraw(_body: dict[str, Any], offer_id: str) -> Answer:
    """Withdraw an offer for good."""
    return _step(offer_id, "withdraw")


@blueprint.route("/<string:offer_id>/close", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(StepBody, required=False)
@blueprint.response(200, OfferView)
def close(_body: dict[str, Any], offer_id: str) -> Answer:
    """Close a published offer: it is used up, or no longer there."""
    return _step(offer_id, "close")


@blueprint.route("/<string:offer_id>/similar")
@answers(HTTPStatus.FORBIDDEN, "It is for the author")
@blueprint.arguments(LanguageQuery, location="query")
@blueprint.response(200, SimilarView)
def similar(args: dict[str, Any], offer_id: str) -> dict[str, Any]:
    """Tell which of the donor's other offers this one looks like, and why; before submitting."""
    identity, today = current_identity(), context().clock().date()
    offer = load(AssistanceOffer, offer_id)
    domain.require_action(identity, "compare", offer)
    others = others_of(offer, "organisation")
    language = reading_language(args["language"])
    return {"items": similar_view(offer, others, offer_event_data, language, today)}


@blueprint.route("/<string:offer_id>/merge", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(MergeBody)
@blueprint.response(200, OfferView)
def merge(body: dict[str, Any], offer_id: str) -> Answer:
    """Merge an offer into another that says the same: that one stays and takes over its lines."""
    identity, now = current_identity(), context().clock()

    def mutate(offer: AssistanceOffer) -> None:
        other = find_other(OFFERS, body["into"], lambda one: domain.may_read(identity, one))
        begin_merge(OFFERS, offer, other, body["lines"], identity, now)

    _changed(offer_id, "merge", mutate)
    merged = finish(OFFERS, offer_id, now)
    if merged.merged_into != body["into"]:
        raise conflict("not-merged", "The other offer could not take the lines over; see both.")
    return offer_view(merged, identity), headers(merged)


@blueprint.route("/<string:offer_id>/unmerge", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(StepBody, required=False)
@blueprint.response(200, OfferView)
def unmerge(_body: dict[str, Any], offer_id: str) -> Answer:
    """Undo that an offer was merged: it is open again, and the other loses its lines."""
    identity, now = current_identity(), context().clock()
    _changed(offer_id, "unmerge", lambda offer: begin_unmerge(OFFERS, offer, identity))
    reopened = finish(OFFERS, offer_id, now)
    return offer_view(reopened, identity), headers(reopened)


def _step(offer_id: str, action: str) -> Answer:
    identity, now = current_identity(), context().clock()
    return _changed(offer_id, action, lambda offer: domain.step_offer(offer, action, identity, now))


def _changed(offer_id: str, action: str, mutate: Callable[[AssistanceOffer], object]) -> Answer:
    identity = current_identity()
    offer = change_seen(
        AssistanceOffer,
        offer_id,
        lambda found: domain.require_action(identity, action, found),
        mutate,
        context().clock(),
    )
    return offer_view(offer, identity), headers(offer)
