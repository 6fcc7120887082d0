"""What is given, line by line, as pages show it: plain values out of what the services answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import pgettext

from services.portal.pages.wording import amount, quantity, share

Line = Mapping[str, Any]
Part = tuple[str, str, float, str]
"""A part of a bar: its label, how much in words, the share of the whole, its tone."""

_FIGURES = ("disbursed", "committed", "pledged")
_TONES = {"disbursed": "delivered", "committed": "committed", "pledged": "pledged"}


@dataclass(frozen=True)
class LineRow:
    """A provision line: `size` is what it holds in words, `parts` its bar; both may be empty."""

    line: int
    theme: str
    kind: str
    size: str
    parts: Sequence[Part]


def size_of(line: Line, counted: str = "capacity") -> str:
    """What a line holds in words: "40 persons · $120,000"; empty where it says nothing."""
    told = []
    if line.get(counted) is not None:
        told.append(quantity(line[counted], line.get("unit") or ""))
    if line.get("amount") is not None:
        told.append(amount(line["amount"], line.get("currency")))
    return " · ".join(text.strip() for text in told)


def line_row(line: Line) -> LineRow:
    """A provision line with its bar: what was given, committed, pledged of it, and what is left."""
    return LineRow(line["line"], line["theme"], line["kind"], size_of(line), _parts(line))


def left_of(line: Line) -> str:
    """How much of a line is not committed, in words; empty where that is not told."""
    left = line.get("left")
    return _words(left, line) if left else ""


def _parts(line: Line) -> list[Part]:
    left = line.get("left") or {}
    whole = _whole(line, left)
    if not whole:
        return []
    figures = line.get("figures") or {}
    names = {
        "disbursed": _("Given"),
        "committed": pgettext("amount", "Committed"),
        "pledged": pgettext("amount", "Pledged"),
    }
    parts = [
        (names[name], _words(figures[name], line), _count(figures[name]) / whole, _TONES[name])
        for name in _FIGURES
        if figures.get(name) is not None
    ]
    if not figures:
        used = (whole - _count(left)) / whole
        parts.append((pgettext("amount", "Committed"), share(used), used, "committed"))
    return [*parts, (pgettext("amount", "Left"), _words(left, line), 0.0, "")]


def _whole(line: Line, left: Mapping[str, Any]) -> float:
    if left.get("whole"):
        return 1.0
    name = "amount" if left.get("amount") is not None else "capacity"
    return float(line.get(name) or 0)


def _count(told: Mapping[str, Any]) -> float:
    return float(told["amount"] if told.get("amount") is not None else told.get("capacity") or 0)


def _words(told: Mapping[str, Any], line: Line) -> str:
    if told.get("whole"):
        return share(_count(told))
    if told.get("amount") is not None:
        return amount(told["amount"], line.get("currency"))
    return quantity(_count(told), line.get("unit") or "").strip()
