"""Results of an activity: the request's objectives, what was given, and the report's figures."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from xml.etree.ElementTree import Element

from services.portal.iati.elements import add, number, told
from shared.iati import FIGURE, OWN

Stored = Mapping[str, Any]
Period = tuple[str, str]

_OUTPUT, _OUTCOME, _OTHER = "1", "2", "9"
_UNIT, _QUALITATIVE = "1", "5"
_ENGLISH: Final = "en"


def add_objectives(
    activity: Element, request: Stored | None, needs: Sequence[int], period: Period
) -> None:
    """The objectives of the request, and of its lines that are served, each with its indicator."""
    for one in _objectives(request or {}, needs):
        result = add(activity, "result", type=_OUTCOME, aggregation_status="0")
        told(result, "title", one["text"], None)
        numbers = {name: _as_number(one[name]) for name in ("baseline", "target")}
        is_number = any(numbers.values()) and all(
            numbers[name] is not None or one[name] is None for name in numbers
        )
        indicator = add(result, "indicator", measure=_UNIT if is_number else _QUALITATIVE)
        told(indicator, "title", one["indicator"] or one["text"], None)
        start, end = period[0], max(period[0], one["date"] or period[1])
        if one["baseline"] is not None:
            baseline = add(
                indicator,
                "baseline",
                year=start[:4],
                iso_date=start,
                value=numbers["baseline"] if is_number else None,
            )
            if not is_number:
                told(baseline, "comment", one["baseline"], None)
        held = _add_period(indicator, start, end)
        if one["target"] is not None:
            target = add(held, "target", value=numbers["target"] if is_number else None)
            if not is_number:
                told(target, "comment", one["target"], None)


def add_outputs(activity: Element, match: Stored, period: Period) -> None:
    """What is committed in kind, and what of it both sides say was given and received."""
    committed = _quantities(line for one in match["held"] for line in one["lines"])
    if not committed:
        return
    result = add(activity, "result", type=_OUTPUT, aggregation_status="0")
    told(result, "title", "Committed and given in kind", _ENGLISH)
    said = {side: _newest(match["told"], side) for side in ("donor", "state")}
    for (line, unit), quantity in committed.items():
        indicator = add(result, "indicator", measure=_UNIT)
        told(indicator, "title", f"{unit} (line {line} of the offer)", _ENGLISH)
        held = _add_period(indicator, *period)
        add(held, "target", value=number(quantity))
        for side, word in (("donor", "given"), ("state", "received")):
            if (line, unit) in said[side]:
                actual = add(held, "actual", value=number(said[side][line, unit]))
                told(actual, "comment", f"As the {side} says was {word}", _ENGLISH)


def add_figures(activity: Element, figures: Sequence[Stored], period: Period) -> None:
    """What the match adds to each figure of the report: `actual` of `target`, or a value alone."""
    if not figures:
        return
    result = add(activity, "result", type=_OTHER, aggregation_status="0")
    told(result, "title", "What the report counts of it", _ENGLISH)
    for one in figures:
        indicator = add(result, "indicator", measure=_UNIT)
        told(indicator, "title", one["name"].replace("-", " "), _ENGLISH)
        add(indicator, "reference", vocabulary=OWN, code=one["name"], indicator_uri=FIGURE)
        held = _add_period(indicator, *period)
        if one["whole"] is not None:
            add(held, "target", value=number(one["whole"]))
        add(held, "actual", value=number(one["part"]))


def _objectives(request: Stored, needs: Sequence[int]) -> Iterator[Stored]:
    yield from request.get("objectives", ())
    for need in request.get("needs", ()):
        # What a text alone seems to ask for names no line: then those that all see tell.
        if need["line"] in needs or not (needs or need["confidential"]):
            yield from need["objectives"]


def _add_period(indicator: Element, start: str, end: str) -> Element:
    period = add(indicator, "period")
    add(period, "period-start", iso_date=start)
    add(period, "period-end", iso_date=end)
    return period


def _quantities(lines: Iterator[Stored]) -> dict[tuple[int, str], Decimal]:
    found: dict[tuple[int, str], Decimal] = {}
    for line in lines:
        if line["side"] == "offer" and line["measure"] == "quantity":
            key = line["line"], line["unit"]
            found[key] = found.get(key, Decimal(0)) + Decimal(str(line["quantity"]))
    return found


def _newest(reports: Sequence[Stored], side: str) -> dict[tuple[int, str], Decimal]:
    return {
        (line["line"], line["unit"]): Decimal(str(line["quantity"]))
        for report in reports
        if report["side"] == side
        for line in report["lines"]
        if line["measure"] == "quantity"
    }


def _as_number(text: str | None) -> str | None:
    try:
        value = Decimal((text or "").strip())
    except InvalidOperation:
        return None
    return number(value) if value.is_finite() and abs(value.adjusted()) < 16 else None
