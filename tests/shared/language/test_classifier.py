"""The classifier: that it is what its texts give, and that it tells more than these texts."""

from collections import Counter

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_sample_weight

from shared.language import encoder_available, signature
from shared.language.build_classifier import _FIELD_STRENGTH, _STRENGTH, _is
from shared.language.concepts import thesaurus
from shared.language.inference import FIELD, _classifiers, features, infer
from shared.language.signature import Parts, text_parts
from shared.language.training import samples
from shared.language.weighing import concept_weights, named_concepts
from shared.vocabulary import LANGUAGES
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES

Rows = npt.NDArray[np.float64]

TEXTS = list(samples())
CONCEPTS = tuple(sorted(concept.id for concept in thesaurus()))
KEPT = {"theme": 0.65, "field": 0.93}
"""A little below what was measured in the worst of the languages left out."""

needs_encoder = pytest.mark.skipif(not encoder_available(), reason="no sentence encoder here")


@pytest.fixture(scope="module")
def parts() -> list[Parts]:
    return [text_parts({"text": one.text}, one.language, one.side) for one in TEXTS]


def _rows(parts: list[Parts], vectors: bool) -> Rows:
    return np.array(
        [features(p.vector if vectors else None, p.named, p.excluded, CONCEPTS) for p in parts]
    )


@needs_encoder
@pytest.mark.parametrize("name", ["with", "without"])
def test_the_stored_classifier_is_what_the_texts_give(parts: list[Parts], name: str) -> None:
    """Where the penalised loss of these very texts is smallest its slope is nought.

    So nothing need be fitted here; a text changed, added or read otherwise makes a slope.
    """
    stored = _classifiers()[name]
    assert stored.concepts == CONCEPTS
    rows = _rows(parts, name == "with")
    slopes = {}
    for label, weights, intercept in zip(
        stored.labels, stored.weights.astype(float), stored.intercepts.astype(float), strict=True
    ):
        group, code = label
        kept = np.array([bool(one.themes) or group != "kind" for one in TEXTS])
        truth = np.array([_is(one, group, code) for one in TEXTS])[kept]
        strength = _FIELD_STRENGTH if group == FIELD else _STRENGTH
        each = compute_sample_weight("balanced" if group == FIELD else None, truth)
        away = each * (1.0 / (1.0 + np.exp(-(rows[kept] @ weights + intercept))) - truth)
        slope = np.append(away @ rows[kept] + weights / strength, away.sum())
        slopes[label] = float(np.abs(slope).max()) / each.sum()
    assert {label: slope for label, slope in slopes.items() if slope > 2e-4} == {}


def test_every_label_has_texts_in_every_language_on_both_sides() -> None:
    themes = Counter((one.language, code) for one in TEXTS for code in one.themes)
    kinds = Counter((one.language, one.side, code) for one in TEXTS for code in one.kinds)
    fields = Counter((one.language, one.side) for one in TEXTS if not one.themes)
    taught = {code for one in TEXTS for code in one.themes}
    # A theme that was joined from two others is taught by these.
    assert set(THEMES.codes()) - taught <= {"marking-and-record-keeping"}
    for language in LANGUAGES:
        assert min(themes[language, code] for code in taught) >= 5
        for side in ("request", "offer"):
            assert min(kinds[language, side, code] for code in KINDS.codes()) >= 5
            assert fields[language, side] >= 8
    assert len({one.text for one in TEXTS}) == len(TEXTS)


@needs_encoder
def test_a_language_left_out_is_told_by_the_others(parts: list[Parts]) -> None:
    """Every other text, the same loss and penalty by a quicker solver."""
    some, rows = TEXTS[::2], _rows(parts, vectors=True)[::2]
    codes = sorted({code for one in some for code in one.themes})
    told = {}
    for language in LANGUAGES:
        out = np.array([one.language == language for one in some])
        odds = [
            _odds(rows, ~out, out, [_is(one, "theme", code) for one in some], _STRENGTH)
            for code in codes
        ]
        best = np.argmax(odds, axis=0)
        tried = [one for one, left in zip(some, out, strict=True) if left]
        right = [codes[at] in one.themes for at, one in zip(best, tried, strict=True) if one.themes]
        truth = [bool(one.themes) for one in some]
        of_field = _odds(rows, ~out, out, truth, _FIELD_STRENGTH, "balanced") > 0.0
        same = [yes == bool(one.themes) for yes, one in zip(of_field, tried, strict=True)]
        told[language] = {"theme": float(np.mean(right)), "field": float(np.mean(same))}
    low = {
        language: shares
        for language, shares in told.items()
        if any(share < KEPT[name] for name, share in shares.items())
    }
    assert low == {}, told


def _odds(
    rows: Rows,
    learnt: npt.NDArray[np.bool_],
    tried: npt.NDArray[np.bool_],
    truth: list[bool],
    strength: float,
    weight: str | None = None,
) -> Rows:
    model = LogisticRegression(C=strength, solver="liblinear", class_weight=weight)
    odds: Rows = model.fit(rows[learnt], np.array(truth)[learnt]).decision_function(rows[tried])
    return odds


@needs_encoder
def test_texts_of_other_fields_have_a_low_field(parts: list[Parts]) -> None:
    found: dict[bool, list[float]] = {True: [], False: []}
    for one, p in zip(TEXTS[::3], parts[::3], strict=True):
        found[bool(one.themes)].append(infer(p.vector, p.named, p.excluded).field)
    assert np.median(found[False]) < 0.2
    assert np.mean(np.array(found[False]) > 0.5) < 0.1
    assert np.median(found[True]) > 0.9
    assert np.mean(np.array(found[True]) < 0.5) < 0.1


OTHERS = {
    "en": "We vaccinate children against measles and train nurses in rural clinics.",
    "fr": "Nous vaccinons les enfants contre la rougeole et formons des infirmières.",
    "es": "Construimos pozos de agua potable y letrinas para escuelas rurales.",
    "ar": "نوزع البذور والأسمدة على المزارعين وندرب المرشدين الزراعيين.",
    "ru": "Мы строим школы и обучаем учителей начальных классов.",
    "zh": "我们为农村学校修建供水设施并培训教师。",
}


@needs_encoder
def test_so_have_texts_that_it_has_not_seen() -> None:
    found = {
        language: signature({"title": "", "description": text}, language, b"k")
        for language, text in OTHERS.items()
    }
    fields = {language: one["field"] for language, one in found.items()}
    assert np.median(list(fields.values())) < 0.3, fields
    assert max(fields.values()) < 0.7, fields
    assert all(probability < 0.5 for one in found.values() for _, probability in one["themes"])


def test_probabilities_are_told_in_order_and_small_ones_are_not() -> None:
    found = infer(None, [["marking-machine", "title", 0, 1], ["training", "text", 0, 1]], [])
    for told in (found.themes, found.kinds):
        values = [probability for _, probability in told]
        assert values == sorted(values, reverse=True)
        assert all(0.01 <= value <= 1.0 for value in values)
    assert found.themes[0][0] == "marking"
    assert {code for code, _ in found.kinds[:2]} == {"equipment", "training"}


@pytest.mark.parametrize("text", ["", " \n\t", "😀 — !!", "\u200f\u202b"])
def test_a_text_without_words_is_as_likely_of_the_field_as_not(text: str) -> None:
    found = signature({"title": "", "description": text}, "en", b"k")
    assert (found["field"], found["themes"], found["kinds"], found["lines"]) == (0.5, [], [], [])


def test_what_is_ruled_out_speaks_against_its_kind() -> None:
    def training(excluded: list[list[object]]) -> float:
        named = [["marking-machine", "text", 0, 1]]
        return dict(infer(None, named, excluded).kinds).get("training", 0.0)

    assert training([["training", "text", 5, 9]]) <= training([])


def test_features_are_those_of_the_concepts_that_the_classifier_knows() -> None:
    known = _classifiers()["without"]
    with_unknown = features(None, [["no-such-concept", "t", 0, 1]], [], known.concepts)
    assert not with_unknown.any()
    one = features(None, [["training", "t", 0, 1]], [["marking", "t", 2, 3]], known.concepts)
    # Vector, named and ruled out are each nought or of the same length.
    assert np.sqrt((one**2).sum()) == pytest.approx(np.sqrt(8.0))


def test_a_concept_weighs_more_in_the_title_and_when_named_again() -> None:
    (_, plain), *_ = named_concepts([("training", False)])
    weights = [
        named_concepts([("training", title)] * times)[0][1]
        for title, times in ((False, 1), (False, 2), (False, 3), (False, 9), (True, 1))
    ]
    assert weights == [plain, plain * 1.5, plain * 1.75, plain * 1.75, plain * 2.0]
    assert named_concepts([("no-such-concept", True)]) == []


def test_wider_concepts_weigh_half_a_step_and_never_less_than_by_their_own_name() -> None:
    narrow = concept_weights((("marking-machine", False),))
    assert narrow["marking"] == narrow["marking-machine"] / 2
    both = concept_weights((("marking-machine", False), ("marking", True)))
    assert both["marking"] == concept_weights((("marking", True),))["marking"]


def test_every_text_is_of_the_vocabulary() -> None:
    for one in TEXTS:
        assert one.side in ("request", "offer")
        assert one.text.strip()
        assert set(one.themes) <= set(THEMES.codes())
        assert set(one.kinds) <= set(KINDS.codes())
        assert bool(one.themes) == bool(one.kinds)
