"""Makes data/coverage.json: python -m services.matcher.engine.build_coverage [GOLD_DIR]

The classifier is fitted to pairs of our own (data/coverage_pairs.jsonl: needs and activities
written for this, in six languages) and, where a labelled set is given, to its labelled pairs.
Weights cannot be negative. The least probability for asserting coverage is the one with the best
F1 on the labelled States, each judged by a fit that has not seen it.
"""

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from services.matcher.engine.activities import Activities, ActivityProfile
from services.matcher.engine.coverage import Classifier, coverings, timely
from services.matcher.engine.coverage_features import FEATURES, features
from services.matcher.engine.fitting import ShrunkLogistic
from services.matcher.engine.profiles import RequestProfile
from shared.language import signature
from shared.language.particulars import Author
from shared.vocabulary.units import canonical_unit

DAY = date(2026, 1, 1)
DATA = Path(__file__).parent / "data"
_KEY = b"only for building"
_PRIOR = {
    "theme": 4.0,
    "kind": 3.0,
    "text_theme": 1.0,
    "field": 2.0,
    "meaning": 1.5,
    "concepts": 2.0,
    "focus": 1.0,
    "allowed": 3.0,
    "amount": 1.5,
    "quantity": 1.0,
    "part": 2.0,
    "together": 0.5,
    "sites": 0.0,
}
_PRIOR_INTERCEPT = -16.0
_SHRINKAGE = 1.0
_SITES = FEATURES.index("sites")
_LEAST = tuple(round(0.025 * step, 3) for step in range(10, 17))
_WINDOW = {"from": "2026-06-01", "to": "2028-06-30"}
_DAYS = {"from": "2026-09-01", "to": "2027-12-31"}

Pair = tuple[str, int, str]
Rows = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]


class Set:
    """Requests and activities of one origin, with labelled pairs by State."""

    def __init__(
        self,
        requests: Sequence[Mapping[str, Any]],
        given: Sequence[Mapping[str, Any]],
        labels: Mapping[Pair, bool],
    ) -> None:
        self.labels = labels
        self.activities = Activities()
        self.states = {one["id"]: str(one["country"]) for one in requests}
        for one in requests:
            self.activities.put_request(RequestProfile.of_event(one))
        for one in given:
            self.activities.put_activity(ActivityProfile.of_event(one))

    def pairs(self, left_out: str | None = None) -> tuple[Rows, Truth]:
        """The labelled pairs that dates and places do not decide, without those of one State."""
        rows, truth = [], []
        for (request, number, activity), covers in self.labels.items():
            if self.states[request] == left_out:
                continue
            needs = self.activities.needs(request)
            line = next(one for one in needs.lines if one.number == number)
            row = np.array([self.activities.in_state(needs.country)[activity]])
            told = features(self.activities, needs, line, row)[0]
            if timely(self.activities, row, line.window or needs.window, DAY)[0] and told[_SITES]:
                rows.append(told)
                truth.append(covers)
        return np.array(rows), np.array(truth)

    def asserted(self, classifier: Classifier, states: frozenset[str]) -> set[Pair]:
        """What the classifier asserts of some States."""
        return {
            (one.request, one.line, one.activity)
            for request, state in self.states.items()
            if state in states
            for one in coverings(self.activities, request, DAY, classifier)
        }


def own_set() -> Set:
    """Our own pairs, each need in a State of its own."""
    requests, given, labels = [], [], {}
    with (DATA / "coverage_pairs.jsonl").open(encoding="utf-8") as lines:
        for number, row in enumerate(map(json.loads, lines)):
            request = {"id": f"own-{number}", "country": f"X{number:02d}", "window": _WINDOW}
            requests.append(_request(request, [row], {"text": row["text"]}, row["language"]))
            for place, one in enumerate(row["activities"]):
                activity = {"id": f"own-{number}-{place}", "country": f"X{number:02d}"}
                texts = {"text": one["text"]}
                given.append(_activity({**activity, "window": _DAYS, **one}, texts))
                labels[f"own-{number}", 1, f"own-{number}-{place}"] = bool(one["covers"])
    return Set(requests, given, labels)


def gold_set(directory: Path) -> Set:
    """A labelled set."""
    texts = ("title", "description")
    requests = [
        _request(row, row["needs"], {name: row[name] for name in texts}, row["language"])
        for row in _rows(directory / "requests.jsonl")
    ]
    given = [
        _activity(
            {**row, "window": {"from": row["start"], "to": row["end"]}},
            {name: row[name] for name in texts},
        )
        for row in _rows(directory / "activities.jsonl")
    ]
    with (directory / "covered.tsv").open(encoding="utf-8", newline="") as file:
        labels = {
            (row["request"], int(row["line"]), row["activity"]): row["label"] == "1"
            for row in csv.DictReader(file, delimiter="\t")
        }
    return Set(requests, given, labels)


def fitted(parts: Sequence[tuple[Rows, Truth]], least: float = 0.5) -> Classifier:
    """The classifier of these pairs, shrunk to the prior."""
    rows = np.concatenate([rows for rows, _ in parts])
    truth = np.concatenate([truth for _, truth in parts])
    prior = tuple(_PRIOR[name] for name in FEATURES)
    learnt = ShrunkLogistic(prior, _PRIOR_INTERCEPT, _SHRINKAGE).fit(rows, truth)
    weights = tuple(round(float(one), 4) for one in learnt.coef_[0])
    return Classifier(weights, round(float(learnt.intercept_[0]), 4), least)


def f1(found: set[Pair], labels: Mapping[Pair, bool], *, strict: bool) -> float:
    """F1 of labelled pairs; with `strict`, of all pairs, those without a label being wrong."""
    right = {pair for pair, covers in labels.items() if covers}
    judged = found if strict else found & labels.keys()
    return 2 * len(judged & right) / (len(judged) + len(right))


def held_out(own: Set, gold: Set) -> Iterator[tuple[float, list[float]]]:
    """For each least probability, both F1, each State judged by a fit without it."""
    states = sorted(set(gold.states.values()))
    fits = {state: fitted([own.pairs(), gold.pairs(state)]) for state in states}
    for least in _LEAST:
        found: set[Pair] = set()
        for state, fit in fits.items():
            found |= gold.asserted(replace(fit, least=least), frozenset({state}))
        yield least, [f1(found, gold.labels, strict=strict) for strict in (False, True)]


def built(directory: Path | None) -> dict[str, Any]:
    """The data file: coefficients, and what they were made from and reach."""
    own = own_set()
    provenance: dict[str, Any] = {
        "source": "data/coverage_pairs.jsonl",
        "licence": "Apache-2.0 as this repository",
        "made": "python -m services.matcher.engine.build_coverage GOLD_DIR",
        "own_pairs": len(own.labels),
    }
    if directory is None:
        return _stored(fitted([own.pairs()]), provenance)
    gold = gold_set(directory)
    reached = dict(held_out(own, gold))
    best = max(sum(scores) for scores in reached.values())
    good = [least for least, scores in reached.items() if sum(scores) >= best - 0.01]
    least = good[len(good) // 2]
    alone = gold.asserted(fitted([own.pairs()], least), frozenset(gold.states.values()))
    provenance |= {
        "source": f"{provenance['source']}, and labelled pairs of a development set",
        "labelled_pairs": len(gold.labels),
        "own_alone_f1": [
            round(f1(alone, gold.labels, strict=strict), 3) for strict in (False, True)
        ],
        "held_out_f1": {
            f"{one:.3f}": [round(score, 3) for score in scores] for one, scores in reached.items()
        },
    }
    return _stored(fitted([own.pairs(), gold.pairs()], least), provenance)


def _stored(classifier: Classifier, provenance: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "provenance": provenance,
        "features": list(FEATURES),
        "weights": list(classifier.weights),
        "intercept": classifier.intercept,
        "least": classifier.least,
    }


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _request(
    row: Mapping[str, Any],
    needs: Sequence[Mapping[str, Any]],
    texts: Mapping[str, str],
    language: str,
) -> dict[str, Any]:
    lines = [{"line": n, **_measures(need)} for n, need in enumerate(needs, start=1)]
    return {
        **{name: row[name] for name in ("id", "country", "window")},
        "status": "circulated",
        "priority": None,
        "needs": lines,
        "signature": signature(texts, language, _KEY, "request", Author(country=row["country"])),
    }


def _activity(row: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("id", "country", "window")},
        "status": row.get("status", "ongoing"),
        **_measures(row),
        "signature": signature(
            texts, row["language"], _KEY, "offer", Author(country=row["country"])
        ),
    }


def _measures(row: Mapping[str, Any]) -> dict[str, Any]:
    amount = row["amount_usd"]
    return {
        **{name: row[name] for name in ("theme", "kind", "quantity")},
        "unit": canonical_unit(row["unit"]) if row["unit"] else None,
        "amount_cents": None if amount is None else round(100 * amount),
        "currency": None if amount is None else "USD",
    }


if __name__ == "__main__":
    made = built(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    target = DATA / "coverage.json"
    target.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
