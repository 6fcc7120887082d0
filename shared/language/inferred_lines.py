"""What a record's texts seem to ask for or to offer, for its author to confirm or to put right.

Codes, numbers and places in the texts, never words; each with its probability. It stays with the
texts' owner, save the lines' codes and numbers, which the signature tells too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.language.amounts import Amount
from shared.language.concepts import Mention
from shared.language.evidence import MOST_SPANS, Of, Span, evidence, whole
from shared.language.facts import Facts, json_number
from shared.language.inference import Inferred
from shared.language.measuring import FUNDING, LIKELY, Measures, measured
from shared.language.pairing import FULL, likely_pairs
from shared.language.quantities import Quantity
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES

MOST_LINES = 6

LEAST_TOLD = 0.1
"""Themes and kinds less probable than this are not told to the author."""

Named = Mapping[str, Sequence[Mention]]


@dataclass(frozen=True)
class InferredLine:
    """A line that the texts seem to describe; `probability` is that it is there, not its measures'.

    `quantity` and `amount` come with the fields that they stand in.
    """

    theme: str
    kind: str
    probability: float
    measures: Measures

    def codes(self) -> list[Any]:
        """For the signature: theme, kind, probability, quantity, unit, cents, currency."""
        _, quantity = self.measures.quantity or ("", None)
        _, amount = self.measures.amount or ("", None)
        return [
            self.theme,
            self.kind,
            self.probability,
            None if quantity is None else json_number(round(quantity.value, 3)),
            None if quantity is None else quantity.unit,
            None if amount is None else amount.cents,
            None if amount is None else amount.currency,
        ]


def inferred_lines(
    inferred: Inferred, mentions: Named, facts: Facts, texts: Mapping[str, str]
) -> tuple[InferredLine, ...]:
    """The lines, 6 at most, the strongest first; which they are is the matcher's rule too.

    `mentions` are the concepts that the texts name, and `facts` what they tell, nothing that they
    rule out among them; `texts` and `mentions` have the same fields.
    """
    theme_codes, kind_codes = [t.code for t in THEMES], [k.code for k in KINDS]
    found = likely_pairs(
        _hundredths(inferred.themes, theme_codes), _hundredths(inferred.kinds, kind_codes)
    )[:MOST_LINES]
    pairs = [(theme_codes[theme], kind_codes[kind]) for theme, kind, _ in found]
    return tuple(
        InferredLine(theme, kind, round(strength, 2), measures)
        for (theme, kind), (_, _, strength), measures in zip(
            pairs, found, measured(pairs, mentions, facts, texts), strict=True
        )
    )


def as_data(
    inferred: Inferred,
    lines: Sequence[InferredLine],
    mentions: Named,
    facts: Facts,
    texts: Mapping[str, str],
) -> dict[str, Any]:
    """All of it for JSON.

    `themes` and `kinds` are [code, probability, spans], those of at least .1, the most probable
    first, none of texts without letters and digits; `lines` as `InferredLine.codes`, and then the
    facts that quantity and amount were taken from, as [field, start, end, probability] or None;
    `facts` as `Facts.as_data`. A span is [field, start, end].
    """
    money = [
        Span(name, amount.start, amount.end)
        for name, amount in facts.amounts
        if amount.probability >= LIKELY
    ][:MOST_SPANS]
    says_something = any(character.isalnum() for text in texts.values() for character in text)

    def spans(of: Of, code: str) -> Sequence[Span]:
        sums = money if code == FUNDING else ()
        return evidence(mentions, of, code) or sums or whole(texts)

    def told(codes: Sequence[tuple[str, float]], of: Of) -> list[list[Any]]:
        return [
            [code, probability, [list(span) for span in spans(of, code)]]
            for code, probability in codes
            if says_something and probability >= LEAST_TOLD
        ]

    return {
        "themes": told(inferred.themes, "themes"),
        "kinds": told(inferred.kinds, "kinds"),
        "lines": [
            [*line.codes(), _source(line.measures.quantity), _source(line.measures.amount)]
            for line in lines
        ],
        "facts": facts.as_data(),
    }


def _source(found: tuple[str, Quantity | Amount] | None) -> list[Any] | None:
    if found is None:
        return None
    name, fact = found
    return [*Span(name, fact.start, fact.end), fact.probability]


def _hundredths(told: Sequence[tuple[str, float]], codes: Sequence[str]) -> list[int]:
    probabilities = dict(told)
    return [round(probabilities.get(code, 0.0) * FULL) for code in codes]
