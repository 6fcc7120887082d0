"""Files attached to offers, over HTTP: for whoever may read the offer."""

from services.offers import domain
from services.offers.documents import AssistanceOffer
from services.offers.domain.offers import RIGHTS, may_read
from services.offers.domain.owners import actor_for
from shared.attachments.blueprint import Action, Holder, attachments_blueprint
from shared.attachments.keeping import Place
from shared.lifecycle import OFFER
from shared.registers.steps import require_unfinished
from shared.registers.writing import load
from shared.web.identity import Identity
from shared.web.problems import not_found
from shared.web.visibility import Sight


def _look(identity: Identity, offer_id: str, action: Action | None) -> Place:
    offer = load(AssistanceOffer, offer_id)
    if not may_read(identity, offer):
        raise not_found()
    if action is not None:
        domain.require_action(identity, "change", offer)
    if action == "add":
        require_unfinished(OFFER, offer.status)
    may_change = actor_for(identity, offer.organisation) in RIGHTS["change"]
    return Place(
        record=offer.id,
        country=None,
        organisation=offer.organisation,
        level=Sight.PUBLIC.level,
        sight=Sight.COORDINATORS,
        may_remove=lambda _: may_change,
    )


blueprint = attachments_blueprint(Holder("offer", "/v1/offers", _look))
