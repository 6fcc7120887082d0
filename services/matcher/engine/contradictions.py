"""Where an author's codes and the author's own text speak of different things."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from services.matcher.engine.records import Side
from services.matcher.engine.stated import Span, Stated, StatedLine, ToldLine
from services.matcher.engine.wording import (
    amount_text,
    filled,
    kind_text,
    list_text,
    percent_text,
    sentences,
    theme_text,
)
from shared.language.contradictions import (
    Measure,
    contradicting_kind,
    contradicting_measures,
    contradicting_theme,
)
from shared.language.evidence import LEAST, support
from shared.vocabulary.counts import number_text
from shared.vocabulary.units import UNITS

_CENTS = 100

_Measured = Callable[[StatedLine | ToldLine], Measure | None]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The `coded` themes of a record, and the `theme` that its text is about instead.

    `probability` is the theme's by the text, from 0 to 1.
    """

    side: Side
    coded: tuple[str, ...]
    theme: str
    probability: float


@dataclass(frozen=True, slots=True)
class LineContradiction:
    """What a record's lines say of kind, quantity or money, and its text says otherwise.

    `coded` are the lines' kinds and `kind` the text's; of a measure both are its line's. `line` is
    that line's number, `stated` its number of `unit` (a currency, of an amount) and `told` the
    text's. `probability` is that of the kind, or of the line for which the text tells the measure,
    from 0 to 1. `spans` are where the text speaks of the kind.
    """

    side: Side
    of: Literal["kind", "quantity", "amount"]
    coded: tuple[str, ...]
    kind: str
    probability: float
    spans: tuple[Span, ...]
    line: int | None = None
    stated: float | None = None
    told: float | None = None
    unit: str | None = None


def contradiction(side: Side, stated: Stated) -> Contradiction | None:
    """How codes and text of a record contradict one another; None if they do not.

    They do if the text is surely about a theme that is not close to any that is coded,
    and none of these has support in the text.
    """
    coded = tuple(dict.fromkeys(line.theme for line in stated.lines.values()))
    told = dict(stated.themes)
    theme = contradicting_theme(coded, told)
    return None if theme is None else Contradiction(side, coded, theme, told[theme])


def line_contradictions(side: Side, stated: Stated) -> tuple[LineContradiction, ...]:
    """How a record's lines and text contradict one another in kinds, quantities and money.

    Those of kinds as those of themes; what an offer's text tells may be for one project of several,
    so that only more than what is coded contradicts it.
    """
    coded = tuple(dict.fromkeys(line.kind for line in stated.lines.values()))
    kinds = dict(stated.kinds)
    kind = contradicting_kind(coded, kinds)
    of_kind = (
        []
        if kind is None
        else [LineContradiction(side, "kind", coded, kind, kinds[kind], _spans(stated, kind))]
    )
    return (*of_kind, *_of_measures(side, stated))


def _of_measures(side: Side, stated: Stated) -> Iterator[LineContradiction]:
    for of, measure in _MEASURES.items():
        own = [(n, found) for n, line in stated.lines.items() if (found := measure(line))]
        told = [(line, found) for line in stated.told if (found := measure(line))]
        for place, other in contradicting_measures(
            [found for _, found in own],
            [found for _, found in told],
            stated.numbers,
            may_be_part=side == "offer",
        ):
            (number, ours), (line, theirs) = own[place], told[other]
            yield LineContradiction(
                side,
                of,
                (ours.kind,),
                ours.kind,
                line.probability,
                _spans(stated, ours.kind),
                line=number,
                stated=ours.number,
                told=theirs.number,
                unit=ours.unit,
            )


def _quantity(line: StatedLine | ToldLine) -> Measure | None:
    if line.quantity is None or line.unit is None or line.unit not in UNITS:
        return None
    return Measure(line.kind, line.quantity, line.unit)


def _amount(line: StatedLine | ToldLine) -> Measure | None:
    if line.cents is None or line.currency is None:
        return None
    return Measure(line.kind, line.cents / _CENTS, line.currency)


_MEASURES: Mapping[Literal["quantity", "amount"], _Measured] = {
    "quantity": _quantity,
    "amount": _amount,
}


def _spans(stated: Stated, kind: str) -> tuple[Span, ...]:
    return tuple(span for span in stated.named if support(span.concept, "kinds", kind) >= LEAST)


def contradiction_text(found: Contradiction, language: str) -> str:
    """The contradiction as a sentence in one of the six languages."""
    facts = {
        "coded": list_text([theme_text(code, language) for code in found.coded], language),
        "told": theme_text(found.theme, language),
        "percent": percent_text(found.probability, language),
    }
    return filled(sentences()["contradictions"][found.side], language, facts)


def line_contradiction_text(found: LineContradiction, language: str) -> str:
    """The contradiction as a sentence in one of the six languages."""
    if found.stated is None or found.told is None or found.unit is None:
        facts = {
            "coded": list_text([kind_text(code, language) for code in found.coded], language),
            "told": kind_text(found.kind, language),
            "percent": percent_text(found.probability, language),
        }
        return filled(sentences()["contradictions"][found.side], language, facts)
    facts = {
        "line": number_text(found.line or 0, language),
        "coded": amount_text(found.stated, found.unit, language),
        "told": amount_text(found.told, found.unit, language),
    }
    return filled(sentences()["line_contradictions"][found.side], language, facts)
