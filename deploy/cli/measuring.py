"""The figures of rankings against a gold set's labels."""

from collections.abc import Mapping
from typing import Any

from deploy.cli.goldset import GoldSet
from deploy.cli.permitted import Permitted, count_barred
from deploy.cli.rankings import Rankings
from services.matcher.engine.evaluation import ece, metrics, reliability

ENDORSED = 2
"""The grade from which a pair counts as one that a coordinator would endorse."""

TOP = 10
Grades = Mapping[str, Mapping[str, int]]


def orders(rankings: Rankings) -> dict[str, list[str]]:
    """The offers of rankings without their scores."""
    return {request: [entry.offer for entry in ranked] for request, ranked in rankings.items()}


def languages(gold: GoldSet) -> dict[str, str]:
    """The declared language of each request and offer."""
    return {row.external: str(row.body["language"]) for row in (*gold.requests, *gold.offers)}


def measure(
    gold: GoldSet, rankings: Rankings, grades: Grades | None, permitted: Permitted
) -> dict[str, Any]:
    """The figures of rankings; without labels only how many proposed pairs are barred."""
    found: dict[str, Any] = {"barred-pairs-proposed": count_barred(rankings, permitted)}
    if grades is None:
        return found
    return metrics(orders(rankings), grades, languages(gold)) | found


def calibration(rankings: Rankings, grades: Grades) -> dict[str, Any]:
    """How near scores are to the probability of grade 2 or 3.

    `ece` and `reliability` take all proposed pairs, `ece@10` those of the first ten places.
    """
    found: dict[str, Any] = {}
    for name, depth in (("ece", None), ("ece@10", TOP)):
        found[name] = round(ece(*_scored(rankings, grades, depth)), 6)
    found["reliability"] = [
        {"count": count, "score": round(mean, 6), "share": round(share, 6)}
        for count, mean, share in reliability(*_scored(rankings, grades))
    ]
    return found


def _scored(
    rankings: Rankings, grades: Grades, depth: int | None = None
) -> tuple[list[float], list[bool]]:
    """Scores of the pairs in the first `depth` places, and whether their grade is 2 or 3."""
    pairs = [
        (entry.score, grades.get(request, {}).get(entry.offer, 0) >= ENDORSED)
        for request, ranked in rankings.items()
        for entry in ranked[:depth]
    ]
    return [score for score, _ in pairs], [outcome for _, outcome in pairs]
