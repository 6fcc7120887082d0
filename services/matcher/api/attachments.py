"""Files attached to proposals, over HTTP: for those who read and write its thread."""

from functools import partial

from services.matcher import threads
from services.matcher.api.proposals import find_proposal
from services.matcher.domain import PROPOSAL, STAYING
from services.matcher.filed import FILES
from services.matcher.proposals import Proposal
from services.matcher.threads import READERS, WRITERS
from shared.attachments.blueprint import Action, Holder, attachments_blueprint
from shared.attachments.documents import Attachment
from shared.attachments.keeping import Place
from shared.attachments.telling import tell_of
from shared.lifecycle import IllegalTransition
from shared.registers.steps import party_of
from shared.web.identity import Identity
from shared.web.problems import conflict, forbidden
from shared.web.visibility import Sight


def _look(identity: Identity, proposal_id: str, action: Action | None) -> Place:
    proposal = find_proposal(proposal_id, identity)
    threads.require_reader(proposal, identity)
    if action is not None and identity.role not in WRITERS:
        raise forbidden("Files are attached by donor, State and coordinators.")
    if action == "add":
        _require_open(proposal)
    return Place(
        record=proposal.id,
        country=proposal.request.owner,
        organisation=proposal.offer.owner,
        level=Sight.PARTIES.level,
        sight=Sight.COORDINATORS,
        may_remove=lambda attachment: _may_remove(attachment, identity),
        tell=partial(tell_of, FILES),
    )


def _require_open(proposal: Proposal) -> None:
    """As for messages: from the endorsement on until the proposal is closed."""
    match = proposal.match
    if match is None:
        raise conflict("not-endorsed", "A coordinator has to endorse the proposal first.")
    if match.status not in STAYING["attach"]:
        raise IllegalTransition("attach", match.status, PROPOSAL.allowed(match.status))


def _may_remove(attachment: Attachment, identity: Identity) -> bool:
    added = attachment.history[0]
    own = (added.role, added.party) == (identity.role, party_of(identity))
    return identity.role in WRITERS and (own or identity.role == "coordinator")


blueprint = attachments_blueprint(Holder("proposal", "/v1/proposals", _look, readers=READERS))
