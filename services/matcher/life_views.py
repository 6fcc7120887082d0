"""What a reader is shown of a proposal's life."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from services.matcher.delivery import STEPS
from services.matcher.documents import Match
from services.matcher.domain import OF_THREAD, PROPOSAL, SCALES
from services.matcher.figures import Figures, figures
from services.matcher.joinings import partners
from services.matcher.life_documents import Report, ToldLine
from services.matcher.match_waits import ANSWERING
from services.matcher.proposals import Proposal
from services.matcher.rights import acts_as, oversees
from shared.registers.measures import amount_of, in_measure
from shared.web.identity import Identity

_PARTIES = frozenset({"donor", "requester"})


def life_view(proposal: Proposal, identity: Identity) -> dict[str, Any]:
    """The life of a proposal; one that nobody acted on has none yet."""
    match = proposal.match
    return {
        "id": proposal.id,
        "status": proposal.status,
        "waiting_for": list(ANSWERING.get(proposal.status, ())),
        "answer_by": None if match is None else match.answer_by,
        "possible": _possible(proposal, identity),
        "conditions": list(_conditions(proposal)),
        "figures": [] if match is None else [_figures_view(one) for one in figures(match)],
        "reports": [] if match is None else [_report_view(one) for one in match.reports],
        "follow_ups": [] if match is None else match.follow_ups,
        "partners": [] if match is None else partners(match.id),
        "history": [] if match is None else list(_history(match, identity)),
        "version": str(proposal.version),
    }


def _possible(proposal: Proposal, identity: Identity) -> list[str]:
    role = acts_as(identity)
    allowed = PROPOSAL.allowed(proposal.match.status) if proposal.match is not None else ()
    return [step for step, who in STEPS.items() if step in allowed and role in who]


def _conditions(proposal: Proposal) -> Iterator[dict[str, Any]]:
    """The offer's conditions now, then accepted ones that it has no more."""
    offer = proposal.offer
    accepted = {} if proposal.match is None else {one.hash: one for one in proposal.match.accepted}
    hashes = offer.condition_hashes or [""] * len(offer.conditions)
    for kind, hash_ in zip(offer.conditions, hashes, strict=True):
        found = accepted.pop(hash_, None)
        at = None if found is None else found.at
        yield {"kind": kind, "hash": hash_ or None, "current": True, "accepted_at": at}
    for one in accepted.values():
        yield {"kind": one.kind, "hash": one.hash, "current": False, "accepted_at": one.at}


def _figures_view(one: Figures) -> dict[str, Any]:
    scale = SCALES[one.measure]
    names = ("pledged", "committed", "disbursed", "received", "difference")
    amounts = {name: getattr(one, name) for name in names}
    return {
        "line": one.line,
        "measure": one.measure,
        "unit": one.unit,
        **{name: None if of is None else Decimal(of) / scale for name, of in amounts.items()},
    }


def _report_view(report: Report) -> dict[str, Any]:
    names = ("side", "up_to", "at", "text")
    return {
        **{name: getattr(report, name) for name in names},
        "lines": [_told_view(line) for line in report.lines],
    }


def _told_view(line: ToldLine) -> dict[str, Any]:
    names = ("line", "unit", "given_currency", "rate_date")
    return {
        **{name: getattr(line, name) for name in names},
        **in_measure(line.measure, line.amount),
        "given_amount": amount_of(line.given_cents),
    }


def _history(match: Match, identity: Identity) -> Iterator[dict[str, Any]]:
    """Each step; what a coordinator said, and whose account it was, for those who oversee."""
    said = {one.place: one.text for one in match.said}
    every = oversees(identity, match.country)
    names = ("source", "target", "action", "at", "role", "party", "reason")
    for place, step in enumerate(match.history):
        if step.action in OF_THREAD:
            continue
        told = every or step.role in _PARTIES
        yield {
            **{name: getattr(step, name) for name in names},
            "said": said.get(place) if told else None,
            "subject": step.subject if every else None,
        }
