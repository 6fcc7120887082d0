"""The duplicates of a gold set: found by the engine or read from the services, and measured."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from deploy.cli.client import Client
from deploy.cli.goldformat import GoldSetError
from deploy.cli.goldset import GoldSet
from deploy.cli.through_engine import Profiles
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.measured import judged
from services.matcher.engine.ranking import prior_model
from services.matcher.engine.records import Side

FILE = "duplicates.tsv"
_SAME = "1"
_SIDES: tuple[Side, ...] = ("request", "offer")


@dataclass(frozen=True, order=True)
class Duplicated:
    """Two records that are the same, by the set's ids, the lesser first, with the probability."""

    left: str
    right: str
    score: float = 0.0

    @property
    def pair(self) -> tuple[str, str]:
        """The pair without its score."""
        return self.left, self.right


def duplicated_by_engine(profiles: Profiles, geography: Geography) -> tuple[Duplicated, ...]:
    """What the engine finds twice, as of the geography's day."""
    engine = Engine(prior_model(), geography, geography.on)
    names: dict[tuple[Side, str], str] = {}
    for name, request in profiles.requests.items():
        engine.put_request(request)
        names["request", request.id] = name
    for name, offer in profiles.offers.items():
        engine.put_offer(offer)
        names["offer", offer.id] = name
    return _named(
        (names[side, one.left], names[side, one.right], one.score)
        for side, record in names
        for one in engine.duplicates(side, record)
    )


def duplicated_by_services(client: Client, gold: GoldSet) -> tuple[Duplicated, ...]:
    """What GET /v1/duplicates tells of."""
    names = {row.id: row.external for row in chain(gold.requests, gold.offers)}
    cases = client.items("matcher", "/v1/duplicates", status="open", limit=100)
    return _named(
        (names[one["left"]["id"]], names[one["right"]["id"]], one["score"]) for one in cases
    )


def write_duplicated(duplicated: Iterable[Duplicated], path: Path) -> None:
    """Write left, right and score, tab-separated; only what is asserted."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(("left", "right", "score"))
        for one in duplicated:
            table.writerow((*one.pair, f"{one.score:.6f}"))


def measure_duplicated(duplicated: Iterable[Duplicated], labels: Path) -> dict[str, Any]:
    """Precision, recall and F1 against a labelled duplicates.tsv; empty without one.

    `labelled` takes only labelled pairs, `all` those without a label as wrong. Raises GoldSetError
    for a file that cannot be read.
    """
    if not labels.is_file():
        return {}
    return {"duplicates": judged({one.pair for one in duplicated}, _read(labels))}


def _named(found: Iterable[tuple[str, str, float]]) -> tuple[Duplicated, ...]:
    """The pairs by the set's ids, each once, whichever of the two was asked."""
    return tuple(sorted({Duplicated(min(a, b), max(a, b), score) for a, b, score in found}))


def _read(path: Path) -> Mapping[tuple[str, str], bool]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return {
                (min(ends), max(ends)): row["label"] == _SAME
                for row in csv.DictReader(file, delimiter="\t")
                for ends in [(row["left"], row["right"])]
            }
    except OSError as error:
        raise GoldSetError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, KeyError, TypeError):
        raise GoldSetError(f"{path} must have the columns left, right and label") from None
