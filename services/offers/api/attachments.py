"""Files attached to offers, over HTTP: for whoever may read the offer."""

from functools import partial

from services.offers import domain
from services.offers.documents import AssistanceOffer
from services.offers.domain.offers import RIGHTS, may_read
from services.offers.domain.owners import actor_for
from shared.attachments.blueprint import Action, Holder, attachments_blueprint
from shared.attachments.keeping import Place
from shared.attachments.telling import tell_of
from shared.lifecycle import OFFER
from shared.registers.filed import files_of, tells
from shared.registers.steps import require_unfinished
from shared.registers.writing import load
from shared.web.identity import Identity
from shared.web.problems import not_found
from shared.web.visibility import Sight

_FILES = files_of(AssistanceOffer)


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
        tell=partial(tell_of, _FILES) if tells(OFFER, offer.status) else None,
    )


blueprint = attachments_blueprint(Holder("offer", "/v1/offers", _look))
