"""Which words of a text speak for a theme or a kind of help."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from shared.language.concepts import Mention, thesaurus

Of = Literal["themes", "kinds"]

LEAST = 0.3
"""A concept that speaks less strongly for a code is no evidence of it."""

MOST_SPANS = 5
"""Spans for one code: the strongest, of equals the first in the texts."""

_WIDER = 0.5
_TITLE = 2.0


class Span(NamedTuple):
    """A stretch of a record's texts: characters of a field; `end` is the first one after it."""

    field: str
    start: int
    end: int


@lru_cache(maxsize=65_536)
def support(concept: str, of: Of, code: str) -> float:
    """How strongly a concept, or half as strongly one wider than it, speaks for a code: 0 to 1."""
    return max(
        (
            share * _WIDER**distance
            for distance, name in enumerate((concept, *thesaurus().broader(concept)))
            if (share := _shares(name, of).get(code, 0.0))
        ),
        default=0.0,
    )


def _shares(concept: str, of: Of) -> Mapping[str, float]:
    known = thesaurus().get(concept)
    if known is None:
        return {}
    return known.themes if of == "themes" else known.kinds


def evidence(mentions: Mapping[str, Sequence[Mention]], of: Of, code: str) -> tuple[Span, ...]:
    """The spans of concepts that speak for a theme or kind, in the texts' order, 5 at most."""
    found = []
    for name, named in mentions.items():
        for concept, start, end in named:
            strength = support(concept, of, code)
            if strength >= LEAST:
                weight = _weight(concept) * (_TITLE if name == "title" else 1.0)
                found.append((strength * weight, Span(name, start, end)))
    best = sorted(range(len(found)), key=lambda place: -found[place][0])[:MOST_SPANS]
    return tuple(found[place][1] for place in sorted(best))


def whole(texts: Mapping[str, str]) -> tuple[Span, ...]:
    """All of the texts: what speaks for a code for which no words of theirs alone do."""
    return tuple(Span(name, 0, len(text)) for name, text in texts.items() if text.strip())


def _weight(concept: str) -> float:
    known = thesaurus().get(concept)
    return known.weight if known else 0.0
