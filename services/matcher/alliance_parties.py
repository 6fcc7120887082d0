"""What members of an alliance ask for, from what the matcher's own projection knows of requests.

Confidential need lines are in none of it.
"""

from collections.abc import Collection, Iterable
from datetime import date

from services.matcher.alliance_documents import Alliance
from services.matcher.alliance_rules import IN_IT
from services.matcher.documents import view_id
from services.matcher.domain import convert
from services.matcher.engine.joint import AskedLine, Code, Party
from services.matcher.engine.stated import unpacked
from services.matcher.record_views import Line, View, Views, stored_views
from shared.registers.counting import UNNAMED_UNIT, WHOLE_UNIT
from shared.vocabulary.currencies import NoRate
from shared.vocabulary.errors import UnknownCode

_DOLLARS = "USD"


def views_of(side: str, records: Iterable[str]) -> Views:
    """What is known of records, by `view_id`."""
    return stored_views([view_id(side, record) for record in records])


def parties(
    alliance: Alliance, views: Views, on: date, standings: Collection[str] = IN_IT
) -> list[Party]:
    """The requests that stand in it in one of these ways, with what may be told of their lines."""
    found = []
    for member in alliance.members:
        view = views.get(view_id("request", member.request))
        if member.standing in standings and view is not None:
            found.append(Party(member.request, member.country, _asked(view, on)))
    return found


def open_lines(view: View) -> list[tuple[Code, Line]]:
    """A request's lines that are not confidential, each with its theme and kind."""
    stated = unpacked(view.stated).lines
    return [
        ((stated[line.line].theme, stated[line.line].kind), line)
        for line in view.lines
        if not line.confidential and line.line in stated
    ]


def _asked(view: View, on: date) -> tuple[AskedLine, ...]:
    return tuple(
        AskedLine(
            line=line.line,
            theme=theme,
            kind=kind,
            quantity=line.limit if _is_counted(line) else None,
            unit=line.unit if _is_counted(line) else None,
            cents=_dollars(line, on),
        )
        for (theme, kind), line in open_lines(view)
    )


def _is_counted(line: Line) -> bool:
    return bool(line.measure == "quantity" and line.unit not in (WHOLE_UNIT, UNNAMED_UNIT))


def _dollars(line: Line, on: date) -> int | None:
    cents, currency = (
        (line.limit, line.unit)
        if line.measure == "money"
        else (line.worth_cents, line.worth_currency)
    )
    if cents is None or currency is None:
        return None
    try:
        return convert(cents, currency, _DOLLARS, on)
    except (NoRate, UnknownCode):
        return None
