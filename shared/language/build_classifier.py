"""Makes data/classifier.json from the training texts: python -m shared.language.build_classifier"""

import base64
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from shared.language.concepts import thesaurus
from shared.language.inference import FIELD, features
from shared.language.signature import text_parts
from shared.language.training import Sample, samples
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES

_STRENGTH = 0.5
_FIELD_STRENGTH = 2.0
"""Inverse strengths of the penalty: other fields are told from this one by fine differences."""


def classifier(found: Sequence[Sample]) -> dict[str, object]:
    """The classifiers fitted to texts, with and without vectors. Half a minute's work."""
    concepts = sorted(concept.id for concept in thesaurus())
    parts = [text_parts({"text": one.text}, one.language, one.side) for one in found]
    rows = {
        "with": [features(p.vector, p.named, p.excluded, concepts) for p in parts],
        "without": [features(None, p.named, p.excluded, concepts) for p in parts],
    }
    labels = [
        *(("theme", code) for code in sorted({t for one in found for t in one.themes})),
        *(("kind", code) for code in sorted({k for one in found for k in one.kinds})),
        (FIELD, FIELD),
    ]
    return {
        "provenance": {
            "source": "fitted to the texts in data/training, which were written for this project",
            "licence": "Apache-2.0 as this repository",
            "made": "python -m shared.language.build_classifier",
        },
        "labels": [list(label) for label in labels],
        "concepts": concepts,
        "models": {name: _fitted(np.array(of), found, labels) for name, of in rows.items()},
    }


def _fitted(
    rows: npt.NDArray[np.float64], found: Sequence[Sample], labels: Sequence[tuple[str, str]]
) -> dict[str, str]:
    weights, intercepts = [], []
    for group, code in labels:
        kept = [bool(one.themes) or group != "kind" for one in found]
        truth = [_is(one, group, code) for one in found]
        model = LogisticRegression(
            C=_FIELD_STRENGTH if group == FIELD else _STRENGTH,
            class_weight="balanced" if group == FIELD else None,
            max_iter=1_000,
        ).fit(rows[kept], np.array(truth)[kept])
        weights.append(model.coef_[0])
        intercepts.append(float(model.intercept_[0]))
    return {"weights": _text(np.array(weights)), "intercepts": _text(np.array(intercepts))}


def _is(one: Sample, group: str, code: str) -> bool:
    if group == FIELD:
        return bool(one.themes)
    return code in (one.themes if group == "theme" else one.kinds)


def _text(values: npt.NDArray[np.float64]) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")


def main() -> None:
    """Fit and write."""
    for code in {code for one in samples() for code in one.themes}:
        THEMES.get(code)
    for code in {code for one in samples() for code in one.kinds}:
        KINDS.get(code)
    target = Path(__file__).parent / "data" / "classifier.json"
    made = classifier(list(samples()))
    target.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
