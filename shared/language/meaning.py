"""Sentence vectors made comparable: the field's common direction taken out of each.

All texts here speak of arms control, so their vectors lie close together; what tells them apart is
what remains once the mean direction of the field is gone. That mean is data, made from the
vocabulary's descriptions of the themes in six languages (`build_centre`), not from any records.
"""

import base64
import json
from functools import cache, lru_cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from shared.language.vectors import SIZE, quantise

_CENTRE = files("shared.language") / "data" / "centre.json"


@lru_cache(maxsize=64)  # several parts of a worker ask it of the event that came
def centred(vector: bytes) -> npt.NDArray[np.int8]:
    """A vector of 512 signed bytes without the field's mean direction, as 512 signed bytes.

    Whole numbers, so that a cosine's sums are exact and the same in any order. For reading only.
    """
    raw = np.frombuffer(vector, dtype=np.int8).astype(np.float64)
    length = float(np.sqrt((raw * raw).sum()))
    found = np.zeros(SIZE, dtype=np.int8) if length == 0.0 else quantise(raw / length - _centre())
    found.flags.writeable = False
    return found


@cache
def _centre() -> npt.NDArray[np.float64]:
    stored = json.loads(_CENTRE.read_text(encoding="utf-8"))
    direction = np.frombuffer(base64.b64decode(stored["direction"]), dtype=np.int8)
    return direction.astype(np.float64) * float(stored["scale"])
