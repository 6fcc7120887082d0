"""What speaks for and against two records being the same: codes and numbers, side by side."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.likeness.classifier import shipped
from shared.likeness.described import Described, Line
from shared.likeness.features import FEATURES, features, matched, names_owner

MOST_CONCEPTS_TOLD = 5
_CENTS = 100
_THOUSANDTHS = 1000


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing: what each record has of it, and what it adds to the same, in log odds.

    By `kind`, `left` and `right` are: `owner` a State's code or an organisation's id; `lines` a
    list of [theme, kind]; `quantities` a list of [theme, kind, quantity, unit] of the lines that
    match; `money` US dollars in all; `window` [first day, last day]; `concepts` the weightiest that
    both texts name; `phase` the numbers of the phases that each names; `channel` and `language`
    codes; of `meaning`, `words`,
    `numbers`, `named` and `sites` nothing, for these are of both together.
    """

    kind: str
    left: Any
    right: Any
    weight: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two records are: the probability of being the same, and of what it is made."""

    score: float
    features: tuple[float, ...]
    evidence: tuple[Evidence, ...]


def likeness(left: Described, right: Described) -> Likeness:
    """Of two records of one side; the evidence comes weightiest first."""
    return _likeness(left, right, features(left, right))


def likeness_from(least: float, left: Described, right: Described) -> Likeness | None:
    """The same where the score is `least` or above; None, at less than half the cost, below."""
    of_pair = features(left, right)
    if shipped().probability(of_pair) < least:
        return None
    return _likeness(left, right, of_pair)


def _likeness(left: Described, right: Described, of_pair: tuple[float, ...]) -> Likeness:
    found = [
        Evidence(kind, *sides, weight)
        for kind, weight in zip(FEATURES, shipped().parts(of_pair), strict=True)
        if weight and (sides := _sides(kind, left, right)) is not None
    ]
    return Likeness(
        shipped().probability(of_pair),
        tuple(round(feature, 6) for feature in of_pair),
        tuple(sorted(found, key=lambda one: (-abs(one.weight), one.kind))),
    )


def _sides(kind: str, left: Described, right: Described) -> tuple[Any, Any] | None:
    """What each has of a kind of evidence; None where nothing is known of one of them."""
    if kind in _OF_BOTH:
        return (None, None) if _OF_BOTH[kind](left, right) else None
    if kind == "owner":
        return left.owner, right.owner
    if kind == "concepts":
        both = _common(left.concepts, right.concepts)
        return both, both
    if kind == "quantities":
        return _quantities(left, right)
    told = [_TOLD[kind](one) for one in (left, right)]
    return None if None in told or (kind == "phase" and told[0] == told[1]) else (told[0], told[1])


def _lines(one: Described) -> list[list[str]] | None:
    return [[theme, kind] for theme, kind in sorted({(x.theme, x.kind) for x in one.lines})] or None


def _money(one: Described) -> float | None:
    cents = sum(line.cents or 0 for line in one.lines)
    return cents / _CENTS if cents else None


def _window(one: Described) -> list[str] | None:
    if one.window is None:
        return None
    return [date.fromordinal(day).isoformat() for day in one.window]


def _phases(one: Described) -> list[int]:
    return [number for number in range(16) if one.particulars.phases >> number & 1]


_TOLD: Mapping[str, Callable[[Described], Any]] = {
    "lines": _lines,
    "money": _money,
    "window": _window,
    "phase": _phases,
    "channel": lambda one: one.channel,
    "language": lambda one: one.language,
}


def _texts(left: Described, right: Described) -> bool:
    return bool(left.terms and right.terms)


_OF_BOTH: Mapping[str, Callable[[Described, Described], bool]] = {
    "meaning": _texts,
    "words": _texts,
    "numbers": lambda left, right: bool(left.particulars.numbers and right.particulars.numbers),
    "named": lambda left, right: (
        left.owner != right.owner and names_owner(left.particulars, right.particulars)
    ),
    "sites": lambda left, right: bool(left.particulars.sites and right.particulars.sites),
}
"""What is of both together, and where something is known of it."""


def _quantities(left: Described, right: Described) -> tuple[Any, Any] | None:
    known = [
        pair
        for pair in matched(left.lines, right.lines)
        if None not in (pair[0].quantity, pair[1].quantity) and pair[0].unit == pair[1].unit
    ]
    if not known:
        return None
    return [_quantity(line) for line, _ in known], [_quantity(line) for _, line in known]


def _quantity(line: Line) -> list[Any]:
    return [line.theme, line.kind, (line.quantity or 0) / _THOUSANDTHS, line.unit]


def _common(ones: Mapping[str, int], others: Mapping[str, int]) -> list[str]:
    weighed = sorted((-ones[name] * others[name], name) for name in ones.keys() & others.keys())
    return [name for _, name in weighed[:MOST_CONCEPTS_TOLD]]
