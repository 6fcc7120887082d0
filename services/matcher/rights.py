"""Who may see and do what with proposals, commitments and the ledger."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from services.matcher.record_views import View
from shared.lifecycle import PARTY
from shared.web.identity import Identity, covers
from shared.web.visibility import OVERSEEING, Sight, sees, sight

Party = Literal["donor", "state"]
"""The two sides of a proposal."""


def oversees(identity: Identity, *countries: str | None) -> bool:
    """Whether the caller's task is to see both sides, of each of these States where any are named.

    What is of no State (None) is for who oversees all regions.
    """
    return identity.role in OVERSEEING and covers(identity, *countries)


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


def sight_of(identity: Identity, request: View, match_status: str | None) -> Sight:
    """How far the caller sees of a request; `match_status` is that of the caller's own match."""
    return sight(identity, request.owner, party=match_status in PARTY)


def hidden_lines(
    identity: Identity, request: View, match_status: str | None = None
) -> frozenset[int]:
    """The need lines of a request that the caller may not see, by the caller's own match if any."""
    return _hidden_from(sight_of(identity, request, match_status), request)


def _hidden_from(reader: Sight, request: View) -> frozenset[int]:
    if reader is Sight.COORDINATORS:
        return frozenset()
    if not sees(reader, _level(request)):
        return frozenset(line.line for line in request.lines)
    if reader < Sight.PARTIES:
        return request.hidden_lines
    lines = (line for line in request.lines if line.confidential and not line.for_parties)
    return frozenset(line.line for line in lines)


def parties_see(request: View, serves: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a donor sees anything of what its offer `serves` once that is endorsed.

    Else nobody could answer for it. A text alone, without lines, it sees as it sees the request.
    """
    needs = {serving["need"] for serving in serves}
    hidden = _hidden_from(Sight.PARTIES, request)
    return sees(Sight.PARTIES, _level(request)) and (not needs or not needs <= hidden)


def is_confidential(request: View, serves: Iterable[Mapping[str, Any]]) -> bool:
    """Whether what an offer `serves` of a request is not for every donor."""
    hidden = _hidden_from(Sight.RESTRICTED, request)
    needs = {serving["need"] for serving in serves}
    return not sees(Sight.RESTRICTED, _level(request)) or bool(needs & hidden)


def _level(request: View) -> str:
    return request.visibility or Sight.RESTRICTED.level


def sees_request(identity: Identity, request: View, match_status: str | None) -> bool:
    """Whether the caller may know of the request; one without a level is for every donor."""
    return sees(sight_of(identity, request, match_status), _level(request))


def acts_as(identity: Identity) -> str:
    """Which side of a proposal a caller is on that may see it: `donor`, `state`, or its role."""
    return "state" if identity.role == "requester" else identity.role
