"""Thirty requests and offers in six languages, worded unlike the texts that anything learnt from.

Written for these tests, by no State or organisation. What their first theme and their kinds are,
and what a request counts first, is said beside them; `topic` is one for what belongs together.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from shared.language import signature
from shared.language.exclusions import Side


@dataclass(frozen=True)
class Probe:
    """A text and what it is about; `quantity` None where it counts nothing or it is not judged."""

    id: str
    side: Side
    language: str
    topic: str
    theme: str
    kinds: tuple[str, ...]
    title: str
    text: str
    quantity: int | None

    def signature(self) -> dict[str, Any]:
        """What of the text leaves its owner."""
        return _signature(self)


@cache
def _signature(one: Probe) -> dict[str, Any]:
    fields = {"title": one.title, "description": one.text}
    return signature(fields, one.language, b"key of the probes", one.side)


@cache
def probes() -> tuple[Probe, ...]:
    """All of them, offers first."""
    lines = Path(__file__).with_name("probe.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(_probe(json.loads(line)) for line in lines)


def _probe(row: dict[str, Any]) -> Probe:
    (theme,) = row.pop("themes")
    kinds, quantity = tuple(row.pop("kinds")), row.pop("quantity", None)
    return Probe(**row, theme=theme, kinds=kinds, quantity=quantity)
