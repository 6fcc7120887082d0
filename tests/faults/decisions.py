"""Judges what coordinators decided: what was acknowledged took effect, and once."""

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.faults.history import Final, History

DECISIONS: Mapping[str, tuple[str, ...]] = {
    "duplicates": ("link", "dismiss"),
    "coverage": ("dismiss",),
}
"""What is decided on cases: to confirm coverage would take what the bank counts on."""
_DECIDED = frozenset(step for steps in DECISIONS.values() for step in steps)
Steps = Counter[tuple[str, str]]
"""How often each step was taken of a pair."""


def decided(final: Final) -> Steps:
    """What the cases' own histories tell of coordinators' decisions."""
    return Counter(
        (case.pair, step) for case in final.cases for step in case.steps if step in _DECIDED
    )


def decisions_lost(history: History, final: Final) -> Iterator[str]:
    """An acknowledged decision on a case is in the case's history, whatever came after it."""
    found = decided(final)
    for (pair, step), times in _sent(history, "ok").items():
        if found[pair, step] < times:
            yield f"{pair}: {step} was acknowledged {times} times, it tells of {found[pair, step]}"


def decisions_twice(history: History, final: Final) -> Iterator[str]:
    """No decision on a case is taken twice, and none that was refused or that nobody sent."""
    sent = _sent(history, "ok", "unknown")
    for (pair, step), times in decided(final).items():
        if times > sent[pair, step]:
            yield f"{pair}: {step} was taken {times} times, and sent {sent[pair, step]} times"


def _sent(history: History, *outcomes: str) -> Steps:
    return Counter(
        (one.record, one.value)
        for one in history.operations
        if one.kind == "decide" and one.outcome in outcomes
    )
