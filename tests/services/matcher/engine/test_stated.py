from typing import Any

import pytest

from services.matcher.engine.contradictions import contradiction, contradiction_text
from services.matcher.engine.stated import (
    MOST_SPANS,
    Span,
    Stated,
    StatedLine,
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
    assert dict(request.lines) == {1: StatedLine("marking", "equipment")}
    assert request.named == (Span("marking-machine", "description", 10, 26),)
    own = {"from": "2026-08-01", "to": "2026-08-31"}
    (need,) = validation.example(REQUEST)["needs"]
    later = stated(REQUEST, window=None, needs=[{**need, "window": own}])
    assert (later.window, later.lines[1].window) == (None, Window.of("2026-08-01", "2026-08-31"))
    assert dict(stated(OFFER).lines) == {1: StatedLine("marking", "equipment")}


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
