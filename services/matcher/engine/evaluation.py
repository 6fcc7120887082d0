"""How good rankings are, by the usual figures."""

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

import numpy as np
import numpy.typing as npt

Qrels = Mapping[str, Mapping[str, int]]
"""Grades by request and offer: 3 best, 0 or absent not relevant."""

Rankings = Mapping[str, Sequence[str]]
"""Offers by request, best first."""

Scores = Sequence[float] | npt.NDArray[np.float64]
Outcomes = Sequence[bool] | npt.NDArray[np.bool_]


def metrics(
    rankings: Rankings, qrels: Qrels, languages: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Means over the requests that have at least one graded offer; 1 is best, 0 worst.

    nDCG takes 2^grade - 1 as gain; P, recall, MRR and MAP count any grade above 0. With
    `languages` (by id of both requests and offers) each is also told for pairs in the same
    language and across languages: recall@10 and @50 of the whole lists, taking all such pairs
    together; the others of the lists with the other pairs left out, as means over the requests
    that have a graded offer of the sort.
    """
    judged = _judged(qrels)
    found = _means(_MEASURES, rankings, judged)
    if languages is not None:
        found |= _by_language(rankings, judged, languages)
    return found


def ndcg_by_request(rankings: Rankings, qrels: Qrels) -> dict[str, float]:
    """nDCG@10 of each request that has at least one graded offer."""
    return {
        request: ndcg(rankings.get(request, ()), grades, 10)
        for request, grades in _judged(qrels).items()
    }


def mean_interval(
    values: Sequence[float], samples: int = 10_000, seed: int = 0
) -> tuple[float, float]:
    """The 95 % bootstrap interval of a mean: percentiles of the means of `samples` redrawn sets.

    Of differences it is the paired bootstrap. The same for the same values and seed; (0, 0)
    without values.
    """
    if not values:
        return 0.0, 0.0
    drawn = np.random.default_rng(seed).integers(len(values), size=(samples, len(values)))
    low, high = np.percentile(np.asarray(values)[drawn].mean(axis=1), (2.5, 97.5))
    return float(low), float(high)


def ndcg(ranking: Sequence[str], grades: Mapping[str, int], depth: int) -> float:
    """Normalised discounted cumulative gain of the first `depth`; gain 2^grade - 1."""
    gains = [2 ** grades.get(offer, 0) - 1 for offer in ranking[:depth]]
    ideal = sorted((2**grade - 1 for grade in grades.values()), reverse=True)[:depth]
    return _discounted(gains) / _discounted(ideal)


def precision(ranking: Sequence[str], grades: Mapping[str, int], depth: int) -> float:
    """The part of the first `depth` places that hold a relevant offer."""
    return sum(grades.get(offer, 0) > 0 for offer in ranking[:depth]) / depth


def recall(ranking: Sequence[str], grades: Mapping[str, int], depth: int) -> float:
    """The part of the relevant offers that stand among the first `depth`."""
    relevant = {offer for offer, grade in grades.items() if grade > 0}
    return len(relevant.intersection(ranking[:depth])) / len(relevant)


def reciprocal_rank(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    """One over the rank of the first relevant offer, 0 without any."""
    for rank, offer in enumerate(ranking, start=1):
        if grades.get(offer, 0) > 0:
            return 1.0 / rank
    return 0.0


def average_precision(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    """The mean of the precisions at each relevant offer; those not ranked count 0."""
    relevant = sum(grade > 0 for grade in grades.values())
    seen, total = 0, 0.0
    for rank, offer in enumerate(ranking, start=1):
        if grades.get(offer, 0) > 0:
            seen += 1
            total += seen / rank
    return total / relevant


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def _judged(qrels: Qrels) -> dict[str, Mapping[str, int]]:
    return {request: grades for request, grades in qrels.items() if any(grades.values())}


def _means(
    measures: Mapping[str, Callable[[Sequence[str], Mapping[str, int]], float]],
    rankings: Rankings,
    judged: Qrels,
) -> dict[str, float]:
    found = {}
    for name, measure in measures.items():
        values = [measure(rankings.get(request, ()), grades) for request, grades in judged.items()]
        found[name] = round(fmean(values), 6) if values else 0.0
    return found


def _by_language(
    rankings: Rankings, qrels: Qrels, languages: Mapping[str, str]
) -> dict[str, float]:
    found: dict[str, float] = {}
    for depth in (10, 50):
        hits: dict[str, list[bool]] = {"same": [], "cross": []}
        for request, grades in qrels.items():
            first = set(rankings.get(request, ())[:depth])
            for offer, grade in grades.items():
                if grade > 0:
                    same = languages.get(request) == languages.get(offer)
                    hits["same" if same else "cross"].append(offer in first)
        for pair, values in hits.items():
            found[f"recall@{depth}-{pair}-language"] = round(fmean(values), 6) if values else 0.0
    for pair, wanted in (("same", True), ("cross", False)):

        def kept(request: str, offer: str, wanted: bool = wanted) -> bool:
            return (languages.get(request) == languages.get(offer)) is wanted

        lists = {r: [offer for offer in order if kept(r, offer)] for r, order in rankings.items()}
        labels = {
            r: {offer: grade for offer, grade in grades.items() if kept(r, offer)}
            for r, grades in qrels.items()
        }
        means = _means(_OF_ORDER, lists, _judged(labels))
        found |= {f"{name}-{pair}-language": value for name, value in means.items()}
    return found


_MEASURES: Mapping[str, Callable[[Sequence[str], Mapping[str, int]], float]] = {
    "ndcg@10": lambda ranking, grades: ndcg(ranking, grades, 10),
    "p@1": lambda ranking, grades: precision(ranking, grades, 1),
    "p@5": lambda ranking, grades: precision(ranking, grades, 5),
    "recall@10": lambda ranking, grades: recall(ranking, grades, 10),
    "recall@50": lambda ranking, grades: recall(ranking, grades, 50),
    "mrr": reciprocal_rank,
    "map": average_precision,
}
_OF_ORDER = {name: of for name, of in _MEASURES.items() if not name.startswith("recall")}
"""Those that tell how a list is ordered: recall tells of whole lists."""


def reliability(
    scores: Scores, outcomes: Outcomes, bins: int = 10
) -> list[tuple[int, float, float]]:
    """How scores of equally wide bins, from 0 to 1, compare with what came true.

    For each bin (count, mean score, share of positives), zeros for an empty one. A score on the
    line between two bins belongs to the higher one, 1 to the last. ValueError unless there is one
    outcome for each score, and every score is from 0 to 1.
    """
    if any(not 0.0 <= score <= 1.0 for score in scores):
        raise ValueError("a score is from 0 to 1")
    held: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for score, outcome in zip(scores, outcomes, strict=True):
        held[min(int(score * bins), bins - 1)].append((score, outcome))
    return [
        (len(pairs), fmean(s for s, _ in pairs), fmean(bool(o) for _, o in pairs))
        if pairs
        else (0, 0.0, 0.0)
        for pairs in held
    ]


def ece(scores: Scores, outcomes: Outcomes, bins: int = 10) -> float:
    """Expected calibration error: mean distance of a bin's score from its share of positives.

    Bins count by what they hold; 0 is best, also without any scores. ValueError as for
    `reliability`.
    """
    table = reliability(scores, outcomes, bins)
    total = sum(count for count, _, _ in table)
    return sum(count * abs(mean - share) for count, mean, share in table) / total if total else 0.0
