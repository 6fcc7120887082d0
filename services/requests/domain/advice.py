"""What is missing of a request for a donor to act on it, for its author to know before submitting.

Advice: it never blocks a step.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from services.requests.documents import MEASURES, AssistanceRequest, NeedLine, Objective
from shared.registers.texts import inferred_of


@dataclass(frozen=True)
class Advice:
    """One thing that is missing: a code, the field that it belongs into, the need lines without it.

    `missing` are the parts of an objective that are not there.
    """

    code: str
    field: str
    lines: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()


def advice_for(request: AssistanceRequest, today: date, *, contact_due: bool) -> list[Advice]:
    """What is missing, in the order in which it matters to a donor.

    `contact_due` tells whether the State's points of contact are missing or were not confirmed for
    a year.
    """
    return [
        *_of_lines(request),
        *_of_time(request, today),
        *_of_objectives(request),
        *_of_papers(request),
        *([Advice("contact", "country")] if contact_due else []),
    ]


def _of_lines(request: AssistanceRequest) -> Iterator[Advice]:
    if not request.needs:
        inferred = inferred_of(request)["lines"]
        yield Advice("lines-inferred" if inferred else "lines", "needs")
        return
    without = {
        "quantity": lambda need: need.quantity is None and need.amount is None,
        "unit": lambda need: need.quantity is not None and need.unit is None,
        "sites": lambda need: need.kind != "funding" and not need.sites,
    }
    for code, lacks in without.items():
        yield from _lacking(request, code, lacks)


def _of_time(request: AssistanceRequest, today: date) -> Iterator[Advice]:
    if request.window is None:
        if request.needs:
            yield from _lacking(request, "window", lambda need: need.window is None)
        else:
            yield Advice("window", "window")
    elif request.window.end < today:
        yield Advice("window-over", "window")
    if request.priority is None:
        yield Advice("priority", "priority")


def _of_objectives(request: AssistanceRequest) -> Iterator[Advice]:
    if not request.objectives and not any(need.objectives for need in request.needs):
        yield Advice("objectives", "objectives")
    whole = _missing(request.objectives)
    if whole:
        yield Advice("objective", "objectives", (), whole)
    vague = {need.line: _missing(need.objectives) for need in request.needs}
    lines = tuple(line for line, parts in vague.items() if parts)
    if lines:
        objectives = [one for need in request.needs for one in need.objectives]
        yield Advice("objective", "needs", lines, _missing(objectives))


def _of_papers(request: AssistanceRequest) -> Iterator[Advice]:
    if request.action_plan is None:
        yield Advice("action-plan", "action_plan")
    if not request.evidence:
        yield Advice("evidence", "evidence")
    if request.channel == "national-report" and request.source_report is None:
        yield Advice("source-report", "source_report")


def _lacking(
    request: AssistanceRequest, code: str, lacks: Callable[[NeedLine], bool]
) -> Iterator[Advice]:
    lines = tuple(need.line for need in request.needs if lacks(need))
    if lines:
        yield Advice(code, "needs", lines)


def _missing(objectives: Iterable[Objective]) -> tuple[str, ...]:
    """What any of them does not say."""
    found = {name for one in objectives for name in one.unsaid()}
    return tuple(name for name in MEASURES if name in found)
