import json
from importlib.resources import files

import numpy as np
import pytest

from shared.language import encoder_available
from shared.language.build_centre import centre
from shared.language.meaning import centred
from shared.language.vectors import decode, encode


@pytest.mark.skipif(not encoder_available(), reason="no sentence encoder here")
def test_the_stored_centre_is_the_vocabularys() -> None:
    stored = json.loads(
        (files("shared.language") / "data" / "centre.json").read_text(encoding="utf-8")
    )
    assert stored == centre()


@pytest.mark.skipif(not encoder_available(), reason="no sentence encoder here")
def test_taking_the_centre_out_sets_subjects_apart() -> None:
    def cosine(one: np.ndarray, other: np.ndarray) -> float:
        a, b = one.astype(float), other.astype(float)
        return float(a @ b / np.sqrt((a @ a) * (b @ b)))

    raw = [decode(encode(text) or "") for text in ("Weapons law reform", "Gun destruction")]
    assert cosine(*raw) > cosine(*(centred(vector.tobytes()) for vector in raw))


def test_a_vector_of_zeros_stays_one() -> None:
    assert not centred(bytes(512)).any()
