"""What a text is about: the probability of each theme, each kind of help, and of the field.

A logistic classifier over the sentence vector, the concepts that a text names and those that it
rules out. It is fitted by `build_classifier` to texts written for it (data/training) and kept as
numbers, so that a service needs neither them nor the fitting.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.language.concepts import thesaurus
from shared.language.meaning import centred
from shared.language.vectors import SIZE, decode
from shared.language.weighing import concept_weights

FIELD = "field"
"""The label of texts that belong to small-arms control at all."""

EVEN = 0.5
"""The probability of what nothing speaks for or against."""

LEAST = 0.01
"""What is less probable is not told."""

_DECIMALS = 2
_SCALE = 2.0

Row = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Inferred:
    """Probabilities from 0 to 1, to two decimals, the highest first; `field` of the field."""

    themes: tuple[tuple[str, float], ...]
    kinds: tuple[tuple[str, float], ...]
    field: float


@dataclass(frozen=True)
class Classifier:
    """One logistic model a label, over the same features.

    `weights` is labels × features; `concepts` are the ids whose places follow the vector's.
    """

    labels: tuple[tuple[str, str], ...]
    concepts: tuple[str, ...]
    weights: npt.NDArray[np.float32]
    intercepts: npt.NDArray[np.float32]

    def probabilities(self, row: Row) -> dict[tuple[str, str], float]:
        """The probability of each label, by its group ("theme", "kind", "field") and code."""
        logits = np.clip(self.weights @ row + self.intercepts, -40.0, 40.0)
        values = np.round(1.0 / (1.0 + np.exp(-logits)), _DECIMALS)
        return {label: float(value) for label, value in zip(self.labels, values, strict=True)}


def infer(
    vector: str | None, named: Sequence[Sequence[Any]], excluded: Sequence[Sequence[Any]]
) -> Inferred:
    """What the parts of a signature tell; see signature.py for their form.

    Without a vector, from the concepts alone. Texts that have nothing to go by, neither a vector
    nor a concept, tell nothing: no themes, no kinds, and as likely of the field as not.
    """
    if vector is None and not named and not excluded:
        return Inferred((), (), EVEN)
    classifier = _classifiers()["without" if vector is None else "with"]
    found = classifier.probabilities(features(vector, named, excluded, classifier.concepts))
    return Inferred(_told(found, "theme"), _told(found, "kind"), found[FIELD, FIELD])


def features(
    vector: str | None,
    named: Sequence[Sequence[Any]],
    excluded: Sequence[Sequence[Any]],
    concepts: Sequence[str],
) -> Row:
    """The classifier's features: vector, concepts named, concepts ruled out, each of length 2."""
    places = {concept: place for place, concept in enumerate(concepts)}
    meaning = np.zeros(SIZE) if vector is None else centred(decode(vector).tobytes())
    return np.concatenate(
        [
            _scaled(meaning.astype(np.float64)),
            _scaled(_placed(concept_weights(_titled(named)), places)),
            _scaled(_placed(_ruled_out(excluded), places)),
        ]
    )


def _titled(mentions: Sequence[Sequence[Any]]) -> tuple[tuple[str, bool], ...]:
    return tuple((concept, name == "title") for concept, name, *_ in mentions)


def _ruled_out(mentions: Sequence[Sequence[Any]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for concept, *_ in mentions:
        found[concept] = 1.0
        for wider in thesaurus().broader(concept):
            found.setdefault(wider, 0.5)
    return found


def _placed(weights: Mapping[str, float], places: Mapping[str, int]) -> Row:
    row = np.zeros(len(places))
    for concept, weight in weights.items():
        if concept in places:
            row[places[concept]] = weight
    return row


def _scaled(row: Row) -> Row:
    length = float(np.sqrt((row * row).sum()))
    return row if length == 0.0 else row * (_SCALE / length)


def _told(found: Mapping[tuple[str, str], float], group: str) -> tuple[tuple[str, float], ...]:
    likely = [(code, p) for (of, code), p in found.items() if of == group and p >= LEAST]
    return tuple(sorted(likely, key=lambda item: (-item[1], item[0])))


@cache
def _classifiers() -> Mapping[str, Classifier]:
    source = files("shared.language") / "data" / "classifier.json"
    stored = json.loads(source.read_text(encoding="utf-8"))
    concepts = tuple(stored["concepts"])
    labels = tuple((group, code) for group, code in stored["labels"])
    return {
        name: Classifier(
            labels,
            concepts,
            _numbers(model["weights"]).reshape(len(labels), SIZE + 2 * len(concepts)),
            _numbers(model["intercepts"]),
        )
        for name, model in stored["models"].items()
    }


def _numbers(text: str) -> npt.NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(text), dtype="<f4")
