"""Organisations that endorse a request: each once, in its own words, until it takes that back.

An endorsement is no state of the request and moves it nowhere: not in its life, not in any ranking.
"""

from datetime import datetime

from services.requests.documents import AssistanceRequest, Endorsement
from services.requests.domain.requests import NOUN, RIGHTS, may_read
from shared.events.outbox import Transition
from shared.lifecycle import REQUEST
from shared.registers.pace import require_pace
from shared.registers.rights import Actor, require_right
from shared.registers.steps import party_of, subject_of
from shared.web.identity import Identity
from shared.web.problems import conflict, invalid_field
from shared.web.visibility import narrowest, sees, sight

ENDORSING = frozenset({"endorse", "withdraw-endorsement", "show-endorsement", "hide-endorsement"})
"""What a request's history tells of endorsements: for its State and overseers."""

_MOST = 100
PER_DAY = 10
"""How often an organisation may endorse a request within any 24 hours: each time lengthens the
State's history, and asks its open windows to be read again."""


def require_endorser(identity: Identity, request: AssistanceRequest, *, party: bool) -> None:
    """Return if the identity acts for an organisation that may read the request; 404 or 403.

    `party`: whether an offer of the organisation's was endorsed for it.
    """
    readable = may_read(identity, request, party=party)
    actor: Actor = identity.role  # type: ignore[assignment] # a token has one of the roles
    require_right(RIGHTS, "endorse", actor, readable=readable, noun=NOUN)


def endorse(
    request: AssistanceRequest, text: str, identity: Identity, now: datetime, *, party: bool
) -> None:
    """Endorse a request for the organisation, or say otherwise why; its showing stays as it was.

    Those see it who see what the organisation saw. Raises the 404, 403, 409 or 429 problem.
    """
    require_endorser(identity, request, party=party)
    _require_shown(request)
    reader = sight(identity, request.country, party=party)
    seen = [need for need in request.needs if sees(reader, request.level_of(need))]
    level = narrowest([request.confidentiality, *(request.level_of(need) for need in seen)])
    lines = [need.line for need in seen]
    own = endorsement_of(request, identity.organisation)
    if own is not None and (own.text, own.level, own.lines) == (text, level, lines):
        return
    _require_pace(request, identity, now)
    if own is None:
        if len(request.endorsements) >= _MOST:
            raise conflict("too-many", f"{_MOST} organisations endorse this request already.")
        own = Endorsement(
            organisation=identity.organisation, hidden=identity.organisation in request.unshown
        )
        request.endorsements.append(own)
        request.unshown = [one for one in request.unshown if one != identity.organisation]
    own.text, own.level, own.lines, own.at = text, level, lines, now
    _tell(request, "endorse", identity, now)


def withdraw_endorsement(
    request: AssistanceRequest, identity: Identity, now: datetime, *, party: bool
) -> None:
    """Take the organisation's endorsement back, text and all; 404, 403 or 409."""
    require_endorser(identity, request, party=party)
    _require_shown(request)
    own = endorsement_of(request, identity.organisation)
    if own is None:
        raise conflict("not-endorsed", "Your organisation does not endorse this request.")
    request.endorsements = [one for one in request.endorsements if one is not own]
    if own.hidden:  # the State's no outlives what it was said to
        request.unshown = [*request.unshown, own.organisation]
    _tell(request, "withdraw-endorsement", identity, now)


def show_endorsement(
    request: AssistanceRequest, organisation: str, shown: bool, identity: Identity, now: datetime
) -> None:
    """Let the State's request show an organisation's endorsement, or not; 403, 404, 409 or 422."""
    _require_shown(request)
    found = endorsement_of(request, organisation)
    if found is None:
        raise invalid_field("organisation", "It does not endorse this request.", "unknown")
    if found.hidden == shown:
        found.hidden = not shown
        _tell(request, "show-endorsement" if shown else "hide-endorsement", identity, now)


def endorsement_of(request: AssistanceRequest, organisation: str | None) -> Endorsement | None:
    """The organisation's endorsement of the request, if there is one."""
    found = (one for one in request.endorsements if one.organisation == organisation)
    return next(found, None)


def level_of(request: AssistanceRequest, endorsement: Endorsement) -> str:
    """Who sees an endorsement now: those who saw, and still see, what the organisation saw.

    Its words may tell of a line that the State has hidden since.
    """
    known = endorsement.lines
    of_seen = (need for need in request.needs if known is None or need.line in known)
    now = (request.level_of(need) for need in of_seen)
    return narrowest([endorsement.level, request.confidentiality, *now])


def _require_pace(request: AssistanceRequest, identity: Identity, now: datetime) -> None:
    own = (step for step in request.history if step.party == party_of(identity))
    require_pace(
        [step.at for step in own if step.action == "endorse"],
        PER_DAY,
        now,
        "too-many-endorsements",
        "This request was endorsed so often today",
        f"An organisation may endorse a request {PER_DAY} times within 24 hours.",
    )


def _require_shown(request: AssistanceRequest) -> None:
    if request.status not in REQUEST.shown:
        raise conflict("not-circulated", f"This request is {request.status}: not circulated.")


def _tell(request: AssistanceRequest, action: str, identity: Identity, now: datetime) -> None:
    request.history.append(
        Transition(
            source=request.status,
            target=request.status,
            action=action,
            at=now,
            role=identity.role,
            party=party_of(identity),
            subject=subject_of(identity),
        )
    )
