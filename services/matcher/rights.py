"""Who may see and do what with proposals, commitments and the ledger."""

from typing import Literal

from services.matcher.documents import RecordView
from shared.web.identity import Identity, covers

Party = Literal["donor", "state"]
"""The two sides of a proposal."""

OVERSEERS = frozenset({"coordinator", "auditor", "operator"})
"""Those whose task is to see both sides."""


def oversees(identity: Identity) -> bool:
    """Whether the caller sees everything."""
    return identity.role in OVERSEERS


def is_party(identity: Identity, country: str, organisation: str | None) -> bool:
    """Whether the caller is the State or the donor of a pair, or oversees both."""
    return (
        oversees(identity) or owns_request(identity, country) or owns_offer(identity, organisation)
    )


def owns_request(identity: Identity, country: str | None) -> bool:
    """Whether the caller speaks for the State."""
    return identity.role == "requester" and identity.state == country


def owns_offer(identity: Identity, organisation: str | None) -> bool:
    """Whether the caller speaks for the organisation."""
    return identity.role == "donor" and identity.organisation == organisation


def hidden_lines(identity: Identity, request: RecordView) -> frozenset[int]:
    """The need lines of a request that the caller may not see."""
    overseen = oversees(identity) and covers(identity, request.owner)
    if overseen or owns_request(identity, request.owner):
        return frozenset()
    return request.hidden_lines


def acts_as(identity: Identity) -> str:
    """Which side of a proposal a caller is on that may see it: `donor`, `state`, or its role."""
    return "state" if identity.role == "requester" else identity.role
