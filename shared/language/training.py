"""The texts that the classifier learns from: written for it, in six languages."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.language.exclusions import Side
from shared.vocabulary import LANGUAGES

DIRECTORY = Path(__file__).parent / "data" / "training"


@dataclass(frozen=True)
class Sample:
    """A text with what it asks for or offers; no themes and kinds: of another field."""

    language: str
    side: Side
    themes: tuple[str, ...]
    kinds: tuple[str, ...]
    text: str


def samples() -> Iterator[Sample]:
    """All texts, language by language, then those of other fields."""
    for language in LANGUAGES:
        for row in _rows(f"{language}.jsonl"):
            yield Sample(
                language, row["side"], tuple(row["themes"]), tuple(row["kinds"]), row["text"]
            )
    for row in _rows("off-field.jsonl"):
        yield Sample(row["language"], row["side"], (), (), row["text"])


def _rows(name: str) -> Iterator[dict[str, Any]]:
    with (DIRECTORY / name).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
