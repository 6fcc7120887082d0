"""What a reader is shown of an application."""

from typing import Any

from services.matcher.application_documents import Application, AppliedLine
from services.matcher.domain import CENTS
from services.matcher.embargo_checks import stated_lines
from services.matcher.ledger_documents import LedgerLine
from services.matcher.record_views import View, stored_view, views_by_record
from services.matcher.rights import oversees, owns_offer
from shared.registers.measures import amount_of, quantity_of
from shared.web.identity import Identity
from shared.web.logging import record_confidential_read


def application_view(application: Application, identity: Identity) -> dict[str, Any]:
    """The application with what its lines are about; reading a confidential line is logged."""
    views = views_by_record("request", application.requests)
    hidden = {(view.record, line) for view in views.values() for line in view.hidden_lines} & {
        (line.request, line.line) for line in application.lines
    }
    if hidden:
        record_confidential_read(identity.subject, identity.role, application.id, 0)
    names = (
        *("id", "call", "organisation", "status", "states", "agreed", "refusal"),
        *("history", "created_at", "updated_at"),
    )
    told = oversees(identity) or owns_offer(identity, application.organisation)
    committed = application.status == "approved"
    return {
        **{name: getattr(application, name) for name in names},
        "lines": [_line(line, views.get(line.request)) for line in application.lines],
        "money": _money(application.call),
        "commitments": (
            [application.commitment(one) for one in application.requests] if committed else []
        ),
        "reason": application.reason if told or identity.state in application.states else None,
        "version": str(application.version),
    }


def _line(line: AppliedLine, asked: View | None) -> dict[str, Any]:
    stated = None if asked is None else stated_lines(asked).get(line.line)
    return {
        "request": line.request,
        "line": line.line,
        "country": None if asked is None else asked.owner,
        "theme": None if stated is None else stated.theme,
        "kind": None if stated is None else stated.kind,
        "quantity": None if line.taken is None else quantity_of(line.taken),
        "unit": line.unit,
        "amount": amount_of(line.cents),
        "currency": line.currency,
    }


def _money(call: str) -> dict[str, Any]:
    """What a call allows; nothing of one that is not known (any more)."""
    view = stored_view("call", call)
    fund = None if view is None or not view.lines else view.lines[0]
    held = None
    if fund is not None:
        held = LedgerLine.objects(side="call", record=call, unit=fund.unit).first()
    return {
        "ceiling": None if view is None else amount_of(view.ceiling_cents),
        "ceiling_currency": None if view is None else view.ceiling_currency,
        "fund": None if fund is None else amount_of(fund.limit),
        "left": None if held is None else held.free / CENTS,
        "fund_currency": None if fund is None else fund.unit,
    }
