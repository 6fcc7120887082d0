"""What a reader is shown of proposals, commitments and the ledger."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from services.matcher.cooperating import cooperation
from services.matcher.documents import Commitment
from services.matcher.domain import CENTS, OF_THREAD, SCALES
from services.matcher.embargo_checks import embargoes_on
from services.matcher.embargo_documents import Embargo
from services.matcher.embargo_views import proposal_embargoes
from services.matcher.explained import explained
from services.matcher.ledger_documents import LedgerCase, LedgerLine
from services.matcher.notices import notices
from services.matcher.promised_lines import held_by, promised_lines
from services.matcher.proposals import Proposal
from services.matcher.refusing import because_view
from services.matcher.rights import oversees
from services.matcher.track_records import Known, known_to, track_record_view
from shared.registers.measures import amount_of, in_measure
from shared.web.identity import Identity
from shared.web.logging import record_confidential_read


def proposal_views(
    proposals: Sequence[Proposal], identity: Identity, language: str, on: date
) -> list[dict[str, Any]]:
    """Proposals with their reasons in a language; reading a confidential line is logged.

    What is known beside them, of donors, of States and of commitments, is read once for all.
    """
    records = known_to(identity, (one.offer.owner for one in proposals))
    embargoes = embargoes_on(one.request.owner for one in proposals)
    held = held_by(one.match for one in proposals if one.match is not None)
    return [
        _proposal_view(
            one,
            records.get(one.offer.owner or ""),
            embargoes.get(one.request.owner or "", []),
            held.get(one.id, ()),
            identity,
            language,
            on,
        )
        for one in proposals
    ]


def _proposal_view(
    proposal: Proposal,
    record: Known | None,
    embargoes: Sequence[Embargo],
    held: Sequence[Commitment],
    identity: Identity,
    language: str,
    on: date,
) -> dict[str, Any]:
    if proposal.request.hidden_lines:
        hidden = len(proposal.hidden)
        record_confidential_read(identity.subject, identity.role, proposal.id, hidden)
    entry, match, offer = proposal.entry, proposal.match, proposal.offer
    return {
        "id": proposal.id,
        "request": proposal.request.record,
        "offer": offer.record,
        "country": proposal.request.owner,
        "priority": proposal.request.priority,
        "organisation": offer.owner,
        "rank": entry["rank"],
        "score": entry["score"],
        "model": proposal.model,
        "status": proposal.status,
        **cooperation(proposal, language, on),
        "conditions": offer.conditions,
        "serves": [serving_view(serving) for serving in proposal.serves],
        "promised": promised_lines(proposal, held),
        **explained(proposal, identity, language, on, None if record is None else record.heard),
        "track_record": track_record_view(record, language),
        **notices(proposal, identity, language),
        "embargoes": proposal_embargoes(proposal, embargoes, language, on),
        "hidden_lines": len(proposal.hidden),
        "reason": match.reason if match is not None and oversees(identity, match.country) else None,
        "history": [] if match is None else [s for s in match.history if s.action not in OF_THREAD],
        "version": str(proposal.version),
        "request_version": str(proposal.request.version),
        "offer_version": str(offer.version),
    }


def serving_view(serving: Mapping[str, Any]) -> dict[str, Any]:
    """What a provision does for a need, money in US dollars."""
    amounts = {name: serving.get(name) for name in ("amount", "amount_of")}
    dollars = {name: None if cents is None else cents / CENTS for name, cents in amounts.items()}
    return {**serving, **dollars}


def commitment_view(commitment: Commitment, hidden: frozenset[int]) -> dict[str, Any]:
    """The commitment without the need lines that the reader may not see."""
    names = (
        *("id", "request", "offer", "country", "organisation", "status", "expires_at"),
        *("coverage", "alliance", "application", "refusal", "reason"),
        *("history", "created_at", "updated_at"),
    )
    lines = [line for line in commitment.lines if line.side != "request" or line.line not in hidden]
    return {
        **{name: getattr(commitment, name) for name in names},
        "proposal": commitment.match,
        "provisional": bool(commitment.provisional),
        "because": because_view(commitment.because),
        "lines": [taken_view(line) for line in lines],
        "version": str(commitment.version),
    }


def taken_view(line: Any) -> dict[str, Any]:
    """What a commitment takes from a line, in the line's own unit."""
    names = ("side", "record", "line", "measure", "unit", "given_currency", "rate_date")
    return {
        **{name: getattr(line, name) for name in names},
        **in_measure(line.measure, line.amount),
        "given_amount": amount_of(line.given_cents),
    }


def ledger_line_view(line: LedgerLine) -> dict[str, Any]:
    """The ledger line in its unit."""
    return {
        **_scaled(line, ("limit", "held", "free")),
        "open": line.open,
        "holds": [
            {"commitment": hold.commitment, "amount": _units(hold.amount, line)}
            for hold in line.holds
        ],
    }


def ledger_case_view(case: LedgerCase) -> dict[str, Any]:
    """The case in its line's unit."""
    return {
        **_scaled(case, ("limit", "held")),
        "status": case.status,
        "opened_at": case.opened_at,
        "resolved_at": case.resolved_at,
    }


def _scaled(line: LedgerLine | LedgerCase, amounts: tuple[str, ...]) -> Mapping[str, Any]:
    names = ("id", "side", "record", "line", "measure", "unit")
    return {
        **{name: getattr(line, name) for name in names},
        **{name: _units(getattr(line, name), line) for name in amounts},
    }


def _units(amount: int, line: LedgerLine | LedgerCase) -> Decimal:
    return Decimal(amount) / SCALES[line.measure]
