"""The facts that a record's texts tell: quantities, amounts of money, places and dates.

They are codes and numbers with the spans they came from, never words, so they may leave the
texts' owner; what the author did not code himself is marked as inferred from them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self, TypeVar

from shared.language.amounts import Amount, amounts_in
from shared.language.dates import SURE_DATE, FoundDate, dates_in
from shared.language.lexemes import Lexemes, lexemes
from shared.language.numbers import Number, numbers_in
from shared.language.places import FoundPlace, places_in
from shared.language.quantities import Quantity, quantities_in

MOST = 50
"""Facts of each sort that are kept: the most probable ones, of equals the first in the texts."""

_LIKELY = 0.5


class _Spanned(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def probability(self) -> float: ...


T = TypeVar("T", bound=_Spanned)


@dataclass(frozen=True)
class Facts:
    """What was found, each with the name of its field, in the texts' order."""

    quantities: tuple[tuple[str, Quantity], ...] = ()
    amounts: tuple[tuple[str, Amount], ...] = ()
    places: tuple[tuple[str, FoundPlace], ...] = ()
    dates: tuple[tuple[str, FoundDate], ...] = ()

    def as_data(self) -> dict[str, list[list[Any]]]:
        """The facts for JSON, no words of the texts among them.

        `quantities` are [value, unit or None, field, start, end, probability], `amounts` [cents,
        currency, …], `places` [code, …] and `dates` [first, last, …] with ISO dates.
        """
        return {
            "quantities": [
                [json_number(f.value), f.unit, *_where(n, f)] for n, f in self.quantities
            ],
            "amounts": [[f.cents, f.currency, *_where(n, f)] for n, f in self.amounts],
            "places": [[f.code, *_where(n, f)] for n, f in self.places],
            "dates": [
                [f.first.isoformat(), f.last.isoformat(), *_where(n, f)] for n, f in self.dates
            ],
        }

    def outside(self, spans: Mapping[str, Sequence[tuple[int, int]]]) -> "Facts":
        """The facts that begin in none of the stretches, which are offsets by field."""
        return Facts(
            _outside(self.quantities, spans),
            _outside(self.amounts, spans),
            _outside(self.places, spans),
            _outside(self.dates, spans),
        )


class Counted(NamedTuple):
    """A text as the finders of facts read it: its lexemes, and the numbers among them."""

    lexemes: Lexemes
    numbers: Sequence[Number]

    @classmethod
    def of(cls, text: str, language: str) -> Self:
        """From any text in one of the six languages."""
        read = lexemes(text)
        return cls(read, numbers_in(read, language))


def find_facts(fields: Mapping[str, str], language: str) -> Facts:
    """The facts in a record's texts, which `fields` names; `language` is one of the six."""
    return facts_in({name: Counted.of(text, language) for name, text in fields.items()}, language)


def facts_in(fields: Mapping[str, Counted], language: str) -> Facts:
    """The facts in texts that are read already.

    At most 50 of each sort. Where two sorts claim the same words, money goes before dates, dates
    before counts, and all before places ('dollars des États-Unis').
    """
    found = [(name, *_of_text(*text, language)) for name, text in fields.items()]
    return Facts(
        quantities=_best((name, quantities) for name, quantities, _, _, _ in found),
        amounts=_best((name, amounts) for name, _, amounts, _, _ in found),
        places=_best((name, places) for name, _, _, places, _ in found),
        dates=_best((name, dates) for name, _, _, _, dates in found),
    )


def _of_text(
    read: Lexemes, numbers: Sequence[Number], language: str
) -> tuple[Sequence[Quantity], Sequence[Amount], Sequence[FoundPlace], Sequence[FoundDate]]:
    amounts = amounts_in(read, numbers)
    dates = _without(dates_in(read, language), amounts)
    sure = [date for date in dates if date.probability >= SURE_DATE]
    claimed: list[_Spanned] = [*amounts, *sure]
    taken = [(fact.start, fact.end) for fact in claimed]
    quantities = quantities_in(read, numbers, language, taken)
    counts = [quantity for quantity in quantities if quantity.probability >= _LIKELY]
    unsure = _without([date for date in dates if date.probability < SURE_DATE], counts)
    places = _without(places_in(read), claimed)
    return quantities, amounts, places, sorted([*sure, *unsure], key=lambda date: date.start)


def _without(facts: Iterable[T], others: Iterable[_Spanned]) -> list[T]:
    """Facts that share no character with the others; both lie in the text's order."""
    spans = sorted((other.start, other.end) for other in others)
    kept = []
    place = 0
    for fact in facts:
        while place < len(spans) and spans[place][1] <= fact.start:
            place += 1
        if place == len(spans) or spans[place][0] >= fact.end:
            kept.append(fact)
    return kept


def _outside(
    found: Sequence[tuple[str, T]], spans: Mapping[str, Sequence[tuple[int, int]]]
) -> tuple[tuple[str, T], ...]:
    return tuple(
        (name, fact)
        for name, fact in found
        if not any(start <= fact.start < end for start, end in spans.get(name, ()))
    )


def _best(found: Iterable[tuple[str, Sequence[T]]]) -> tuple[tuple[str, T], ...]:
    all_found = [(name, fact) for name, facts in found for fact in facts]
    ranked = sorted(range(len(all_found)), key=lambda place: -all_found[place][1].probability)
    return tuple(all_found[place] for place in sorted(ranked[:MOST]))


def _where(field: str, fact: _Spanned) -> list[Any]:
    return [field, fact.start, fact.end, fact.probability]


def json_number(value: float) -> int | float:
    """A number as JSON writes it: whole where it can be."""
    return int(value) if value.is_integer() else value
