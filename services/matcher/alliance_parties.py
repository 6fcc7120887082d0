"""What members of an alliance ask for, from what the matcher's own projection knows of requests.

Confidential need lines are in none of it.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from services.matcher.alliance_documents import Alliance
from services.matcher.alliance_rules import IN_IT
from services.matcher.documents import RecordView, ViewLine, view_id
from services.matcher.domain import convert
from services.matcher.engine.joint import AskedLine, Code, Party
from services.matcher.engine.stated import unpacked
from shared.registers.counting import UNNAMED_UNIT, WHOLE_UNIT
from shared.vocabulary.currencies import NoRate
from shared.vocabulary.errors import UnknownCode

_DOLLARS = "USD"

Views = Mapping[str, RecordView]


def views_of(side: str, records: Iterable[str]) -> Views:
    """What is known of records, by `view_id`."""
    ids = [view_id(side, record) for record in records]
    return {view.id: view for view in RecordView.objects(id__in=ids)}


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


def open_lines(view: RecordView) -> list[tuple[Code, ViewLine]]:
    """A request's lines that are not confidential, each with its theme and kind."""
    stated = unpacked(view.stated).lines
    return [
        ((stated[line.line].theme, stated[line.line].kind), line)
        for line in view.lines
        if not line.confidential and line.line in stated
    ]


def _asked(view: RecordView, on: date) -> tuple[AskedLine, ...]:
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


def _is_counted(line: ViewLine) -> bool:
    return bool(line.measure == "quantity" and line.unit not in (WHOLE_UNIT, UNNAMED_UNIT))


def _dollars(line: ViewLine, on: date) -> int | None:
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
