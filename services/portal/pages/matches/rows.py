"""What stands in the tables and bars of a match: plain values of what the services tell."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from services.portal.pages.dollars import in_currency
from services.portal.pages.wording import told
from shared.registers.counting import UNNAMED_UNIT, counted
from shared.registers.measures import event_unit

_THOUSAND = 1000


@dataclass(frozen=True)
class Line:
    """A line of a request or an offer, and what it is counted in: `measure` and `unit`.

    `theme` and `kind` are None of one that the reader is not shown, and that its record lost.
    """

    number: int
    theme: str | None
    kind: str | None
    measure: str
    unit: str
    whole: float | None


def lines(record: Mapping[str, Any] | None, list_name: str, count: str) -> list[Line]:
    """The lines of a record: its `needs` by `quantity`, or its `provisions` by `capacity`."""
    return [_line(one, one[count]) for one in (record or {}).get(list_name, ())]


def _line(one: Mapping[str, Any], count: float | None) -> Line:
    stored = None if count is None else int(Decimal(str(count)) * _THOUSAND)
    cents = None if one["amount"] is None else int(Decimal(str(one["amount"])) * 100)
    own = counted(one["kind"], stored, one["unit"], cents, one["currency"])
    whole = one["amount"] if own.measure == "money" else count
    return Line(one["line"], one["theme"], one["kind"], own.measure, own.unit, whole)


def promised_line(one: Mapping[str, Any]) -> Line:
    """A line of which something is promised, as its match tells of it; `whole` is not told."""
    return Line(one["line"], one["theme"], one["kind"], one["measure"], one["unit"], None)


def figured_line(
    figure: Mapping[str, Any], named: Mapping[int, Line], every: Sequence[Line]
) -> Line:
    """A line as a figure counts it, by its name among those that are `named`, in its unit as
    `every` line of the offer has it."""
    known, unit = named.get(figure["line"]), unit_written(figure, every)
    theme, kind = (None, None) if known is None else (known.theme, known.kind)
    return Line(figure["line"], theme, kind, figure["measure"], unit, None)


def amount_told(line: Mapping[str, Any], every: Sequence[Line] = ()) -> str:
    """What a commitment takes from a line, in its unit as `every` line of its record has it."""
    value = line["quantity"] if line["measure"] == "quantity" else line["amount"]
    said = None if value is None else float(value)
    return told(said, line["measure"], unit_written(line, every))


def unit_written(line: Mapping[str, Any], every: Sequence[Line]) -> str:
    """What the ledger counts a line in, as the line itself says it: the ledger knows the noun
    alone, and counts radio stations as it does the police's. Its own where the line is counted
    otherwise now, or not shown."""
    unit, at = str(line["unit"]), (line["line"], line["measure"])
    own = (one.unit for one in every if (one.number, one.measure) == at)
    return next((one for one in own if _as_counted(one) == unit), unit)


def _as_counted(unit: str) -> str:
    return event_unit(unit) or UNNAMED_UNIT


def sent(line: Line, value: Decimal) -> dict[str, Any]:
    """So much of a line, as the matcher's API takes it."""
    if line.measure == "money":
        return {"line": line.number, "amount": float(value), "currency": line.unit}
    return {"line": line.number, "quantity": float(value)}


def among(every: Sequence[Line], numbers: Collection[int]) -> list[Line]:
    """Of the lines of a record those with these numbers; all where it has none of them."""
    return [line for line in every if line.number in numbers] or list(every)


def proposed(line: Line, side: str, serves: Sequence[Mapping[str, Any]], on: date) -> float | None:
    """How much of a line a commitment takes by what the proposal says is served, at the rates of
    a day; None: not said, or nobody can say."""
    name = "need" if side == "request" else "provision"
    own = "quantity" if line.measure == "quantity" else "amount"
    values = [one[own] for one in serves if one[name] == line.number and one[own] is not None]
    if not values:
        return None
    total: float | None = float(sum(values))
    if total is not None and line.measure == "money":
        like = () if line.whole is None else (float(line.whole),)
        total = in_currency(total, line.unit, on, like)
    return total if total is None or line.whole is None else min(total, float(line.whole))


def promise_of(line: Line, promised: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """What is promised of a line, counted as it is now; None where nothing is."""
    units = {line.unit, _as_counted(line.unit)}
    return next(
        (
            one
            for one in promised
            if (one["line"], one["measure"]) == (line.number, line.measure) and one["unit"] in units
        ),
        None,
    )


def pledge_left(promise: Mapping[str, Any] | None) -> float | None:
    """What of a line is pledged and not committed yet; None for nothing."""
    if promise is None or promise["pledged"] is None:
        return None
    left = round(promise["pledged"] - promise["committed"], 3)
    return left if left > 0 else None


def committed_of(need: Mapping[str, Any], line: Line) -> float | None:
    """What is committed of a need line, whoever gives it; None where that is not told."""
    return None if need.get("committed") is None else float(_of_need(need, "committed", line) or 0)


def _of_need(need: Mapping[str, Any], name: str, line: Line) -> float | None:
    value: float | None = (need.get(name) or {}).get(
        "quantity" if line.measure == "quantity" else "amount"
    )
    return value


def progress(need: Mapping[str, Any], line: Line) -> list[tuple[str, float | None, float, str]]:
    """Delivered, committed, pledged of a need line: name, amount, share of the need, class.

    The narrowest comes first, for the bar is painted from its end.
    """
    found: list[tuple[str, float | None, float, str]] = []
    for name in ("delivered", "committed", "pledged"):
        value = _of_need(need, name, line)
        share = 0.0 if not value or not line.whole else float(value) / float(line.whole)
        found.append((name, value, share, name))
    return found
