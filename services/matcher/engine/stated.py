"""What a record states that its proposals are explained with: windows, lines, spans, themes.

The index keeps none of this; whoever shows proposals does, with each record. It holds codes and
offsets and no text.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple, Self

from services.matcher.engine.codes import are_known
from shared.language.weighing import named_concepts

MOST_SPANS = 60
"""Spans that are kept of a record, named and ruled out together."""

LEAST_LIKELY = 0.15
"""Themes and kinds less probable by the text are as good as not told."""

_TOLD = 0.25


class Span(NamedTuple):
    """Where a text names a concept: offsets in characters in a field; `end` is the first after."""

    concept: str
    field: str
    start: int
    end: int


class Window(NamedTuple):
    """First and last day."""

    first: date
    last: date

    @classmethod
    def of(cls, first: str, last: str) -> Self:
        """From ISO dates."""
        return cls(date.fromisoformat(first), date.fromisoformat(last))


@dataclass(frozen=True, slots=True)
class StatedLine:
    """A need or provision; `window` where it has one of its own.

    `quantity` is so many of `unit`, `cents` so much money in hundredths of `currency`.
    """

    theme: str
    kind: str
    window: Window | None = None
    quantity: float | None = None
    unit: str | None = None
    cents: int | None = None
    currency: str | None = None


class ToldLine(NamedTuple):
    """A line that the texts seem to describe, as a signature has it."""

    theme: str
    kind: str
    probability: float
    quantity: float | None
    unit: str | None
    cents: int | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Stated:
    """What a record states; `known` is whether anything is known of it at all.

    `lines` by number; `named` and `excluded` are spans of concepts that its texts name and rule
    out; `themes` and `kinds` probabilities by the texts, those of at least .15, highest first;
    `told` lines that they seem to describe, and `numbers` those that they tell; `language` that of
    the texts, None where it is not known.
    """

    window: Window | None = None
    lines: Mapping[int, StatedLine] = field(default_factory=dict)
    named: tuple[Span, ...] = ()
    excluded: tuple[Span, ...] = ()
    themes: tuple[tuple[str, float], ...] = ()
    kinds: tuple[tuple[str, float], ...] = ()
    language: str | None = None
    known: bool = True
    told: tuple[ToldLine, ...] = ()
    numbers: frozenset[float] = frozenset()

    @property
    def inferred(self) -> bool:
        """Whether it states no line whose codes this vocabulary has: the engine infers lines from
        its text then. False where nothing is known of it."""
        lines = self.lines.values()
        return self.known and not any(are_known(line.theme, line.kind) for line in lines)

    @property
    def of_no_theme(self) -> bool:
        """Whether its texts are known and clearly speak of no theme."""
        return self.language is not None and all(likely < _TOLD for _, likely in self.themes)


def packed(data: Mapping[str, Any]) -> str:
    """What the data of a request's or an offer's event state, as JSON text."""
    signature = data["signature"] or {}
    named, excluded = _kept(signature.get("concepts", ()), signature.get("excluded", ()))
    lines, measure = (
        (data["needs"], "quantity") if "needs" in data else (data["provisions"], "capacity")
    )
    stated = {
        "window": _days(data["window"]),
        "lines": [
            [
                *(line["line"], line["theme"], line["kind"], _days(line.get("window"))),
                *(line[name] for name in (measure, "unit", "amount_cents", "currency")),
            ]
            for line in lines
        ],
        "named": named,
        "excluded": excluded,
        "themes": _likely(signature.get("themes", ())),
        "kinds": _likely(signature.get("kinds", ())),
        "language": signature.get("language"),
        "told": signature.get("lines", ()),
        "numbers": signature.get("numbers", ()),
    }
    return json.dumps(stated, ensure_ascii=False, separators=(",", ":"))


def unpacked(text: str | None) -> Stated:
    """From what `packed` made; nothing is known of None, which records have that are gone."""
    return Stated(known=False) if text is None else _unpacked(text)


def shared_codes(
    ones: Sequence[tuple[str, float]], others: Sequence[tuple[str, float]]
) -> tuple[str, ...]:
    """The codes that both texts clearly speak for, the most probable first."""
    other = dict(others)
    found = [
        (-probability * other[code], code)
        for code, probability in ones
        if min(probability, other.get(code, 0.0)) >= _TOLD
    ]
    return tuple(code for _, code in sorted(found))


def _likely(pairs: Sequence[Sequence[Any]]) -> list[list[Any]]:
    kept = [[code, probability] for code, probability in pairs if probability >= LEAST_LIKELY]
    return sorted(kept, key=lambda pair: (-pair[1], pair[0]))


def _kept(
    named: Sequence[Sequence[Any]], excluded: Sequence[Sequence[Any]]
) -> tuple[list[Sequence[Any]], list[Sequence[Any]]]:
    """The mentions to keep: each concept once before any twice, the weightiest first."""
    if len(named) + len(excluded) <= MOST_SPANS:
        return list(named), list(excluded)
    places = []
    for side, mentions in enumerate((named, excluded)):
        titled = [(concept, name == "title") for concept, name, *_ in mentions]
        weights = {concept.id: weight for concept, weight in named_concepts(titled)}
        seen: Counter[str] = Counter()
        for place, (concept, *_) in enumerate(mentions):
            seen[concept] += 1
            places.append((seen[concept], -weights.get(concept, 0.0), side, place))
    kept = {(side, place) for _, _, side, place in sorted(places)[:MOST_SPANS]}
    return (
        [mention for place, mention in enumerate(named) if (0, place) in kept],
        [mention for place, mention in enumerate(excluded) if (1, place) in kept],
    )


def _days(window: Mapping[str, str] | None) -> list[str] | None:
    return None if window is None else [window["from"], window["to"]]


@lru_cache(maxsize=512)
def _unpacked(text: str) -> Stated:
    stated = json.loads(text)
    return Stated(
        window=_window(stated["window"]),
        lines={
            number: StatedLine(theme, kind, _window(window), *measures)
            for number, theme, kind, window, *measures in stated["lines"]
        },
        named=tuple(Span(*mention) for mention in stated["named"]),
        excluded=tuple(Span(*mention) for mention in stated["excluded"]),
        themes=tuple((code, probability) for code, probability in stated["themes"]),
        kinds=tuple((code, probability) for code, probability in stated["kinds"]),
        # What an earlier version kept has none of these, nor the lines' measures.
        language=stated.get("language"),
        told=tuple(ToldLine(*line) for line in stated.get("told", ())),
        numbers=frozenset(stated.get("numbers", ())),
    )


def _window(days: Sequence[str] | None) -> Window | None:
    return None if days is None else Window.of(*days)
