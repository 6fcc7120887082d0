"""Makes data/likeness.json: python -m shared.likeness.build_likeness GOLD_DIR

A logistic without negative weights (some of them given) is fitted to the labelled pairs of a set,
once with its lines and once by texts alone, and to its other pairs as different ones (of requests
those of one State, of offers those whose texts are near). The least probability to show is the one
with the best F1 in cross-validation, in which records that are the same are held back together.
"""

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from shared.language import signature
from shared.language.particulars import Author
from shared.likeness.described import Described, described
from shared.likeness.features import FEATURES, features
from shared.vocabulary.units import canonical_unit

DAY = date(2026, 1, 1)
_KEY = b"only for building"
_PENALTY = 0.3
_UNLABELLED = 0.5
_NEAR = 0.3
_FOLDS = 10
_LEAST = [round(0.05 * step, 2) for step in range(3, 17)]
_MEANING = FEATURES.index("meaning")
_GIVEN = {"phase": 9.0, "sites": 9.0}
"""Weights that no set is asked for: another phase or other sites are another thing by definition,
however alike all else is, and a set has few such pairs."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """Pairs × features, which are the same, what each counts for, and the fold of each."""

    rows: Numbers
    same: Numbers
    weight: Numbers
    labelled: npt.NDArray[np.bool_]
    fold: npt.NDArray[np.intp]


def read_pairs(directory: Path, *, text_only: bool) -> Pairs:
    """The pairs of a labelled set."""
    labels = _labels(directory)
    folds = _folds(labels)
    found: list[tuple[Sequence[float], float, float, bool, int]] = []
    for name in ("requests", "offers"):
        records = dict(_records(directory / f"{name}.jsonl", text_only=text_only))
        for one, other in combinations(sorted(records), 2):
            label = labels.get((one, other))
            of_pair = features(records[one], records[other])
            if label is None and not _counts(name, records[one], records[other], of_pair):
                continue
            weight = _UNLABELLED if label is None else 1.0
            fold = folds.get(one, sum(one.encode()) % _FOLDS)
            found.append((of_pair, float(label or 0), weight, label is not None, fold))
    columns = list(zip(*found, strict=True))
    return Pairs(*(np.array(column) for column in columns))


def fitted(pairs: Pairs, chosen: npt.NDArray[np.bool_]) -> Numbers:
    """Intercept and weights for some of the pairs."""
    rows, same, weight = pairs.rows[chosen], pairs.same[chosen], pairs.weight[chosen]

    def loss(found: Numbers) -> tuple[float, Numbers]:
        total = found[0] + rows @ found[1:]
        wrong = (1.0 / (1.0 + np.exp(-total)) - same) * weight
        value = (np.logaddexp(0.0, total) - same * total) @ weight
        slope = np.concatenate([[wrong.sum()], rows.T @ wrong + _PENALTY * found[1:]])
        return float(value + _PENALTY * (found[1:] @ found[1:]) / 2.0), slope

    bounds = [(None, None)] + [(_GIVEN.get(name, 0.0), _GIVEN.get(name)) for name in FEATURES]
    start = np.array([0.0] + [_GIVEN.get(name, 0.0) for name in FEATURES])
    found: Numbers = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return found


def held_back(pairs: Pairs) -> Numbers:
    """The probability of every pair, by a fit that has not seen it."""
    found = np.zeros(len(pairs.same))
    for fold in range(_FOLDS):
        out = pairs.fold == fold
        coefficients = fitted(pairs, ~out)
        total = coefficients[0] + pairs.rows[out] @ coefficients[1:]
        found[out] = 1.0 / (1.0 + np.exp(-total))
    return found


def f1(probabilities: Numbers, same: Numbers, least: float) -> float:
    """Of the pairs shown from a probability on."""
    shown = probabilities >= least
    return float(2.0 * same[shown].sum() / (shown.sum() + same.sum()))


def main() -> None:
    """Fit, choose, write, and print how good it is on what was held back."""
    directory = Path(sys.argv[1])
    each = [read_pairs(directory, text_only=text_only) for text_only in (False, True)]
    names = Pairs.__match_args__
    pairs = Pairs(*(np.concatenate([getattr(one, name) for one in each]) for name in names))
    apart = held_back(pairs)
    split = len(each[0].same)
    parts = ((apart[:split], each[0].same), (apart[split:], each[1].same))
    least = max(_LEAST, key=lambda one: sum(f1(p, same, one) for p, same in parts))
    for name, (probabilities, same) in zip(("with lines", "texts alone"), parts, strict=True):
        print(f"{name}: F1 {f1(probabilities, same, least):.3f} held back, from {least} on")  # noqa: T201
    coefficients = fitted(pairs, np.ones(len(pairs.same), dtype=bool))
    coded = each[0]
    ends = [coded.rows[coded.labelled & (coded.same == value)].mean(axis=0) for value in (0, 1)]
    written = {
        "features": list(FEATURES),
        "weights": [round(float(one), 4) for one in coefficients[1:]],
        "intercept": round(float(coefficients[0]), 4),
        "least": least,
        "ordinary": [
            1.0 if name in _GIVEN else round(float(one), 4)
            for name, one in zip(FEATURES, (ends[0] + ends[1]) / 2.0, strict=True)
        ],
    }
    out = Path(__file__).parent / "data" / "likeness.json"
    out.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def _counts(name: str, one: Described, other: Described, of_pair: Sequence[float]) -> bool:
    return one.owner == other.owner or (name == "offers" and of_pair[_MEANING] >= _NEAR)


def _labels(directory: Path) -> dict[tuple[str, str], int]:
    with (directory / "duplicates.tsv").open(encoding="utf-8", newline="") as file:
        return {
            (min(row["left"], row["right"]), max(row["left"], row["right"])): int(row["label"])
            for row in csv.DictReader(file, delimiter="\t")
        }


def _folds(labels: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """The fold of each record that is the same as another: one for all that are."""
    groups: dict[str, set[str]] = {}
    for (one, other), label in sorted(labels.items()):
        if label:
            group = groups.get(one, {one}) | groups.get(other, {other})
            groups |= dict.fromkeys(group, group)
    return {record: sum(min(group).encode()) % _FOLDS for record, group in groups.items()}


def _records(path: Path, *, text_only: bool) -> Iterator[tuple[str, Described]]:
    with path.open(encoding="utf-8") as rows:
        for row in map(json.loads, rows):
            yield row["id"], described(_event(row, text_only=text_only), DAY)


def _event(row: Mapping[str, Any], *, text_only: bool) -> dict[str, Any]:
    """A row of a labelled set as the data of its event, as far as it is read here."""
    is_request = "needs" in row
    lines, measure = ("needs", "quantity") if is_request else ("provisions", "capacity")
    texts = {name: row[name] for name in ("title", "description")}
    author = Author(row.get("donor"), row.get("country"))
    return {
        "country": row.get("country"),
        "organisation": row.get("donor"),
        "window": row["window"],
        "channel": row.get("channel"),
        lines: [] if text_only else [_line(line, measure) for line in row[lines]],
        "signature": signature(
            texts, row["language"], _KEY, "request" if is_request else "offer", author
        ),
    }


def _line(line: Mapping[str, Any], measure: str) -> dict[str, Any]:
    dollars = line["amount_usd"]
    return {
        "theme": line["theme"],
        "kind": line["kind"],
        measure: line[measure],
        "unit": canonical_unit(line["unit"]) if line["unit"] else None,
        "amount_cents": None if dollars is None else round(100 * dollars),
        "currency": None if dollars is None else "USD",
    }


if __name__ == "__main__":
    main()
