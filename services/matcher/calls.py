"""What a commitment draws from the call that its offer is made under.

A call is a ledger line of its own, its fund, all that it has to give; and what it gives to one
project is another, whose limit is the call's ceiling for one. A project is a request; and what
several are together, by an alliance or in an application, is one too. So offers under one call
cannot give more than it has together, nor several of them more to one project than the call allows.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.matcher.ceilings import worth
from services.matcher.documents import CommitmentLine, view_id
from services.matcher.domain import LineLimit, convert
from services.matcher.ledger import Limits, set_limits
from services.matcher.ledger_documents import LedgerLine
from services.matcher.record_views import View, stored_view, stored_views
from shared.vocabulary.currencies import NoRate
from shared.vocabulary.errors import UnknownCode
from shared.web.problems import FieldError, conflict, invalid

THE_LINE = 1
"""A call, and what it gives to a project, have one ledger line each."""


@dataclass(frozen=True)
class Drawn:
    """Money that is said to be drawn from a call, as it was given."""

    cents: int
    currency: str


def project_record(call: str, project: str) -> str:
    """The record that the ledger line of what a call gives to a project stands under.

    A project's id is that of its request, its alliance or its application.
    """
    return f"{call}.{project}"


def drawn_lines(
    offer: View,
    projects: Sequence[str],
    lines: Sequence[CommitmentLine],
    said: Drawn | None,
    on: date,
) -> list[CommitmentLine]:
    """What beside these lines is taken from the offer's call; nothing where there is no limit.

    `projects` are those that it counts to: the request, and the alliance for whose sake it is. It
    is what was `said`, or else what the offer's lines are worth at the rate of the day `on`.
    Raises the 422 problem where that cannot be known, and the 409 problem for a call that was
    removed or is not heard of yet.
    """
    if offer.call is None:
        if said is not None:
            raise _invalid("The offer is made under no call.", "unknown-line")
        return []
    call = stored_view("call", offer.call)
    if call is None:
        raise conflict("call-unknown", "The offer's call is not known here yet; try again soon.")
    if call.status != "published":
        raise conflict("not-open", f"The offer's call is {call.status} and open no more.")
    limits = [("call", call.record, line.unit) for line in call.lines]
    if call.ceiling is not None:
        _, currency = call.ceiling
        limits += [("project", project_record(call.record, one), currency) for one in projects]
    if not limits and said is not None:
        raise _invalid("The offer's call has neither a fund nor a ceiling.", "unknown-line")
    return [
        _line(side, record, currency, _cents(offer, lines, said, currency, on), said, on)
        for side, record, currency in limits
    ]


def _line(
    side: str, record: str, currency: str, cents: int, said: Drawn | None, on: date
) -> CommitmentLine:
    line = CommitmentLine(
        side=side, record=record, line=THE_LINE, measure="money", unit=currency, amount=cents
    )
    if said is not None and said.currency != currency:
        line.given_cents, line.given_currency = said.cents, said.currency
        line.rate_date = on.isoformat()
    return line


def _cents(
    offer: View,
    lines: Iterable[CommitmentLine],
    said: Drawn | None,
    currency: str,
    on: date,
) -> int:
    try:
        if said is not None:
            found: int | None = convert(said.cents, said.currency, currency, on)
        else:
            parts = [worth(offer, line, currency, on) for line in lines if line.side == "offer"]
            found = None if None in parts else sum(part for part in parts if part is not None)
    except (NoRate, UnknownCode) as error:
        raise _invalid(str(error), "no-rate") from None
    if not found or found < 0:
        message = "Say what is drawn from the offer's call: a line of side `call` with its money."
        raise _invalid(message, "required")
    return found


def open_projects(lines: Iterable[CommitmentLine], now: datetime) -> None:
    """Let the ledger have the lines of what calls give to projects, with their present limits.

    To be called before anything is reserved; repeating changes nothing.
    """
    for line in lines:
        if line.side == "project":
            call = stored_view("call", line.record.split(".")[0])
            if call is not None and call.ceiling is not None:
                set_limits([_project_limits(call, line.record, call.ceiling)], now)


def follow_ceilings(calls: Iterable[str], now: datetime) -> None:
    """Bring the ledger lines of what these calls give to projects to the calls' ceilings.

    Where a call has no ceiling any more, the former one stays with what is held under it.
    """
    for call in stored_views([view_id("call", id_) for id_ in calls]).values():
        under = {"side": "project", "record": {"$regex": f"^{re.escape(call.record)}\\."}}
        records = LedgerLine._get_collection().distinct("record", under)
        if records and call.ceiling is not None:
            set_limits([_project_limits(call, record, call.ceiling) for record in records], now)


def _project_limits(call: View, record: str, ceiling: tuple[int, str]) -> Limits:
    cents, currency = ceiling
    limit = LineLimit(THE_LINE, "money", currency, cents)
    return Limits("project", record, call.version, call.status == "published", [limit])


def _invalid(message: str, code: str) -> Exception:
    return invalid([FieldError("lines", message, code)])
