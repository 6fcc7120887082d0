"""What donors made public, for everybody: no token is asked for."""

from typing import Any

from services.offers.documents import Activity, AssistanceOffer
from services.offers.public_figures import offer_figures
from services.offers.public_schemas import OfferFiguresView, PublicActivityView, PublicOfferView
from services.offers.public_views import public_activities, public_offers
from services.offers.queries import PUBLIC, PUBLIC_OFFER, public_listing
from shared.registers.context import context
from shared.registers.figures import told
from shared.registers.newest import newest
from shared.registers.public import SECONDS, Answer, PublicQuery, cached
from shared.registers.views import NOT_IN_LISTS
from shared.web.blueprint import Blueprint
from shared.web.identity import public
from shared.web.kept import Kept
from shared.web.paging import page_schema
from shared.web.problems import not_found


def make_blueprint() -> Blueprint:
    """The blueprint, which reads its figures once a minute however many ask."""
    blueprint = Blueprint(
        "public", __name__, url_prefix="/v1/public", description="What everybody may read."
    )
    figures_of: Kept[dict[str, Any]] = Kept(SECONDS)

    @blueprint.route("/offers")
    @public
    @blueprint.arguments(PublicQuery, location="query")
    @blueprint.response(200, page_schema(PublicOfferView))
    def offers(args: dict[str, Any]) -> Answer:
        """List published offers that are public, the newest first.

        Country and region ask for offers that may serve them.
        """
        condition = public_listing(AssistanceOffer, args, context().clock().date())
        shown = newest(AssistanceOffer, [condition], args, NOT_IN_LISTS)
        return cached({**shown, "items": public_offers(shown["items"])})

    @blueprint.route("/offers/<string:offer_id>")
    @public
    @blueprint.response(200, PublicOfferView)
    def offer(offer_id: str) -> Answer:
        """Read a public offer."""
        condition = {**PUBLIC_OFFER, "_id": offer_id}
        found = AssistanceOffer.objects(__raw__=condition).exclude(*NOT_IN_LISTS).first()
        if found is None:
            raise not_found()
        return cached(public_offers([found])[0])

    @blueprint.route("/activities")
    @public
    @blueprint.arguments(PublicQuery, location="query")
    @blueprint.response(200, page_schema(PublicActivityView))
    def activities(args: dict[str, Any]) -> Answer:
        """List public activities, the newest first."""
        condition = public_listing(Activity, args, context().clock().date())
        shown = newest(Activity, [condition], args, NOT_IN_LISTS)
        return cached({**shown, "items": public_activities(shown["items"])})

    @blueprint.route("/activities/<string:activity_id>")
    @public
    @blueprint.response(200, PublicActivityView)
    def activity(activity_id: str) -> Answer:
        """Read a public activity."""
        condition = {**PUBLIC, "_id": activity_id}
        found = Activity.objects(__raw__=condition).exclude(*NOT_IN_LISTS).first()
        if found is None:
            raise not_found()
        return cached(public_activities([found])[0])

    @blueprint.route("/figures")
    @public
    @blueprint.response(200, OfferFiguresView)
    def figures() -> Answer:
        """Count public offers and activities."""
        now = context().clock()
        return cached(figures_of.get("figures", lambda: told(offer_figures, now)))

    return blueprint
