"""Files attached to requests, over HTTP: under the request's visibility and rights."""

from functools import partial

from services.requests import domain
from services.requests.documents import AssistanceRequest
from services.requests.domain.requests import RIGHTS
from shared.attachments.blueprint import Action, Holder, attachments_blueprint
from shared.attachments.keeping import Place
from shared.attachments.telling import tell_of
from shared.lifecycle import REQUEST
from shared.registers.filed import files_of, tells
from shared.registers.parties import party_requests
from shared.registers.steps import require_unfinished
from shared.registers.writing import load
from shared.web.identity import Identity
from shared.web.problems import not_found
from shared.web.visibility import sight

_FILES = files_of(AssistanceRequest)


def _look(identity: Identity, request_id: str, action: Action | None) -> Place:
    request = load(AssistanceRequest, request_id)
    party = request_id in party_requests(identity, [request_id])
    if not domain.may_read(identity, request, party=party):
        raise not_found()
    if action is not None:
        domain.require_action(identity, "change", request)
    if action == "add":
        require_unfinished(REQUEST, request.status)
    may_change = domain.actor_for(identity, request.country) in RIGHTS["change"]
    return Place(
        record=request.id,
        country=request.country,
        organisation=None,
        level=request.confidentiality,
        sight=sight(identity, request.country, party=party),
        may_remove=lambda _: may_change,
        tell=partial(tell_of, _FILES) if tells(REQUEST, request.status) else None,
    )


blueprint = attachments_blueprint(Holder("request", "/v1/requests", _look, levels=True))
