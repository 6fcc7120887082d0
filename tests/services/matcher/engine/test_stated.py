import json
from dataclasses import replace
from typing import Any

import pytest

from services.matcher.engine.contradictions import (
    contradiction,
    contradiction_text,
    line_contradiction_text,
    line_contradictions,
)
from services.matcher.engine.stated import (
    MOST_SPANS,
    Span,
    Stated,
    StatedLine,
    ToldLine,
    Window,
    packed,
    shared_codes,
    unpacked,
)
from shared.events import validation
from shared.events.envelope import OFFER, REQUEST
from shared.language import signature
from shared.vocabulary import LANGUAGES
from tests.services.matcher.engine.sentences import check_sentence, plain


def stated(type_: str, **fields: Any) -> Stated:
    """What an event states; fields as in its schema's example unless given."""
    return unpacked(packed({**validation.example(type_), **fields}))


def test_a_request_and_an_offer_state_windows_lines_and_spans() -> None:
    request = stated(REQUEST)
    assert request.window == Window.of("2026-07-01", "2027-12-31")
    asked = StatedLine("marking", "equipment", None, 4, "machines", 16_800_000, "USD")
    assert dict(request.lines) == {1: asked}
    assert request.named == (Span("marking-machine", "description", 10, 26),)
    own = {"from": "2026-08-01", "to": "2026-08-31"}
    (need,) = validation.example(REQUEST)["needs"]
    later = stated(REQUEST, window=None, needs=[{**need, "window": own}])
    assert (later.window, later.lines[1].window) == (None, Window.of("2026-08-01", "2026-08-31"))
    offered = stated(OFFER).lines[1]
    assert (offered.quantity, offered.unit) == (10, "machines")


def test_lines_are_inferred_where_none_has_codes_that_are_known() -> None:
    (need,) = validation.example(REQUEST)["needs"]
    newer = {**need, "line": 2, "theme": "of-a-newer-vocabulary"}
    assert not stated(REQUEST).inferred
    assert stated(REQUEST, needs=[]).inferred
    assert stated(OFFER, provisions=[]).inferred
    assert unpacked(packed({**validation.example(REQUEST), "needs": [newer]})).inferred
    assert not unpacked(packed({**validation.example(REQUEST), "needs": [newer, need]})).inferred
    assert not unpacked(None).inferred


def test_records_without_texts_and_records_that_are_gone_state_less() -> None:
    assert stated(OFFER, signature=None).named == ()
    assert unpacked(None) == Stated(known=False)


def test_spans_are_where_the_texts_name_the_concepts() -> None:
    texts = {
        "title": "Machines de marquage",
        "description": "Quatre machines de marquage. Les travaux de construction sont exclus.",
    }
    found = stated(OFFER, signature=signature(texts, "fr", b"key"))
    shown = {(one.concept, texts[one.field][one.start : one.end]) for one in found.named}
    assert ("marking-machine", "Machines de marquage") in shown
    assert ("marking-machine", "machines de marquage") in shown
    assert [texts[one.field][one.start : one.end] for one in found.excluded] == [
        "travaux de construction"
    ]


def test_what_an_earlier_version_kept_states_no_measures() -> None:
    kept = json.loads(packed(validation.example(REQUEST)))
    earlier = {name: kept[name] for name in kept if name not in ("told", "numbers", "language")}
    lines = [line[:4] for line in kept["lines"]]
    found = unpacked(json.dumps({**earlier, "lines": lines}))
    assert dict(found.lines) == {1: StatedLine("marking", "equipment")}
    assert (found.told, found.numbers, found.language) == ((), frozenset(), None)


def test_few_spans_are_kept_of_long_texts_and_of_every_concept_one() -> None:
    mentions = [
        [concept, "description", 100 * place, 100 * place + 5]
        for place, concept in enumerate(["marking-machine"] * 3 + ["training"] * 3)
    ]
    many = [[f"concept-{n}", "description", n, n + 1] for n in range(1000, 1090)]
    one = signature({"title": "", "description": ""}, "en", b"key")
    excluded = [["armoury", "description", 7, 9]]
    found = stated(OFFER, signature={**one, "concepts": many + mentions, "excluded": excluded})
    assert len(found.named) + len(found.excluded) == MOST_SPANS
    kept = {span.concept for span in found.named}
    assert {"marking-machine", "training"} <= kept
    assert sum(span.concept == "marking-machine" for span in found.named) == 1
    assert [span.concept for span in found.excluded] == ["armoury"]
    assert found.named == tuple(sorted(found.named, key=many_first))
    assert len(packed({**validation.example(OFFER), "signature": {**one, "concepts": many}})) < 4096


def many_first(span: Span) -> tuple[bool, int]:
    """The order in which the mentions came."""
    return (not span.concept.startswith("concept-"), span.start)


def test_what_both_texts_clearly_speak_of() -> None:
    ones = [("marking", 0.9), ("tracing", 0.5), ("ballistics", 0.2)]
    others = [("tracing", 0.95), ("marking", 0.6), ("ballistics", 0.9)]
    assert shared_codes(ones, others) == ("marking", "tracing")


CODED = Stated(
    lines={1: StatedLine("marking", "equipment")},
    themes=(("awareness", 0.91), ("marking", 0.14)),
)


def test_a_text_that_is_surely_about_something_else_contradicts_the_codes() -> None:
    found = contradiction("request", CODED)
    assert found is not None
    assert (found.coded, found.theme, found.probability) == (("marking",), "awareness", 0.91)
    assert contradiction_text(found, "en") == (
        "The request's codes say “Marking”, its text speaks of “Awareness and violence "
        "prevention” (91%)."
    )


@pytest.mark.parametrize(
    ("themes", "codes"),
    [
        ((("awareness", 0.59),), ("marking",)),  # not sure enough
        ((("awareness", 0.91), ("marking", 0.15)), ("marking",)),  # the text speaks of it too
        ((("tracing", 0.91),), ("marking",)),  # next to it
        ((("tracing", 0.91),), ("gender", "marking")),  # one of the lines is near
        ((("awareness", 0.91),), ("theme-of-tomorrow",)),  # nobody knows how near it is
        ((("awareness", 0.91),), ()),
        ((), ("marking",)),
    ],
)
def test_whatever_may_fit_contradicts_nothing(
    themes: tuple[tuple[str, float], ...], codes: tuple[str, ...]
) -> None:
    lines = {number: StatedLine(code, "training") for number, code in enumerate(codes, start=1)}
    assert contradiction("offer", Stated(lines=lines, themes=themes)) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_contradictions_are_told_in_every_language(language: str) -> None:
    told = set()
    for found in (contradiction("request", CODED), contradiction("offer", CODED)):
        assert found is not None
        sentence = contradiction_text(found, language)
        check_sentence(sentence, language)
        assert "91" in plain(sentence)
        told.add(sentence)
    assert len(told) == 2


ASKED = StatedLine("marking", "equipment", None, 4, "machines", 12_000_000, "USD")
TOLD = ToldLine("marking", "equipment", 0.8, 6, "machines", 1_200_000_000, "USD")
COUNTED = Stated(
    lines={3: ASKED},
    told=(TOLD,),
    numbers=frozenset({6.0, 12_000_000.0}),
    named=(Span("marking-machine", "description", 10, 26), Span("police", "description", 30, 36)),
)


def test_measures_that_a_text_contradicts_come_with_where_it_speaks_of_them() -> None:
    quantity, amount = line_contradictions("request", COUNTED)
    assert (quantity.of, quantity.line, quantity.stated, quantity.told, quantity.unit) == (
        *("quantity", 3, 4, 6, "machines"),
    )
    assert (amount.of, amount.stated, amount.told, amount.unit) == (
        *("amount", 120_000, 12_000_000, "USD"),
    )
    assert quantity.spans == amount.spans == COUNTED.named[:1]
    assert line_contradiction_text(quantity, "en") == (
        "Need line 3 says 4 machines, the request's text speaks of 6 machines."
    )


def test_an_offers_text_may_tell_what_one_project_gets() -> None:
    more = replace(ASKED, quantity=10, cents=2_000_000_000)
    assert line_contradictions("offer", replace(COUNTED, lines={3: more})) == ()
    assert len(line_contradictions("request", replace(COUNTED, lines={3: more}))) == 2


def test_units_that_the_vocabulary_does_not_have_contradict_nothing() -> None:
    odd = Stated(
        lines={1: replace(ASKED, unit="gizmos", cents=None)},
        told=(TOLD._replace(unit="gizmos"),),
    )
    assert line_contradictions("request", odd) == ()


def test_a_kind_that_the_text_surely_speaks_of_contradicts_those_of_the_lines() -> None:
    (found,) = line_contradictions(
        "offer",
        Stated(lines={1: StatedLine("marking", "training")}, kinds=(("infrastructure", 0.84),)),
    )
    assert (found.of, found.coded, found.kind, found.probability) == (
        *("kind", ("training",), "infrastructure", 0.84),
    )
    assert (found.line, found.stated, found.told, found.unit) == (None, None, None, None)
    assert line_contradiction_text(found, "en") == (
        "The offer's codes say “Training”, its text speaks of “Infrastructure” (84%)."
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_contradictions_of_lines_are_told_in_every_language(language: str) -> None:
    of_kind = replace(COUNTED, kinds=(("training", 0.91),))
    sides = [(side, line_contradictions(side, of_kind)) for side in ("request", "offer")]
    told = [line_contradiction_text(one, language) for _, found in sides for one in found]
    for sentence in told:
        check_sentence(sentence, language)
    assert len(set(told)) == 6
    assert "91" in plain(told[0])
    assert {"3", "4", "6"} <= set(plain(told[1]))
