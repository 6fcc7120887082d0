"""What would be otherwise: two allocations compared, need by need and donor by donor."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from services.matcher.allocation_documents import AllocatedPair
from services.matcher.allocation_views import measured_view

MOST_CHANGES = 100
"""Needs and donors that are told, each; how many there are is told too."""

_Sums = Mapping[tuple[Any, ...], int]


def changes(before: Iterable[AllocatedPair], after: Iterable[AllocatedPair]) -> dict[str, Any]:
    """What more or less is met of needs and asked of donors, in each line's own unit."""
    ones, others = list(before), list(after)
    needs = _otherwise(_met(ones), _met(others))
    donors = _otherwise(_asked(ones), _asked(others))
    return {
        "needs_changed": len(needs),
        "donors_changed": len(donors),
        "needs": [
            {"request": key[0], "line": key[1], "country": key[2], **_told(key[3:], *amounts)}
            for key, amounts in needs[:MOST_CHANGES]
        ],
        "donors": [
            {"organisation": key[0], **_told(key[1:], *amounts)}
            for key, amounts in donors[:MOST_CHANGES]
        ],
    }


def _met(pairs: Iterable[AllocatedPair]) -> _Sums:
    sums: defaultdict[tuple[Any, ...], int] = defaultdict(int)
    for pair in pairs:
        for line in pair.lines:
            if line["side"] == "request":
                key = (pair.request, line["line"], pair.country, line["measure"], line["unit"])
                sums[key] += line["amount"]
    return sums


def _asked(pairs: Iterable[AllocatedPair]) -> _Sums:
    sums: defaultdict[tuple[Any, ...], int] = defaultdict(int)
    for pair in pairs:
        for line in pair.lines:
            if line["side"] == "offer":
                sums[pair.organisation, line["measure"], line["unit"]] += line["amount"]
    return sums


def _otherwise(before: _Sums, after: _Sums) -> list[tuple[tuple[Any, ...], tuple[int, int]]]:
    """What is not the same in both, by key: how much before, how much after."""
    every = sorted(before.keys() | after.keys())
    found = [(key, (before.get(key, 0), after.get(key, 0))) for key in every]
    return [(key, amounts) for key, amounts in found if amounts[0] != amounts[1]]


def _told(counted: tuple[str, str], before: int, after: int) -> dict[str, Any]:
    measure, unit = counted
    line = {"measure": measure, "unit": unit}
    return {"before": measured_view(line, before), "after": measured_view(line, after)}
