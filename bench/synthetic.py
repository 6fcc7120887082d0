"""Made-up events of offers and requests, alike in shape and spread to real ones."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import shared.events
from shared.events.envelope import Event
from shared.events.versions import Version
from shared.language.concepts import thesaurus
from shared.language.signature import signature
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES

SEED = 40
WORDS = 30
_EXAMPLES = Path(shared.events.__file__).parent / "examples"
_COUNTRIES = ("SEN", "MLI", "KEN", "NPL", "GTM", "FJI", "LBN", "TJK", "CIV", "BEN")
_REGIONS = ("Western Africa", "Eastern Africa", "Southern Asia", "Central America", "Melanesia")
_KEY = b"a key that only the benchmarks use"
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Source:
    """What events are made of: themes with weights falling as in life, and the field's words."""

    themes: Sequence[str]
    weights: Sequence[float]
    words: Sequence[str]


def source() -> Source:
    """Themes in an order of their own, and English words for the concepts of the thesaurus."""
    chance = random.Random(SEED)
    themes = sorted(THEMES.codes())
    chance.shuffle(themes)
    words = [form for concept in thesaurus() for form in concept.forms["en"]]
    return Source(themes, [1 / (rank + 1) for rank in range(len(themes))], words)


def offers(of: Source, count: int) -> Iterator[Event]:
    """Published offers with one to three provision lines, four of each donor.

    The same ones for every run. Each has a text of its own, or all would be duplicates: some 15 ms.
    """
    chance = random.Random(SEED + 1)
    donors = -(-count // 4)
    for number in range(count):
        theme, signed = _text(of, chance)
        lines = [
            {
                "line": line,
                "theme": theme if line == 1 else chance.choice(of.themes),
                "kind": chance.choice(sorted(KINDS.codes())),
                "capacity": chance.randint(1, 200),
                "unit": chance.choice(["machines", "persons", "sites"]),
                "amount_cents": chance.randint(1, 500) * 100_000,
                "currency": "USD",
            }
            for line in range(1, chance.randint(1, 3) + 1)
        ]
        open_to_all = chance.random() < 0.3
        yield _event(
            "entraide.offer.v1",
            f"{number:08x}{'0' * 15}f",
            organisation=f"donor-{number % donors}",
            provisions=lines,
            signature=signed,
            conditions=[{"kind": "reporting"}] if chance.random() < 0.3 else [],
            eligibility={
                "countries": [],
                "regions": [] if open_to_all else chance.sample(_REGIONS, 2),
                "groups": [],
            },
            window={"from": "2026-02-01", "to": f"202{chance.randint(7, 9)}-12-31"},
        )


def requests(of: Source, count: int) -> Iterator[Event]:
    """Published requests with one to three need lines; the same ones for every run."""
    chance = random.Random(SEED + 2)
    for number in range(count):
        theme, signed = _text(of, chance)
        lines = [
            {
                **_example("entraide.request.v1")["needs"][0],
                "line": line,
                "theme": theme if line == 1 else chance.choice(of.themes),
                "kind": chance.choice(sorted(KINDS.codes())),
                "quantity": chance.randint(1, 50),
                "amount_cents": chance.randint(1, 300) * 100_000,
            }
            for line in range(1, chance.randint(1, 3) + 1)
        ]
        yield _event(
            "entraide.request.v1",
            f"{number:08x}{'0' * 15}a",
            needs=lines,
            signature=signed,
            country=chance.choice(_COUNTRIES),
        )


def _text(of: Source, chance: random.Random) -> tuple[str, dict[str, Any]]:
    theme = chance.choices(of.themes, of.weights)[0]
    text = " ".join([THEMES.label(theme, "en"), *chance.choices(of.words, k=WORDS)])
    return theme, signature({"title": theme, "description": text}, "en", _KEY)


def _example(type_: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((_EXAMPLES / f"{type_}.json").read_text())
    return data


def _event(type_: str, id_: str, **fields: object) -> Event:
    data = {**_example(type_), **fields, "id": id_}
    return Event(
        type=type_,
        source="/entraide/bench",
        subject=id_,
        time=_NOW,
        version=Version(1, 1),
        data=data,
        traceparent=None,
    )
