"""Makes data/centre.json from the vocabulary: python -m shared.language.build_centre"""

import base64
import json
from pathlib import Path

import numpy as np

from shared.language.vectors import decode, encode, quantise
from shared.vocabulary import LANGUAGES
from shared.vocabulary.themes import THEMES


def centre() -> dict[str, object]:
    """The mean of the unit vectors of all themes' descriptions in all languages.

    RuntimeError without the encoder's package.
    """
    vectors = []
    for theme in THEMES:
        for language in LANGUAGES:
            encoded = encode(f"{theme.labels[language]}. {theme.notes[language]}")
            if encoded is None:
                raise RuntimeError("the sentence encoder is not installed")
            vector = decode(encoded).astype(np.float64)
            vectors.append(vector / np.sqrt((vector * vector).sum()))
    mean = np.mean(vectors, axis=0)
    return {
        "provenance": {
            "source": "descriptions of the themes in shared/vocabulary, six languages each",
            "licence": "Apache-2.0 as this repository",
            "made": "python -m shared.language.build_centre",
        },
        "scale": round(float(np.abs(mean).max()) / 127.0, 9),
        "direction": base64.b64encode(quantise(mean).tobytes()).decode("ascii"),
    }


if __name__ == "__main__":
    target = Path(__file__).parent / "data" / "centre.json"
    target.write_text(json.dumps(centre(), indent=2) + "\n", encoding="utf-8")
