"""What a call admits of an application: its window, States, themes, ceiling and fund."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from services.matcher.application_documents import AppliedLine
from services.matcher.application_rules import is_eligible, late_or_early, serves_line
from services.matcher.documents import CommitmentLine
from services.matcher.domain import CENTS, convert, thousandths
from services.matcher.embargo_checks import lines_bar, require_unbarred, stated_lines
from services.matcher.engine.geography import Geography
from services.matcher.promises import taken_line
from services.matcher.record_views import View, Views, stored_view
from shared.lifecycle import SHOWN
from shared.vocabulary.currencies import NoRate
from shared.vocabulary.errors import UnknownCode
from shared.web.problems import FieldError, conflict, invalid, invalid_field


def call_view(call: str) -> View:
    """What is known of a call; the 422 problem for one that is not known here."""
    found = stored_view("call", call)
    if found is None:
        raise invalid_field("call", "There is no such call.", "unknown-call")
    return found


def applied_lines(sent: Sequence[Mapping[str, Any]], views: Views, on: date) -> list[AppliedLine]:
    """The lines of a body; the 422 problem names each that no such line of a request can be."""
    errors: list[FieldError] = []
    lines: list[AppliedLine] = []
    for place, one in enumerate(sent):
        field = f"lines[{place}]"
        view = views.get(one["request"])
        known = next((x for x in view.lines if x.line == one["line"]), None) if view else None
        if view is None or known is None:
            message = "There is no such request, or it has no such line."
            errors.append(FieldError(f"{field}.line", message, "unknown-line"))
            continue
        if any((x.request, x.line) == (one["request"], one["line"]) for x in lines):
            errors.append(FieldError(f"{field}.line", "This line was sent twice.", "repeated-line"))
            continue
        counted = known.measure == "quantity"
        if counted != (one["quantity"] is not None):
            message = f"This line is counted in {known.unit}: give its `quantity` only then."
            errors.append(FieldError(f"{field}.quantity", message, "measure"))
            continue
        cents = int(one["amount"] * CENTS)
        if cents <= 0:
            errors.append(FieldError(f"{field}.amount", "More than 0.", "too_small"))
            continue
        lines.append(
            AppliedLine(
                request=one["request"],
                line=one["line"],
                taken=thousandths(one["quantity"]) if counted else None,
                unit=known.unit if counted else None,
                cents=cents,
                currency=one["currency"],
            )
        )
        if not counted:
            money = {"quantity": None, "amount": one["amount"], "currency": one["currency"]}
            taken_line(view, known, money, on, field, errors)
    if errors:
        raise invalid(errors)
    return lines


def require_admitted(
    call: View, lines: Sequence[AppliedLine], views: Views, geography: Geography
) -> None:
    """Raise the 409 or 422 problem that names what the call does not admit, on the geography's day.

    The fund itself is no limit to applying, only what it has in all: what is left of it the ledger
    says when the fund approves.
    """
    on = geography.on
    if call.status != "published":
        raise conflict("not-open", f"The call is {call.status} and open no more.")
    closed = late_or_early(call.terms.get("window"), on)
    if closed is not None:
        raise conflict("call-window", f"{closed[0].upper()}{closed[1:]}.")
    errors = []
    for place, line in enumerate(lines):
        view = views.get(line.request)
        stated = None if view is None else stated_lines(view).get(line.line)
        if view is None or view.status not in SHOWN or stated is None:
            message = "The request is not open, or has this line no more."
            errors.append(FieldError(f"lines[{place}].request", message, "not-open"))
        elif not is_eligible(call.eligibility, view.owner or "", geography):
            message = f"The call is not for {view.owner}."
            errors.append(FieldError(f"lines[{place}].request", message, "eligibility"))
        else:
            themes, kinds = call.terms.get("themes", ()), call.terms.get("kinds", ())
            lacking = serves_line(themes, kinds, stated.theme, stated.kind)
            if lacking is not None:
                message = f"The call does not pay for this {lacking}: {getattr(stated, lacking)}."
                errors.append(FieldError(f"lines[{place}].line", message, lacking))
    if errors:
        raise invalid(errors)
    _require_within(call, lines, on)
    for request in sorted({line.request for line in lines}):
        taken = [line for line in lines if line.request == request]
        require_unbarred(lines_bar(views[request].owner, request, _as_taken(taken), on))


def in_currency(lines: Iterable[AppliedLine], currency: str, on: date) -> int:
    """What lines ask for together, in hundredths of a currency at a day's rate; 422 without one."""
    asked: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        asked[line.currency] += line.cents
    try:
        return sum(convert(cents, given, currency, on) for given, cents in asked.items())
    except (NoRate, UnknownCode) as error:
        raise invalid_field("lines", str(error), "no-rate") from None


def _require_within(call: View, lines: Sequence[AppliedLine], on: date) -> None:
    limits = [(line.limit, line.unit, "in all") for line in call.lines]
    if call.ceiling is not None:
        limits.append((*call.ceiling, "to one project at most"))
    for limit, currency, what in limits:
        asked = in_currency(lines, currency, on)
        if asked > limit:
            raise conflict(
                "ceiling",
                f"The call gives {limit / CENTS:.2f} {currency} {what}; this asks for "
                f"{asked / CENTS:.2f}.",
            )


def _as_taken(lines: Iterable[AppliedLine]) -> list[CommitmentLine]:
    return [CommitmentLine(side="request", record=x.request, line=x.line) for x in lines]
