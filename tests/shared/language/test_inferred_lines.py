"""What texts in six languages seem to ask for: lines with their measures, and where they say so."""

import json
import sys
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matcher.engine.codes import KIND_CODES, THEME_CODES
from services.matcher.engine.inference import guesses, strengths
from services.matcher.engine.profiles import Text
from shared.language import read, vectors
from shared.language.inferred_lines import LEAST_TOLD, MOST_LINES
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES
from shared.vocabulary.units import UNITS

KEY = b"a deployment's key"

MARKING = {
    "en": "We ask for six marking machines and training for 24 operators.",
    "fr": "Nous demandons six machines de marquage et la formation de 24 opérateurs.",
    "es": "Solicitamos seis máquinas de marcado y la capacitación de 24 operadores.",
    "ru": "Просим шесть маркировочных машин и обучение 24 операторов.",
    "ar": "نطلب ٦ آلات وسم وتدريب ٢٤ ضابطاً.",
    "zh": "我们需要6台打标机,并培训24名操作员。",
}


def found(description, language="en", title="", side="request"):
    return read({"title": title, "description": description}, language, KEY, side)


@pytest.mark.parametrize(("language", "description"), MARKING.items(), ids=MARKING.keys())
def test_themes_and_kinds_are_told_in_every_language(language, description):
    inferred = found(description, language).inferred
    assert inferred["themes"][0][0] == "marking"
    assert {code for code, _, _ in inferred["kinds"]} & {"equipment", "training"}


def test_lines_come_with_their_measures_and_where_they_stand():
    text = MARKING["zh"]
    lines = {line[1]: line for line in found(text, "zh").inferred["lines"]}
    theme, kind, probability, quantity, unit, cents, currency, source, none = lines["training"]
    assert (theme, kind, quantity, unit) == ("marking", "training", 24, "persons")
    assert (cents, currency, none) == (None, None, None)
    field, start, end, sure = source
    assert (field, text[start:end]) == ("description", "24名操作员")
    assert 0.5 <= sure <= 1
    assert 0.2 <= probability <= 1


def test_what_a_text_rules_out_tells_nothing():
    text = (
        "We lend marking machines to police forces. We do not give vehicles or USD 50,000 to Mali."
    )
    reading = found(text, side="offer")
    assert reading.inferred["facts"]["amounts"] == reading.inferred["facts"]["places"] == []
    assert all(line[5] is None for line in reading.inferred["lines"])


def test_spans_lead_to_the_words_that_speak_for_a_code():
    text = MARKING["fr"]
    inferred = found(text, "fr").inferred
    (_, _, spans), *_ = inferred["themes"]
    assert [text[start:end] for _, start, end in spans] == ["machines de marquage"]
    kinds = {
        code: [text[start:end] for _, start, end in spans] for code, _, spans in inferred["kinds"]
    }
    assert "formation" in kinds["training"]


def test_where_no_word_speaks_for_a_code_the_whole_text_does():
    text = "Somebody should come and stay with our lawyers until parliament has voted."
    spans = {tuple(span) for *_, found_ in found(text).inferred["kinds"] for span in found_}
    assert ("description", 0, len(text)) in spans


@pytest.mark.parametrize("description", MARKING.values(), ids=MARKING.keys())
def test_the_author_sees_the_lines_that_the_matcher_uses(description):
    reading = found(description)
    expected = guesses(*strengths(Text.of_signature(reading.signature)))[:MOST_LINES]
    assert [(line[0], line[1], line[2]) for line in reading.inferred["lines"]] == [
        (THEME_CODES[guess.theme], KIND_CODES[guess.kind], round(guess.strength, 2))
        for guess in expected
    ]
    assert reading.signature["lines"] == [line[:7] for line in reading.inferred["lines"]]


def test_events_learn_nothing_of_places_and_dates():
    reading = found("Six marking machines for Mali by March 2027.")
    assert reading.inferred["facts"]["places"]
    assert reading.inferred["facts"]["dates"]
    written = json.dumps({**reading.signature, "vector": None, "terms": []})
    assert "MLI" not in written
    assert "2027" not in written


@pytest.mark.parametrize("text", ["", " ", "🙂🔫", "\x00\x07\u200f\u202e", "...!?", "\ud800"])
def test_texts_that_say_nothing_describe_nothing(text):
    inferred = found(text, title=text).inferred
    assert (inferred["themes"], inferred["kinds"], inferred["lines"]) == ([], [], [])
    assert not any(inferred["facts"].values())


def test_one_word_is_told_as_what_it_is():
    inferred = found("", title="Armouries").inferred
    assert inferred["themes"][0][0] == "stockpile-management"
    assert inferred["themes"][0][2] == [["title", 0, 9]]


def test_several_languages_in_one_text():
    text = (
        "Нам нужны шесть маркировочных машин. We also ask for training of 24 operators. 标识打标机"
    )
    assert found(text, "ru").inferred["themes"][0][0] == "marking"


def test_marks_of_direction_and_foreign_digits_change_nothing():
    plain = "نطلب 6 آلات وسم وتدريب 24 ضابطاً"
    marked = "\u200fنطلب ٦ آلات وسم\u200f \u202bوتدريب ٢٤ ضابطاً\u202c"
    for one, other in zip(
        found(plain, "ar").inferred["lines"], found(marked, "ar").inferred["lines"], strict=True
    ):
        assert one[:2] == other[:2]
        assert one[3:7] == other[3:7]


def test_without_the_encoder_lines_come_from_the_concepts_alone(monkeypatch):
    monkeypatch.setattr(vectors, "_encoder", lambda: None)
    reading = found(MARKING["en"])
    assert reading.signature["vector"] is None
    assert reading.inferred["themes"][0][0] == "marking"
    assert reading.inferred["lines"]


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(codec=None), max_size=200),
    st.lists(
        st.sampled_from(
            ["6 machines", "training", "USD 5", "打标机", "٢٤ ضابطاً", ".", "\u200f", "for"]
        )
    ).map(" ".join),
)
def test_any_text_is_taken(title, description):
    fields = {"title": title, "description": description}
    inferred = read(fields, "en", KEY).inferred
    json.dumps(inferred)
    assert len(inferred["lines"]) <= MOST_LINES
    strengths_ = [line[2] for line in inferred["lines"]]
    assert strengths_ == sorted(strengths_, reverse=True)
    for name, vocabulary in (("themes", THEMES), ("kinds", KINDS)):
        for code, probability, spans in inferred[name]:
            assert code in vocabulary
            assert LEAST_TOLD <= probability <= 1
            assert spans
            assert all(0 <= start < end <= len(fields[field]) for field, start, end in spans)
    for _, _, _, quantity, unit, cents, currency, *sources in inferred["lines"]:
        assert unit is None or (unit in UNITS and quantity > 0)
        assert (cents is None) == (currency is None)
        assert [source is None for source in sources] == [quantity is None, cents is None]


@pytest.mark.parametrize("unit", ["6 marking machines and USD 5 for training. ", "6 machines, "])
def test_work_grows_with_the_text_and_no_faster(unit):
    def calls(length):
        counted = 0

        def count(_frame: FrameType, _event: str, _arg: object) -> None:
            nonlocal counted
            counted += 1

        text = (unit * length)[:length]
        before = sys.getprofile()
        sys.setprofile(count)
        try:
            found(text)
        finally:
            sys.setprofile(before)
        return counted

    calls(400)  # tables are read once
    assert calls(8_000) <= 2.3 * calls(4_000) + 2_000


def test_a_hundred_kilobytes_are_read():
    inferred = found("Six marking machines, training for 24 operators. " * 2_100).inferred
    assert inferred["lines"][0][0] == "marking"
