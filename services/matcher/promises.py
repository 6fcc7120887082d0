"""From what a caller sends to the lines of a commitment, each in its ledger line's own unit."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.matcher.calls import THE_LINE, Drawn, drawn_lines
from services.matcher.ceilings import above_ceiling
from services.matcher.conditions import unaccepted
from services.matcher.documents import Commitment, CommitmentLine, Match
from services.matcher.domain import (
    CENTS,
    COMMITTABLE,
    SPOKEN_FOR,
    THOUSANDTHS,
    convert,
    ledger_line_id,
    thousandths,
)
from services.matcher.embargo_checks import lines_bar, require_unbarred
from services.matcher.exchange import is_counted_whole
from services.matcher.ledger_documents import LedgerLine
from services.matcher.proposals import Proposal
from services.matcher.record_views import Line, View
from services.matcher.rights import oversees
from shared.lifecycle import GIVEN
from shared.vocabulary.currencies import NoRate
from shared.vocabulary.errors import UnknownCode
from shared.web.identity import Identity
from shared.web.problems import FieldError, conflict, invalid, invalid_field


def require_committable(proposal: Proposal) -> None:
    """Raise the 409 problem unless donor and State have agreed, by the conditions as they are."""
    if proposal.status in SPOKEN_FOR - COMMITTABLE:
        message = f"The proposal is {proposal.status}; donor and State have to agree first."
        raise conflict("not-agreed", message)
    if proposal.status not in COMMITTABLE:
        message = f"The proposal is {proposal.status}; a coordinator has to endorse it first."
        raise conflict("not-endorsed", message)
    if proposal.match is not None and unaccepted(proposal.match, proposal.offer):
        message = "The offer's conditions have changed; the State has to accept them first."
        raise conflict("conditions-changed", message)


def require_releasable(commitment: Commitment, identity: Identity, reason: str | None) -> None:
    """Raise the 422 problem for a party without a reason, the 409 problem once all is delivered."""
    if reason is None and not oversees(identity):
        raise invalid_field("reason", "Say why this is given back.", "required")
    match = Match.objects(id=commitment.match).only("status").first()
    if match is not None and match.status in GIVEN:
        raise conflict("delivered", "What this held is delivered; it stays with its record.")


def commitment_lines(
    proposal: Proposal,
    sent: Sequence[Mapping[str, Any]],
    on: date,
    alliance: str | None = None,
) -> list[CommitmentLine]:
    """The lines of a commitment from a body's `lines`; money at the rate of the day `on`.

    What an offer under a call gives is drawn from the call too (calls.py); for an `alliance`'s sake
    it counts to that as one project. Raises the 422 problem
    naming each field that is wrong: a line that the record does not have or that was sent twice, a
    measure that is not the line's own, or a side without any line.
    """
    errors: list[FieldError] = []
    lines: list[CommitmentLine] = []
    drawn: Drawn | None = None
    for index, one in enumerate(sent):
        field = f"lines[{index}]"
        if one["side"] == "call":
            drawn = _drawn(one, drawn, field, errors)
            continue
        view = proposal.request if one["side"] == "request" else proposal.offer
        known = next((line for line in view.lines if line.line == one["line"]), None)
        if known is None:
            message = f"The {one['side']} has no line {one['line']}."
            errors.append(FieldError(f"{field}.line", message, "unknown-line"))
        elif any((line.side, line.line) == (one["side"], one["line"]) for line in lines):
            errors.append(FieldError(f"{field}.line", "This line was sent twice.", "repeated-line"))
        else:
            line = taken_line(view, known, one, on, field, errors)
            if line is not None:
                lines.append(line)
    missing = {"request", "offer"} - {one["side"] for one in sent}
    for side in sorted(missing):
        message = f"Say what is taken from the {side}: a commitment names both sides."
        errors.append(FieldError("lines", message, "required"))
    if errors:
        raise invalid(errors)
    country, request = proposal.request.owner, proposal.request.record
    require_unbarred(lines_bar(country, request, lines, on))
    _require_ceiling(proposal, lines, on)
    projects = [proposal.request.record, *([] if alliance is None else [alliance])]
    return lines + drawn_lines(proposal.offer, projects, lines, drawn, on)


def _drawn(
    sent: Mapping[str, Any], before: Drawn | None, field: str, errors: list[FieldError]
) -> Drawn | None:
    """What is said to be drawn from the offer's call; a commitment draws once."""
    if before is not None:
        errors.append(FieldError(f"{field}.side", "This line was sent twice.", "repeated-line"))
    elif sent["amount"] is None or sent["quantity"] is not None:
        message = "A call is counted in money: give `amount` and nothing else."
        errors.append(FieldError(f"{field}.amount", message, "measure"))
    elif sent["line"] != THE_LINE:
        errors.append(FieldError(f"{field}.line", "A call has one line, 1.", "unknown-line"))
    else:
        return Drawn(int(sent["amount"] * CENTS), sent["currency"])
    return before


def taken_line(
    view: View,
    known: Line,
    sent: Mapping[str, Any],
    on: date,
    field: str,
    errors: list[FieldError],
) -> CommitmentLine | None:
    """The line of a commitment that a body's quantity, or amount and currency, makes of a line.

    None where that is wrong: what is wrong is added to `errors`, by field.
    """
    own, other = ("quantity", "amount") if known.measure == "quantity" else ("amount", "quantity")
    if sent[own] is None or sent[other] is not None:
        message = f"This line is counted in {known.unit}: give `{own}` and nothing else."
        errors.append(FieldError(f"{field}.{own}", message, "measure"))
        return None
    line = CommitmentLine(
        side=view.side,
        record=view.record,
        line=known.line,
        measure=known.measure,
        unit=known.unit,
    )
    if known.measure == "quantity":
        line.amount = thousandths(sent["quantity"])
        return line
    cents = int(sent["amount"] * CENTS)
    try:
        line.amount = convert(cents, sent["currency"], known.unit, on)
    except (NoRate, UnknownCode) as error:
        errors.append(FieldError(f"{field}.currency", str(error), "no-rate"))
        return None
    if line.amount <= 0:
        errors.append(FieldError(f"{field}.amount", "This is less than can be held.", "too_small"))
        return None
    if sent["currency"] != known.unit:
        line.given_cents, line.given_currency = cents, sent["currency"]
        line.rate_date = on.isoformat()
    return line


def has_part(measure: str, unit: str, amount: int) -> bool:
    """Whether an amount as the ledger counts it has a part of what is counted whole."""
    return measure == "quantity" and is_counted_whole(unit) and bool(amount % THOUSANDTHS)


def part_error(unit: str, field: str) -> FieldError:
    """What is wrong with a quantity that has a part of what is counted whole."""
    message = f"{unit} are counted whole: say how many without a part of one."
    return FieldError(f"{field}.quantity", message, "part-of-one")


def require_whole(
    proposal: Proposal, sent: Sequence[Mapping[str, Any]], lines: Sequence[CommitmentLine]
) -> None:
    """Raise the 422 problem naming each of `sent` that has a part of what is counted whole.

    All that is left of a line that states a part itself may be taken, and just so much of what
    lines of the other side count in the same unit. `lines` are what was made of `sent`.
    """
    places = {(one["side"], one["line"]): f"lines[{place}]" for place, one in enumerate(sent)}
    parts = [
        line
        for line in lines
        if line.side in ("request", "offer") and has_part(line.measure, line.unit, line.amount)
    ]
    views = {"request": proposal.request, "offer": proposal.offer}
    ends = {(line.unit, line.amount) for line in parts if is_all_left(views[line.side], line)}
    errors = [
        part_error(line.unit, places[line.side, line.line])
        for line in parts
        if (line.unit, line.amount) not in ends
    ]
    if errors:
        raise invalid(errors)


def is_all_left(view: View, line: CommitmentLine) -> bool:
    """Whether it takes all of a line of `view` that states a part of one, or all that is left."""
    stated = next(one.limit for one in view.lines if one.line == line.line)
    if not has_part(line.measure, line.unit, stated):
        return False
    id_ = ledger_line_id(line.side, line.record, line.line, line.measure, line.unit)
    kept = LedgerLine.objects(id=id_).only("free").first()
    return line.amount in (stated, stated if kept is None else kept.free)


def _require_ceiling(proposal: Proposal, lines: Sequence[CommitmentLine], on: date) -> None:
    """Raise the 409 problem if the offer's money for this request goes above its ceiling.

    For a plain answer before anything is begun; what decides is the proposal's own write.
    """
    held = proposal.match.holds if proposal.match is not None else ()
    reason = above_ceiling(proposal.offer, lines, held, on)
    if reason is not None:
        raise conflict("ceiling", f"{reason[0].upper()}{reason[1:]}.")
