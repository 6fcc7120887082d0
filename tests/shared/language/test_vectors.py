import base64

import numpy as np
import pytest

from shared.language import vectors
from shared.language.vectors import ENCODED, SIZE, decode, encode, encoder_available, quantise

needs_encoder = pytest.mark.skipif(not encoder_available(), reason="no sentence encoder here")


def cosine(left: str | None, right: str | None) -> float:
    assert left is not None
    assert right is not None
    a, b = decode(left).astype(float), decode(right).astype(float)
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


@needs_encoder
def test_translations_lie_closer_than_other_subjects() -> None:
    english = encode("Machines to mark firearms are needed.")
    french = encode("Il faut des machines pour marquer les armes à feu.")
    other = encode("A survey of households is offered.")
    assert cosine(english, french) > cosine(english, other) + 0.2


@needs_encoder
def test_the_same_text_has_the_same_vector() -> None:
    text = "Réhabilitation de quatre armureries"
    assert encode(text) == encode(text)


@needs_encoder
def test_what_comes_after_the_first_characters_does_not_count() -> None:
    beginning = "armoury " * (ENCODED // 8)
    assert encode(beginning + "marking machines") == encode(beginning + "national laws")


@pytest.mark.parametrize("text", ["", "   ", "\x00\x01", "🔫", "\ud800", "\u202e"])
def test_a_text_without_letters_has_no_vector(text: str) -> None:
    assert encode(text) is None


def test_without_the_package_there_are_no_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "_encoder", lambda: None)
    assert not encoder_available()
    assert encode("marking machines") is None


def test_quantising_keeps_the_direction() -> None:
    vector = np.random.default_rng(3).normal(size=SIZE)
    small = quantise(vector).astype(float)
    assert np.abs(small).max() == 127
    assert vector @ small / np.sqrt((vector @ vector) * (small @ small)) > 0.999
    assert not quantise(np.zeros(SIZE)).any()


@pytest.mark.parametrize("size", [0, 511, 513])
def test_a_vector_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="512 components"):
        decode(base64.b64encode(bytes(size)).decode())
