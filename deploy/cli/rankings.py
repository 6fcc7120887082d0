"""Rankings of a gold set by its own ids: as a table on disk, against the labels."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.cli.goldformat import GoldSetError

SIZE = 50
"""Offers a request's ranking has at most."""


@dataclass(frozen=True)
class Ranked:
    """An offer in a request's ranking; the score has six decimals."""

    offer: str
    score: float


Rankings = Mapping[str, Sequence[Ranked]]


def write_rankings(rankings: Rankings, path: Path) -> None:
    """Write request, offer, rank and score, tab-separated, requests in the mapping's order."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(("request", "offer", "rank", "score"))
        for request, ranked in rankings.items():
            for rank, entry in enumerate(ranked[:SIZE], start=1):
                table.writerow((request, entry.offer, rank, f"{entry.score:.6f}"))


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """The grades by request and offer; raises GoldSetError when the file cannot be read."""
    grades: dict[str, dict[str, int]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                grades.setdefault(row["request"], {})[row["offer"]] = int(row["grade"])
    except OSError as error:
        raise GoldSetError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, KeyError, TypeError, ValueError):
        raise GoldSetError(f"{path} must have the columns request, offer and grade") from None
    return grades
