"""Marking where texts name what they have in common, or what one of them rules out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape


@dataclass(frozen=True)
class Span:
    """Characters of a field from `start` up to, not including, `end`, and what they name."""

    field: str
    start: int
    end: int
    label: str
    ruled_out: bool = False


def spans_of(proposal: Mapping[str, Any], side: str) -> list[Span]:
    """Where a proposal's explanation points to in the texts of its `request` or its `offer`."""
    return [
        Span(at["field"], at["start"], at["end"], one["label"], ruled_out)
        for name, ruled_out in (("evidence", False), ("ruled_out", True))
        for one in proposal[name]
        for at in one[side]
    ]


def marked(text: str, field: str, spans: Iterable[Span]) -> Markup:
    """The text with `<mark>` around its spans; everything else is escaped.

    Of spans that overlap the first stands, of two that begin together the longer one; what lies
    outside the text is passed over.
    """
    made: list[Markup] = []
    done = 0
    for one in sorted(_within(text, field, spans), key=lambda span: (span.start, -span.end)):
        if one.start < done:
            continue
        kind = Markup(' class="out"') if one.ruled_out else Markup("")
        made.append(escape(text[done : one.start]))
        made.append(
            Markup("<mark{} title='{}'>{}</mark>").format(
                kind, one.label, text[one.start : one.end]
            )
        )
        done = one.end
    made.append(escape(text[done:]))
    return Markup("").join(made)


def _within(text: str, field: str, spans: Iterable[Span]) -> Sequence[Span]:
    return [one for one in spans if one.field == field and 0 <= one.start < one.end <= len(text)]
