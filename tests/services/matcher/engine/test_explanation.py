import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matcher.engine.explanation import UNTOLD, Heard, InCommon, _levels, explain
from services.matcher.engine.features import FEATURES, NO_RECORD
from services.matcher.engine.pairing import Pairing
from services.matcher.engine.ranking import Model, prior_model
from services.matcher.engine.serving import Serving
from services.matcher.engine.track_record_wording import track_record_text
from services.matcher.engine.wording import sentences
from shared.vocabulary import LANGUAGES, UnknownCode
from tests.services.matcher.engine.samples import bounded, serving
from tests.services.matcher.engine.sentences import check_sentence, plain

SHORT = serving(1, 2, "marking", "equipment", 4.0, 6.0, "machines", 1.0, 4_000_000, 16_000_000)
FULL = serving(3, 2, "marking", "equipment", 6.0, 6.0, "machines", 1.0, 16_000_000, 16_000_000)
UNKNOWN = serving(2, 2, "marking", "training", None, None, None, 0.5)
EVIDENCE = ("marking-machine", "training", "interpol")
TOLD = [name for name in FEATURES if name not in UNTOLD]
COMMON = InCommon(("marking", "record-keeping"), ("equipment",))


def pairing(
    serves: tuple[Serving, ...] = (), evidence: tuple[str, ...] = (), **of: float
) -> Pairing:
    features = tuple(of.get(name, 0.5) for name in FEATURES)
    return Pairing("R1", "O1", 0.5, 1, features, serves, evidence)


def only(*names: str) -> Model:
    """A model that looks at nothing else."""
    weights = [float(name in names) for name in FEATURES]
    return replace(prior_model(), weights=bounded(weights))


def test_levels_are_of_the_features_and_keep_for_and_against_apart() -> None:
    assert sorted(_levels()) == sorted(TOLD)
    for level in _levels().values():
        assert 0.0 <= level.ordinary <= 1.0
        assert 0.0 < level.least_for <= 1.0
        assert 0.0 < level.most_against <= 1.0


def test_the_three_strongest_reasons_and_the_strongest_against() -> None:
    model = replace(prior_model(), weights=bounded([2.0] * len(FEATURES)))
    ordinary = {name: _levels()[name].ordinary for name in TOLD}
    pair = pairing(**{**ordinary, "terms": 0.9, "concepts": 0.9, "focus": 0.6, "field": 0.1})
    found = explain(pair, model, "en")
    assert [reason.code for reason in found.reasons] == ["terms", "concepts", "focus"]
    assert [reason.contribution for reason in found.reasons] == [1.8, 1.8, 1.2]
    assert [(reason.code, reason.contribution) for reason in found.against] == [("field", -1.8)]


def test_what_every_proposal_has_is_told_last() -> None:
    pair = pairing(**dict.fromkeys(FEATURES, 1.0))
    model = replace(prior_model(), weights=bounded([1.0] * len(FEATURES)))
    codes = {reason.code for reason in explain(pair, model, "en").reasons}
    assert not codes & {"field", "allowed", "window", "unconditional"}
    told = explain(pair, only("field", "allowed"), "en").reasons
    assert [reason.code for reason in told] == ["allowed", "field"]


@pytest.mark.parametrize("uncoded", [0.0, 1.0])
def test_having_no_codes_is_no_reason(uncoded: float) -> None:
    found = explain(pairing(uncoded=uncoded, terms=1.0), only("uncoded", "terms"), "en")
    assert [reason.code for reason in (*found.reasons, *found.against)] == ["terms"]


def test_nothing_stands_against_a_perfect_pair() -> None:
    found = explain(pairing((FULL,), **dict.fromkeys(FEATURES, 1.0)), prior_model(), "en")
    assert found.against == ()
    assert len(found.reasons) == 3


@pytest.mark.parametrize(
    ("of", "sentence"),
    [
        ({"concepts": 0.62}, "Both texts name: marking machine, training, INTERPOL (62% alike)."),
        ({"text_theme": 0.9}, "Both texts are about: Marking, Record-keeping (90% alike)."),
        ({"text_kind": 0.996}, "One text asks for and the other offers: Equipment (99% met)."),
        ({"quantity": 0.1}, "It can give only 4 of 6 machines in need line 1."),
        ({"amount": 0.1}, "It can give only 40,000 of 160,000 US dollars in need line 1."),
        ({"quantity": 0.8}, "The quantities on offer cover an estimated 80% of what is needed."),
        ({"meaning": 0.7}, "The texts are close in meaning (70% on the scale of closeness)."),
        ({"any_need": 0.001}, "No need is served to more than 1% by theme and kind of help."),
    ],
)
def test_sentences_have_numbers_and_names(of: dict[str, float], sentence: str) -> None:
    pair = pairing((FULL, SHORT, UNKNOWN), EVIDENCE, **of)
    found = explain(pair, only(*of), "en", COMMON)
    assert [reason.sentence for reason in (*found.reasons, *found.against)] == [sentence]


def test_a_need_that_can_be_met_in_full_is_told_so() -> None:
    (reason,) = explain(pairing((FULL,), quantity=1.0), only("quantity"), "en").reasons
    assert reason.sentence == "It can give as much as need line 3 asks for (6 of 6 machines)."
    (reason,) = explain(pairing((FULL,), amount=1.0), only("amount"), "ru").reasons
    assert "160 000 из 160 000 долл. США" in plain(reason.sentence)


def test_a_track_record_is_told_with_its_numbers_where_they_may_be_known() -> None:
    (reason,) = explain(pairing(track_record=0.85), only("track_record"), "en").reasons
    assert reason.sentence == "Earlier help by this donor served well."
    heard = Heard(2.5, 21)
    (reason,) = explain(pairing(track_record=0.6), only("track_record"), "ru", heard=heard).against
    assert reason.sentence == (
        "Прежняя помощь этого донора была полезна менее обычного: 2,5 из 5 по ответам 21"
        " государства."
    )
    assert reason.contribution == -round(0.45 * 0.4, 4)
    none = explain(pairing(track_record=NO_RECORD), only("track_record"), "en", heard=heard)
    assert (none.reasons, none.against) == ((), ())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("states", [1, 2, 3, 11, 100])
def test_a_track_record_reads_well_in_every_language(language: str, states: int) -> None:
    heard = Heard(4.3, states)
    for parts in ((None, None), (0.5, None), (1.0, 0.914)):
        check_sentence(track_record_text(heard, *parts, language), language)
    for value in (1.0, 0.5):
        pair = pairing(track_record=value)
        found = explain(pair, only("track_record"), language, heard=heard)
        (reason,) = (*found.reasons, *found.against)
        check_sentence(reason.sentence, language)
        assert "4" in reason.sentence


def test_what_is_not_known_is_no_reason_for() -> None:
    half = pairing((UNKNOWN,), quantity=0.5, amount=0.5, text_kind=0.5)
    assert explain(half, only("quantity", "amount", "text_kind"), "en").reasons == ()


def test_of_an_offer_that_names_no_theme_it_is_told_that_it_names_none() -> None:
    common = InCommon(no_theme=True)
    told = {}
    for alike in (0.1, 1.0):
        found = explain(pairing(text_theme=alike), only("text_theme"), "en", common)
        told[alike] = [reason.sentence for reason in (*found.reasons, *found.against)]
    start = "The offer's text names no theme in particular, so it "
    assert told == {
        0.1: [f"{start}is not certain that it is for this one."],
        1.0: [f"{start}may be for any."],
    }


@pytest.mark.parametrize(
    ("of", "sentence"),
    [
        (
            {"theme": 1.0},
            "By what was inferred from text, the offer's themes answer 100% of what is needed.",
        ),
        (
            {"main_need": 0.7},
            "By what was inferred from text, it serves the main need: 70% by theme and kind of"
            " help.",
        ),
        (
            {"needs_served": 0.1},
            "By what was inferred from text, only 10% of what is needed is served.",
        ),
        (
            {"any_need": 0.2},
            "By what was inferred from text, no need is served to more than 20% by theme and"
            " kind of help.",
        ),
        ({"text_theme": 0.9}, "Both texts are about: Marking, Record-keeping (90% alike)."),
    ],
)
def test_of_inferred_lines_it_is_told_that_they_are(of: dict[str, float], sentence: str) -> None:
    found = explain(pairing((), EVIDENCE, **of), only(*of), "en", COMMON, inferred=True)
    assert [reason.sentence for reason in (*found.reasons, *found.against)] == [sentence]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_on_inferred_lines_reads_as_one_on_codes(language: str) -> None:
    for name in ("theme", "main_need", "needs_served", "any_need"):
        for value in (1.0, 0.001):
            pair = pairing(**{name: value})
            told = [
                explain(pair, only(name), language, inferred=inferred) for inferred in (True, False)
            ]
            ours, coded = [(*found.reasons, *found.against) for found in told]
            assert [one.code for one in ours] == [one.code for one in coded] == [name]
            assert ours[0].sentence != coded[0].sentence
            check_sentence(ours[0].sentence, language)


def test_what_no_line_states_is_not_told_of_inferred_ones() -> None:
    pair = pairing(
        quantity=0.1, amount=0.1, theme=0.0, main_need=0.0, needs_served=0.0, any_need=0.0
    )
    model = only("quantity", "amount", "theme", "main_need", "needs_served", "any_need")
    found = explain(pair, model, "en", inferred=True)
    assert (found.reasons, found.against) == ((), ())


def every_told(language: str) -> Iterator[tuple[str, str]]:
    """Each sentence that there is, with its feature: with names and numbers and without."""
    for name in FEATURES:
        for value in (1.0, 0.62, 0.001):
            for serves in ((), (SHORT,), (FULL,)):
                for evidence, common in (((), None), (EVIDENCE, COMMON)):
                    pair = pairing(serves, evidence, **{name: value})
                    found = explain(pair, only(name), language, common)
                    for reason in (*found.reasons, *found.against):
                        assert reason.code == name
                        yield name, reason.sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_feature_has_a_sentence_for_and_against_in_every_language(language: str) -> None:
    told: dict[str, set[str]] = {}
    for name, sentence in every_told(language):
        check_sentence(sentence, language)
        told.setdefault(name, set()).add(sentence)
    assert sorted(told) == sorted(TOLD)
    assert all(len(found) >= 2 for found in told.values())


def test_all_sentences_are_there_in_all_languages_with_the_same_places_to_fill() -> None:
    groups = sentences()
    templates = [
        *(template for senses in groups["reasons"].values() for template in senses.values()),
        *groups["lacking"].values(),
        *groups["contradictions"].values(),
        *groups["line_contradictions"].values(),
        *groups["inferred"].values(),
        *groups["track_record"].values(),
    ]
    for template in templates:
        assert sorted(template) == sorted(LANGUAGES)
        places = {
            language: sorted(part.split("}")[0] for part in sentence.split("{")[1:])
            for language, sentence in template.items()
        }
        assert len({tuple(found) for found in places.values()}) == 1, places
    named = re.compile("_(counted|named|inferred|any)$")
    assert {named.sub("", name) for name in groups["reasons"]} == {*TOLD}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_unit_that_is_not_in_the_vocabulary_is_told_as_it_is(language: str) -> None:
    pair = pairing(({**SHORT, "unit": "gizmos"},), quantity=0.1)
    (reason,) = explain(pair, only("quantity"), language).against
    assert "gizmos" in reason.sentence
    if language == "ar":
        assert "\u2068gizmos\u2069" in reason.sentence


def test_another_language_and_other_features_are_refused() -> None:
    with pytest.raises(UnknownCode):
        explain(pairing(), prior_model(), "de")
    with pytest.raises(ValueError):
        explain(pairing()._replace(features=(1.0,)), prior_model(), "en")


def test_what_speaks_for_a_pair_is_not_told_against_it_too() -> None:
    found = explain(pairing((), ("marking-machine",), theme=0.6), only("theme"), "en")
    assert [reason.code for reason in found.reasons] == ["theme"]
    assert found.against == ()


values = st.floats(0.0, 1.0)
lines = st.lists(
    st.builds(
        serving,
        st.integers(1, 9),
        st.integers(1, 9),
        st.just("marking"),
        st.just("equipment"),
        st.floats(0.0, 50.0),
        st.floats(50.0, 99.0),
        st.just("machines"),
        values,
        st.none(),
        st.none(),
    ),
    max_size=3,
)


@given(
    features=st.lists(values, min_size=len(FEATURES), max_size=len(FEATURES)),
    weights=st.lists(st.floats(0.0, 5.0), min_size=len(FEATURES), max_size=len(FEATURES)),
    serves=lines,
    language=st.sampled_from(LANGUAGES),
)
def test_nothing_told_contradicts_the_numbers(
    features: list[float], weights: list[float], serves: list[Serving], language: str
) -> None:
    model = replace(prior_model(), weights=bounded(weights))
    pair = pairing(tuple(serves))._replace(features=tuple(features))
    found = explain(pair, model, language)
    value, weight = (
        dict(zip(FEATURES, features, strict=True)),
        dict(zip(FEATURES, model.weights, strict=True)),
    )
    codes = [reason.code for reason in (*found.reasons, *found.against)]
    assert len(set(codes)) == len(codes)
    assert len(found.reasons) <= 3
    assert len(found.against) <= 1
    for reason in found.reasons:
        assert reason.contribution == round(weight[reason.code] * value[reason.code], 4)
        assert value[reason.code] >= _levels()[reason.code].least_for
    for reason in found.against:
        assert reason.contribution == -round(weight[reason.code] * (1 - value[reason.code]), 4)
        assert value[reason.code] < _levels()[reason.code].ordinary
    for reason in (*found.reasons, *found.against):
        check_sentence(reason.sentence, language)
        if value[reason.code] < 1.0:
            assert "100" not in reason.sentence
