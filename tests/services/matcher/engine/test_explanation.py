from dataclasses import replace

import pytest

from services.matcher.engine.explanation import _sentences, explain
from services.matcher.engine.features import FEATURES
from services.matcher.engine.matching import Pairing
from services.matcher.engine.ranking import prior_model
from services.matcher.engine.serving import Serving
from shared.vocabulary import LANGUAGES, UnknownCode

SHORT = Serving(1, 2, "marking", "equipment", 4.0, 6.0, "machines", 1.0)


def pairing(
    serves: tuple[Serving, ...] = (), evidence: tuple[str, ...] = (), **of: float
) -> Pairing:
    features = tuple(of.get(name, 0.5) for name in FEATURES)
    return Pairing("R1", "O1", 0.5, 1, features, serves, evidence)


def test_the_three_strongest_reasons_and_the_strongest_against() -> None:
    model = replace(prior_model(), weights=tuple(float(n) for n in range(len(FEATURES))))
    found = explain(pairing(unconditional=0.0, window=0.9, meaning=0.1), model, "en")
    assert [reason.code for reason in found.reasons] == ["window", "terms", "allowed"]
    place = {name: float(n) for n, name in enumerate(FEATURES)}
    assert [reason.contribution for reason in found.reasons] == [
        round(0.9 * place["window"], 4),
        0.5 * place["terms"],
        0.5 * place["allowed"],
    ]
    assert [(reason.code, reason.contribution) for reason in found.against] == [
        ("unconditional", -place["unconditional"])
    ]


def test_reasons_add_up_to_the_score() -> None:
    pair = pairing(terms=0.0, window=0.0)
    added = sum(w * f for w, f in zip(prior_model().weights, pair.features, strict=True))
    told = explain(pair, prior_model(), "en").reasons
    assert sum(reason.contribution for reason in told) < added


def test_nothing_stands_against_a_perfect_pair() -> None:
    found = explain(pairing(**dict.fromkeys(FEATURES, 1.0)), prior_model(), "en")
    assert found.against == ()
    assert len(found.reasons) == 3


def test_sentences_have_numbers_and_names() -> None:
    only = replace(
        prior_model(), weights=tuple(float(name in ("quantity", "concepts")) for name in FEATURES)
    )
    pair = pairing((SHORT,), ("marking-machine", "no-such-concept"), quantity=0.2, concepts=0.62)
    found = explain(pair, only, "en")
    assert found.reasons[0].sentence == "Both texts name: marking machine (62% alike)."
    assert found.against[0].sentence == "It can give only 4 of 6 needed (machines)."


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_feature_has_a_sentence_for_and_against_in_every_language(language: str) -> None:
    for name in FEATURES:
        only = replace(prior_model(), weights=tuple(float(name == other) for other in FEATURES))
        for value in (1.0, 0.1):
            pair = pairing((SHORT,), ("marking-machine",), **{name: value})
            found = explain(pair, only, language)
            for reason in (*found.reasons, *found.against):
                assert reason.code == name
                assert "{" not in reason.sentence
                assert len(reason.sentence) > 5
            assert bool(found.against) == (value < 0.5)


def test_all_sentences_are_there_in_all_languages_with_the_same_places_to_fill() -> None:
    for senses in _sentences().values():
        for sentences in senses.values():
            assert sorted(sentences) == sorted(LANGUAGES)
            places = {
                name: sorted(part.split("}")[0] for part in sentence.split("{")[1:])
                for name, sentence in sentences.items()
            }
            assert len({tuple(found) for found in places.values()}) == 1, places


def test_a_unit_that_is_not_in_the_vocabulary_is_told_as_it_is() -> None:
    only = replace(prior_model(), weights=tuple(float(name == "quantity") for name in FEATURES))
    found = explain(pairing((replace(SHORT, unit="gizmos"),), quantity=0.1), only, "en")
    assert "gizmos" in found.against[0].sentence


def test_another_language_and_other_features_are_refused() -> None:
    with pytest.raises(UnknownCode):
        explain(pairing(), prior_model(), "de")
    with pytest.raises(ValueError):
        explain(replace(pairing(), features=(1.0,)), prior_model(), "en")


def test_what_speaks_for_a_pair_is_not_told_against_it_too() -> None:
    only = replace(prior_model(), weights=tuple(float(name == "concepts") for name in FEATURES))
    found = explain(pairing((), ("marking-machine",), concepts=0.4), only, "en")
    assert [reason.code for reason in found.reasons] == ["concepts"]
    assert found.against == ()
