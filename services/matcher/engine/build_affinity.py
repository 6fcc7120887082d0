"""Makes data/affinity.json: python -m services.matcher.engine.build_affinity [GOLD_DIR]

The classifier is fitted to pairs of our own (the requests among the classifier's training texts,
put in random States and windows) and, where a labelled set is given, to its pairs of States that
are bound. Weights cannot be negative. The least probability for joining is the one with the best
pairwise F1 on the labelled set's regions, each judged by a fit that has not seen it.
"""

import csv
import json
import random
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from services.matcher.engine.affinity import FEATURES, Affinity, bound, features
from services.matcher.engine.alliances import Formation
from services.matcher.engine.asks import Ask, Asks
from services.matcher.engine.bonds import Bonds
from services.matcher.engine.fitting import ShrunkLogistic
from services.matcher.engine.geography import Geography
from services.matcher.engine.measured import pairwise
from shared.language import signature
from shared.language.training import Sample, samples
from shared.vocabulary.themes import theme_closeness

DAY = date(2026, 1, 1)
_KEY = b"only for building"
_SEED = 20261125
_PRIOR = {
    "themes": 3.5,
    "kinds": 1.0,
    "text_themes": 3.0,
    "concepts": 1.5,
    "meaning": 1.0,
    "together": 0.3,
    "near": 2.0,
}
_PRIOR_INTERCEPT = -7.5
_SHRINKAGE = 3.0
_OWN_WEIGHT = 0.25
"""The classifier of themes has learnt from our own texts, so there it is surer than elsewhere."""
_PAIRS_EACH = 3
_MISCODED, _UNCODED = 0.1, 0.25
_STATES = ("KEN", "UGA", "TZA", "ZMB", "MWI", "BWA")
"""Some of which border on one another, some share a region, some an organisation alone."""
_LEAST_FAR = 0.9
"""Set by hand: labelled sets have too few pairs that an organisation alone binds."""
_LEAST = tuple(round(0.05 * step, 2) for step in range(4, 15))

Rows = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]


def own_pairs(found: Sequence[Sample], chance: random.Random) -> tuple[Rows, Truth]:
    """Pairs of our own texts: alike where the main theme is the same.

    Of States that only an organisation binds the kinds have to be, too.
    """
    asked = [one for one in found if one.side == "request" and one.themes]
    asks = Asks(Bonds(Geography.of_vocabulary(DAY)))
    for number, one in enumerate(asked):
        asks.put(Ask.of_event(_own_event(f"own-{number}", one, asked, chance)))
    themes = {one.themes[0] for one in asked}
    by_theme = {
        code: [n for n, one in enumerate(asked) if one.themes[0] == code] for code in themes
    }
    rows, truth = [], []
    for number, one in enumerate(asked):
        others = chance.sample(range(len(asked)), _PAIRS_EACH)
        others += chance.sample(by_theme[one.themes[0]], _PAIRS_EACH)
        for other in sorted({*others} - {number}):
            request, row = f"own-{number}", asks.row(f"own-{other}")
            if not bound(asks, request, np.array([row]))[0]:
                continue
            (features_of_pair,) = features(asks, request, [row])
            near = features_of_pair[FEATURES.index("near")] > 0.0
            rows.append(features_of_pair)
            truth.append(_alike(one, asked[other], near=near))
    return np.array(rows), np.array(truth)


def _alike(one: Sample, other: Sample, *, near: bool) -> bool:
    if one.themes[0] != other.themes[0]:
        return False
    return near or {*one.kinds} == {*other.kinds}


def _own_event(
    id_: str, sample: Sample, others: Sequence[Sample], chance: random.Random
) -> dict[str, Any]:
    themes = list(sample.themes)
    if chance.random() < _MISCODED:
        close = [o.themes[0] for o in others if theme_closeness(o.themes[0], themes[0]) > 0.0]
        themes[0] = chance.choice(close)
    lines = [] if chance.random() < _UNCODED else [(t, k) for t in themes for k in sample.kinds]
    first = chance.randrange(24)
    months = (first, first + chance.randrange(12, 30))
    window = [f"{2026 + month // 12}-{month % 12 + 1:02d}-01" for month in months]
    return _event(
        id_, chance.choice(_STATES), window, lines, {"text": sample.text}, sample.language
    )


def read_gold(directory: Path, *, text_only: bool) -> list[dict[str, Any]]:
    """The requests of a labelled set as event data, without what an ask does not read."""
    with (directory / "requests.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        _event(
            row["id"],
            row["country"],
            [row["window"]["from"], row["window"]["to"]],
            [] if text_only else [(need["theme"], need["kind"]) for need in row["needs"]],
            {name: row[name] for name in ("title", "description")},
            row["language"],
        )
        for row in rows
    ]


def _event(
    id_: str,
    country: str,
    window: Sequence[str],
    lines: Iterable[tuple[str, str]],
    texts: Mapping[str, str],
    language: str,
) -> dict[str, Any]:
    nothing = {"quantity": None, "unit": None, "amount_cents": None, "currency": None}
    needs = [
        {"line": n, "theme": theme, "kind": kind, "confidential": False, **nothing}
        for n, (theme, kind) in enumerate(lines, start=1)
    ]
    return {
        "id": id_,
        "status": "circulated",
        "country": country,
        "priority": None,
        "window": {"from": window[0], "to": window[1]},
        "needs": needs,
        "signature": signature(texts, language, _KEY, "request"),
        "history": [],
    }


def read_labels(directory: Path) -> dict[str, str]:
    """The alliance of each request of a labelled set that belongs to one."""
    with (directory / "alliances.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {row["request"]: row["alliance"] for row in rows if row["alliance"] != "-"}


def gold_pairs(
    events: Sequence[Mapping[str, Any]], labels: Mapping[str, str], left_out: frozenset[str]
) -> tuple[Rows, Truth]:
    """The pairs of a set whose States are bound, without those of some regions."""
    geography = Geography.of_vocabulary(DAY)
    asks = Asks(Bonds(geography))
    kept = [one for one in events if geography.area(one["country"]) not in left_out]
    for event in kept:
        asks.put(Ask.of_event(event))
    rows, truth = [], []
    for one, other in combinations([event["id"] for event in kept], 2):
        row = asks.row(other)
        if bound(asks, one, np.array([row]))[0]:
            rows.append(features(asks, one, [row])[0])
            truth.append(one in labels and labels[one] == labels.get(other))
    return np.array(rows), np.array(truth)


def fitted(parts: Sequence[tuple[Rows, Truth]], least: float = 0.0) -> Affinity:
    """The classifier of our own pairs (the first part) and labelled ones, shrunk to the prior."""
    rows = np.concatenate([rows for rows, _ in parts])
    truth = np.concatenate([truth for _, truth in parts])
    labelled = sum(len(part) for part, _ in parts[1:]) or len(parts[0][0])
    weight = np.ones(len(rows))
    weight[: len(parts[0][0])] = _OWN_WEIGHT * labelled / len(parts[0][0])
    prior = tuple(_PRIOR[name] for name in FEATURES)
    learnt = ShrunkLogistic(prior, _PRIOR_INTERCEPT, _SHRINKAGE).fit(rows, truth, weight)
    weights = tuple(round(float(one), 4) for one in learnt.coef_[0])
    return Affinity(weights, round(float(learnt.intercept_[0]), 4), least, _LEAST_FAR)


def groups(events: Iterable[Mapping[str, Any]], affinity: Affinity) -> dict[str, str]:
    """The alliance (its anchor) of each request that is in one."""
    formation = Formation(affinity, Geography.of_vocabulary(DAY))
    for event in events:
        formation.put(Ask.of_event(event))
    while not formation.settle(1000):
        pass
    day = DAY.toordinal()
    return {one: a for a in formation.anchors() for one in formation.members(a, day)}


def held_out(
    sets: Sequence[Sequence[Mapping[str, Any]]],
    labels: Mapping[str, str],
    own: tuple[Rows, Truth],
) -> Iterator[tuple[float, list[float]]]:
    """For each least probability, the pairwise F1 on each set with its regions left out."""
    geography = Geography.of_vocabulary(DAY)
    areas = sorted({geography.area(one["country"]) or "" for one in sets[0]})
    fits = {
        area: fitted([own, *(gold_pairs(one, labels, frozenset({area})) for one in sets)])
        for area in areas
    }
    for least in _LEAST:
        scores = []
        for events in sets:
            found: dict[str, str] = {}
            for area, fit in fits.items():
                there = [one for one in events if (geography.area(one["country"]) or "") == area]
                found |= groups(there, replace(fit, least=least))
            scores.append(pairwise(found, labels).f1)
        yield least, scores


def built(gold: Path | None) -> dict[str, Any]:
    """The data file: coefficients, and what they were made from and reach."""
    own = own_pairs(list(samples()), random.Random(_SEED))  # noqa: S311 (draws pairs, guards nothing)
    provenance = {
        "source": "pairs of the requests in shared/language/data/training",
        "licence": "Apache-2.0 as this repository",
        "made": "python -m services.matcher.engine.build_affinity GOLD_DIR",
        "own_pairs": len(own[1]),
    }
    if gold is None:
        return _stored(fitted([own], least=0.5), provenance)
    labels = read_labels(gold)
    sets = [read_gold(gold, text_only=text_only) for text_only in (False, True)]
    reached = dict(held_out(sets, labels, own))
    best = max(sum(scores) for scores in reached.values())
    good = [least for least, scores in reached.items() if sum(scores) >= best - 0.02]
    least = good[len(good) // 2]
    provenance |= {
        "source": f"{provenance['source']}, and labelled pairs of a development set",
        "labelled_pairs": sum(len(gold_pairs(one, labels, frozenset())[1]) for one in sets),
        "held_out_f1": {
            f"{one:.2f}": [round(score, 3) for score in scores] for one, scores in reached.items()
        },
    }
    every = [own, *(gold_pairs(one, labels, frozenset()) for one in sets)]
    return _stored(fitted(every, least), provenance)


def _stored(affinity: Affinity, provenance: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "provenance": provenance,
        "features": list(FEATURES),
        "weights": list(affinity.weights),
        "intercept": affinity.intercept,
        "least": affinity.least,
        "least_far": affinity.least_far,
    }


if __name__ == "__main__":
    made = built(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    target = Path(__file__).parent / "data" / "affinity.json"
    target.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
