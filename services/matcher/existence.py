"""Which of the matcher's documents are there for a reader: the same for reading one and its trail.

A coordinator of some regions knows of what is of States in them. Of what is of other States it
knows proposals and commitments alone, as far as a donor knows of the requests.
"""

from typing import Any

from services.matcher import proposals
from services.matcher.alliance_documents import Alliance
from services.matcher.application_documents import Application
from services.matcher.coverage_documents import CoverageCase
from services.matcher.documents import Commitment, Match
from services.matcher.duplicate_documents import DuplicateCase
from services.matcher.joining_documents import Joining
from services.matcher.joinings import knows_joining
from services.matcher.record_views import View, stored_view
from services.matcher.rights import (
    hidden_lines,
    is_party,
    oversees,
    owns_offer,
    owns_request,
    sees_request,
)
from shared.registers.steps import party_of
from shared.web.identity import Identity, covered_countries

SIDES = {"requester": "request", "donor": "offer"}
"""Whose the records of a case of two are, by the role of their owner."""


def knows(identity: Identity, document: Any) -> bool:
    """Whether the document is there for the reader; those of other kinds are for everybody."""
    if isinstance(document, Match):
        everywhere = oversees(identity, None)
        return everywhere or proposals.find(document.id, identity) is not None
    if isinstance(document, Commitment):
        return knows_commitment(identity, document, stored_view("request", document.request))
    if isinstance(document, CoverageCase):
        return knows_coverage(identity, document)
    if isinstance(document, DuplicateCase):
        return knows_duplicate(identity, document)
    if isinstance(document, Alliance):
        return knows_alliance(identity, document)
    if isinstance(document, Joining):
        return knows_joining(identity, document)
    return not isinstance(document, Application) or knows_application(identity, document)


def knows_commitment(identity: Identity, commitment: Commitment, asked: View | None) -> bool:
    """Whether the reader is one of its parties, or oversees both and may know of the request."""
    if owns_offer(identity, commitment.organisation):
        return asked is not None
    party = is_party(identity, commitment.country, commitment.organisation)
    return party and asked is not None and sees_request(identity, asked, None)


def known_commitments(identity: Identity) -> dict[str, Any]:
    """A condition that all have of which the reader may be told; some of them it may not know."""
    if identity.role == "requester":
        return {"country": identity.state}
    if identity.role == "donor":
        return {"organisation": identity.organisation}
    return {} if oversees(identity, None) else {"country": {"$in": covered_countries(identity)}}


def knows_coverage(identity: Identity, case: CoverageCase) -> bool:
    """Whether the request is the reader's own, or of a State that it oversees."""
    view = stored_view("request", case.request)
    hidden = view is not None and case.line in hidden_lines(identity, view)
    own = owns_request(identity, case.country)
    return (own or oversees(identity, case.country)) and not hidden


def knows_duplicate(identity: Identity, case: DuplicateCase) -> bool:
    """Whether both records are the reader's own, or of States that it oversees."""
    owners = (case.left_owner, case.right_owner)
    if oversees(identity, *(owners if case.side == "request" else (None,))):
        return True
    own = SIDES.get(identity.role) == case.side
    return own and all(owner == party_of(identity) for owner in owners)


def known_duplicates(identity: Identity) -> dict[str, Any]:
    """The same as a condition."""
    if oversees(identity, None):
        return {}
    if oversees(identity):
        held = {"$in": covered_countries(identity)}
        return {"side": "request", "left_owner": held, "right_owner": held}
    own = party_of(identity)
    return {"side": SIDES[identity.role], "left_owner": own, "right_owner": own}


def knows_alliance(identity: Identity, alliance: Alliance) -> bool:
    """Whether a member is the reader's own, or of a State that it oversees."""
    return any(
        oversees(identity, member.country) or owns_request(identity, member.country)
        for member in alliance.members
    )


def knows_application(identity: Identity, application: Application) -> bool:
    """Whether it was sent to the reader's fund, or is of a State of its own or that it oversees."""
    if identity.role == "donor":
        sent = application.submitted_at is not None
        return sent and owns_offer(identity, application.organisation)
    states = application.states
    return identity.state in states or any(oversees(identity, state) for state in states)
