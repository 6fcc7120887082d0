"""Which quantity and which sum of money belongs to which of the lines that a text describes."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from shared.language.amounts import Amount
from shared.language.concepts import Mention
from shared.language.evidence import LEAST, support
from shared.language.facts import Facts
from shared.language.quantities import Quantity
from shared.vocabulary.kinds import KINDS

LIKELY = 0.5
"""A fact that is less probable is not taken into a line."""

_ENDS = re.compile(r"[.!?](?=\s|$)|[;。；！？؛؟۔\n]+")
_NEAR, _NEXT = 20, 0.5
_REACH = 160
"""Characters, within a clause, between a fact and a word that it belongs to."""

_OWN = 0.75
"""How surely a thing that is help in itself belongs to a line of its kind: '6 machines'."""

_MONEY = 0.3
"""How surely money is funding, where no word says what it is for."""

_CLOSE_TO_BEST = 0.75
FUNDING = "funding"
_LEAST_QUANTITY, _MOST_QUANTITY = 0.001, 1e9
_MOST_CENTS = 10**15

Pair = tuple[str, str]
Named = Mapping[str, Sequence[Mention]]


@dataclass(frozen=True)
class Measures:
    """What the text says of how much: (field, fact) each, None where it says nothing."""

    quantity: tuple[str, Quantity] | None = None
    amount: tuple[str, Amount] | None = None


@dataclass(frozen=True)
class _Fit:
    """How well a fact fits a line; of equals the first fact and the first line go before."""

    strength: float
    fact: int
    line: int


def measured(
    pairs: Sequence[Pair], mentions: Named, facts: Facts, texts: Mapping[str, str]
) -> tuple[Measures, ...]:
    """The measures of each line; `pairs` are their themes and kinds, the most probable first.

    A fact belongs to a line if it stands in the same clause as, or next to, a word for the line's
    kind of help, or if what it counts is such help. It goes to one line only, the one that the
    words around it fit best, and a line takes the one that fits it best.
    """
    around = {name: _Surroundings(texts[name], named) for name, named in mentions.items()}
    quantities = [
        (name, fact)
        for name, fact in facts.quantities
        if fact.probability >= LIKELY and _LEAST_QUANTITY <= fact.value <= _MOST_QUANTITY
    ]
    amounts = [
        (name, fact)
        for name, fact in facts.amounts
        if fact.probability >= LIKELY and 0 < fact.cents <= _MOST_CENTS
    ]
    of_quantity = _assigned(
        _Fit(strength * fact.probability, place, line)
        for place, (name, fact) in enumerate(quantities)
        for line, strength in _quantity_fits(fact, pairs, around[name])
    )
    of_amount = _assigned(
        _Fit(strength * fact.probability, place, line)
        for place, (name, fact) in enumerate(amounts)
        for line, strength in _amount_fits(fact, pairs, around[name])
    )
    return tuple(
        Measures(
            quantities[of_quantity[line]] if line in of_quantity else None,
            amounts[of_amount[line]] if line in of_amount else None,
        )
        for line in range(len(pairs))
    )


def _assigned(fits: Iterator[_Fit]) -> dict[int, int]:
    """The fact of each line that has one, the best fits first."""
    found: dict[int, int] = {}
    for fit in sorted(fits, key=lambda fit: (-fit.strength, fit.line, fit.fact)):
        if fit.line not in found and fit.fact not in found.values():
            found[fit.line] = fit.fact
    return found


class _Surroundings:
    """The concepts that a text names, by where they stand."""

    def __init__(self, text: str, named: Sequence[Mention]) -> None:
        self._ends = [match.end() for match in _ENDS.finditer(text)]
        self._named = named
        self._starts = [mention.start for mention in named]

    def near(self, start: int, end: int) -> list[tuple[str, float]]:
        """The concepts in the clause of a span or next to it, each with its nearness, 0 to 1."""
        clause = bisect_right(self._ends, start)
        first = bisect_right(self._starts, start - _REACH)
        last = bisect_right(self._starts, end + _REACH)
        found = []
        for concept, opening, closing in self._named[first:last]:
            distance = max(0, opening - end, start - closing)
            inside = bisect_right(self._ends, opening) == clause
            if inside or distance <= _NEAR:
                nearness = 1.0 / (1.0 + distance / _NEAR)
                found.append((concept, nearness if inside else _NEXT * nearness))
        return found


def _quantity_fits(
    fact: Quantity, pairs: Sequence[Pair], around: _Surroundings
) -> Iterator[tuple[int, float]]:
    given, beside = _unit_kinds()
    unit = fact.unit or ""
    near = around.near(fact.start, fact.end)
    spoken = {
        **{kind: _spoken(near, kind) for kind in beside.get(unit, ())},
        **{kind: max(_OWN, _spoken(near, kind)) for kind in given.get(unit, ())},
    }
    return _line_fits(spoken, near, pairs)


def _amount_fits(
    fact: Amount, pairs: Sequence[Pair], around: _Surroundings
) -> Iterator[tuple[int, float]]:
    near = around.near(fact.start, fact.end)
    spoken = {kind: _spoken(near, kind) for kind in _kinds()}
    spoken[FUNDING] = max(_MONEY, spoken[FUNDING])
    return _line_fits(spoken, near, pairs)


def _line_fits(
    spoken: Mapping[str, float], near: Sequence[tuple[str, float]], pairs: Sequence[Pair]
) -> Iterator[tuple[int, float]]:
    """The lines that a fact may belong to, of those kinds that the words around speak for most.

    What belongs to a kind for which there is no line belongs to none.
    """
    least = _CLOSE_TO_BEST * max(spoken.values(), default=0.0)
    for line, (theme, kind) in enumerate(pairs):
        strength = spoken.get(kind, 0.0)
        if strength and strength >= least:
            yield line, strength * _of_theme(near, theme)


def _spoken(near: Sequence[tuple[str, float]], kind: str) -> float:
    """How strongly the words around speak for a kind of help, the nearer the more."""
    return max(
        (
            strength * nearness
            for concept, nearness in near
            if (strength := support(concept, "kinds", kind)) >= LEAST
        ),
        default=0.0,
    )


def _of_theme(near: Sequence[tuple[str, float]], theme: str) -> float:
    """A line whose theme the words around speak for goes before another of its kind."""
    spoken = max((support(concept, "themes", theme) for concept, _ in near), default=0.0)
    return 0.5 + 0.5 * spoken


@cache
def _kinds() -> tuple[str, ...]:
    return tuple(term.code for term in KINDS)


@cache
def _unit_kinds() -> tuple[Mapping[str, Sequence[str]], Mapping[str, Sequence[str]]]:
    """The kinds of help that a unit's things are, and those that it counts beside words."""
    source = files("shared.language") / "data" / "unit_kinds.json"
    stored = json.loads(source.read_text(encoding="utf-8"))
    return stored["given"], stored["beside"]
