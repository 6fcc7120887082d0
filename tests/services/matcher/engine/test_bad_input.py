"""Texts as they come: none fails from signature to explanation, none costs more than its size."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matcher.engine.contradictions import (
    contradiction,
    contradiction_text,
    line_contradictions,
)
from services.matcher.engine.explanation import explain
from services.matcher.engine.features import FEATURES
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import prior_model
from services.matcher.engine.stated import packed, unpacked
from shared.events.envelope import OFFER, REQUEST
from shared.events.validation import example, problem
from shared.language import encoder_available, signature, vectors
from shared.language import signature as signature_of
from shared.language.concepts import thesaurus
from shared.language.exclusions import Side
from shared.language.facts import find_facts
from shared.language.signature import ANALYSED, MOST_MENTIONS, MOST_TERMS
from shared.language.terms import tokens
from shared.language.vectors import ENCODED
from shared.vocabulary import LANGUAGES
from tests.services.matcher.engine.samples import (
    KEY,
    TEXTS,
    engine,
    need,
    offer,
    provision,
    request,
    signed,
)

MIXED = (
    "Нужны machines de marquage 打标机 y capacitación de operadores. تدريب الشرطة، please; "
    "la munición obsoleta est détruite 并登记 в реестре."
)
BAD = {
    "empty": ("", "en"),
    "blank": (" \n\t\u00a0\u3000", "fr"),
    "one word": ("weapons", "en"),
    "one Chinese word": ("枪支", "zh"),
    "one Arabic word": ("الأسلحة", "ar"),
    "100 kB of sentences": ("Two marking machines are needed for 24 officers. " * 2_100, "en"),
    "100 kB of refusals": ("No vehicles. Two machines and much more. " * 2_500, "en"),
    "100 kB of Chinese": ("采购激光打标机三台并培训人员" * 7_200, "zh"),
    "100 kB without a space": ("оружие" * 17_000, "ru"),
    "100 kB of numbers": ("1 " * 50_000, "es"),
    "100 kB of marks": ("e" + "\u0301" * 100_000, "fr"),
    "mixed languages": (MIXED, "en"),
    "wrong tag": ("Nous demandons quatre machines de marquage pour la police.", "zh"),
    "unknown tag": ("Two marking machines for the police", "x-klingon"),
    "no tag": ("Two marking machines for the police", ""),
    "emoji": ("🔫🔫 marking 👩🏽‍🚒 machines 🇸🇳 needed ✅✅", "en"),
    "control characters": ("marking\x00 machines\x1b[31m\x07 for\x85 police\ufffe\ud800", "en"),
    "right-to-left marks": (
        "\u202bنحتاج\u200f إلى \u2067آلات\u200f الوسم\u2069 (PSSM\u200e) \u202a4\u202c\u202c",
        "ar",
    ),
    "marks inside words": ("mar\u00adking mach\u200bines و\u200fسـم الأس\u0651لحة", "en"),
    "German": ("Wir bitten um zwei Markierungsmaschinen und Schulung für Waffenmeister.", "de"),
    "Hindi": ("पुलिस के लिए चार अंकन मशीनें और प्रशिक्षण", "hi"),
    "Swahili": ("Tunaomba mashine nne za kuweka alama kwenye silaha", "sw"),
    "Arabic-Indic digits": ("نطلب ٤ آلات وسم و١٢٠٬٠٠٠ دولار لتدريب ٢٤ شرطيا قبل ٣٠/٠٦/٢٠٢٦", "ar"),
    "no unit": ("Four. 12. A quantity of 7 and 3.5 of the others", "en"),
    "markup": ("<b>marking</b> {machines} %s %(x)s {0} \\N{BULLET} '; DROP TABLE--", "en"),
}
FIELD = "description"


@cache
def bad(name: str, side: Side) -> dict[str, Any]:
    """The signature of a bad text as title and description."""
    text, declared = BAD[name]
    return signature(fields(text), declared, KEY, side)


def fields(text: str) -> dict[str, str]:
    return {"title": text[:200], FIELD: text}


@pytest.mark.parametrize("side", ["request", "offer"])
@pytest.mark.parametrize("name", BAD)
def test_a_bad_text_ranks_and_is_explained(name: str, side: Side) -> None:
    text, _ = BAD[name]
    found = bad(name, side)
    own: tuple[list[Any] | None, ...] = ([], None)
    for lines in own:
        made = engine(*_with(found, side, lines))
        ours = made.shortlist("R1").entries if side == "request" else made.requests_for("O1")
        for entry in ours:
            assert 0.0 <= entry.score <= 1.0
            assert all(0.0 <= value <= 1.0 for value in entry.features)
            for language in LANGUAGES:
                told = explain(entry, prior_model(), language)
                for reason in (*told.reasons, *told.against):
                    assert reason.sentence
        if lines == [] and not text.strip():
            # Of a record that says nothing nothing is known: all that there is, is far down.
            assert all(entry.score < 0.1 for entry in ours)


@pytest.mark.parametrize("name", BAD)
def test_its_signature_is_an_events_and_its_spans_lie_in_the_text(name: str) -> None:
    sides: tuple[tuple[str, Side], ...] = ((REQUEST, "request"), (OFFER, "offer"))
    for kind, side in sides:
        found = bad(name, side)
        assert problem(kind, {**example(kind), "signature": found}) is None
        _check_spans(found, fields(BAD[name][0]))
        assert len(found["terms"]) <= MOST_TERMS
        assert len(found["concepts"]) <= MOST_MENTIONS
        assert len(found["excluded"]) <= MOST_MENTIONS


@pytest.mark.parametrize("name", BAD)
def test_facts_of_a_bad_text_lie_in_it(name: str) -> None:
    text, declared = BAD[name]
    data = find_facts(fields(text), declared if declared in LANGUAGES else "en").as_data()
    for facts in data.values():
        for *_, field, start, end, probability in facts:
            assert 0 <= start < end <= len(fields(text)[field])
            assert 0.0 < probability <= 1.0


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                form
                for entry in list(thesaurus())[::9]
                for forms in entry.forms.values()
                for form in forms[:1]
            ]
            + ["not", "except", "sauf", "кроме", "不提供", "لا", "however", "but", ".", ",", "。"]
            + ["\u200f", "\u00ad", "🔫", "\x00", "12", "٤"]
        ),
        max_size=40,
    ),
    st.sampled_from([" ", "", "\u200f ", "\n"]),
    st.sampled_from(["request", "offer"]),
)
def test_every_span_stems_to_a_form_of_its_concept(parts: list[str], by: str, side: Side) -> None:
    texts = {"title": by.join(parts[:5]), FIELD: by.join(parts)}
    _check_spans(signature(texts, "fr", KEY, side), texts)


@pytest.mark.parametrize("name", [name for name in BAD if name.startswith("100 kB")])
def test_the_work_for_100_kb_is_bounded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text, declared = BAD[name]
    read, encoded, hashed = [], [], []

    def counted(text: str, language: str) -> Iterator[Any]:
        read.append(len(text))
        return tokens(text, language)

    class Encoder:
        def encode(self, text: str) -> list[float]:
            encoded.append(len(text))
            return [1.0] * vectors.SIZE

    digest = signature_of.__globals__["hmac"].digest

    def counted_digest(*arguments: Any) -> bytes:
        hashed.append(arguments)
        result: bytes = digest(*arguments)
        return result

    monkeypatch.setitem(signature_of.__globals__, "tokens", counted)
    monkeypatch.setattr(vectors, "_encoder", Encoder)
    monkeypatch.setattr("hmac.digest", counted_digest)
    signature(fields(text), declared, KEY, "offer")
    assert sum(read) <= ANALYSED
    assert sum(encoded) <= ENCODED
    assert len(hashed) <= MOST_TERMS


def test_a_wrong_tag_makes_no_difference_where_the_text_tells() -> None:
    text = "Nous demandons quatre machines de marquage et la formation de la police."
    assert signature(fields(text), "zh", KEY) == signature(fields(text), "fr", KEY)


def test_marks_and_emoji_hide_no_concept() -> None:
    def concepts(name: str) -> set[str]:
        return {concept for concept, *_ in bad(name, "offer")["concepts"]}

    assert "marking-machine" in concepts("right-to-left marks")
    assert "stockpile-management" in concepts("right-to-left marks")
    assert "marking-machine" in concepts("marks inside words")
    assert "marking-machine" in concepts("control characters")
    assert "marking-machine" in concepts("emoji")
    assert {"marking-machine", "training"} <= concepts("mixed languages")


def test_arabic_indic_digits_are_numbers() -> None:
    facts = find_facts({FIELD: BAD["Arabic-Indic digits"][0]}, "ar")
    assert {4.0, 24.0} <= {quantity.value for _, quantity in facts.quantities}
    assert [amount.cents for _, amount in facts.amounts] == [12_000_000]
    assert [found.last.isoformat() for _, found in facts.dates] == ["2026-06-30"]


def test_a_quantity_without_unit_is_not_compared() -> None:
    bare = request(needs=[need(unit=None)])
    (entry,) = engine(bare, offer()).shortlist("R1").entries
    assert dict(zip(FEATURES, entry.features, strict=True))["quantity"] == 0.5
    assert [(s["quantity"], s["of"], s["unit"]) for s in entry.serves] == [(None, None, None)]
    for language in LANGUAGES:
        assert explain(entry, prior_model(), language).reasons


ARMOURIES = {
    "en": "Two armouries need new doors, locks, fences and alarms, so that the weapons are safe.",
    "fr": "Deux armureries ont besoin de portes, de serrures, de clôtures et d'alarmes.",
    "es": "Dos armerías necesitan puertas, cerraduras, cercas y alarmas nuevas.",
    "ar": "يحتاج مستودعا الأسلحة إلى أبواب وأقفال وأسوار وأجهزة إنذار لتأمين المخزونات.",
    "ru": "Двум складам оружия нужны новые двери, замки, ограждения и сигнализация.",
    "zh": "两座军械库需要新门、锁、围栏和警报器，以保证库存武器安全。",
}


@pytest.mark.skipif(not encoder_available(), reason="no sentence encoder here")
@pytest.mark.parametrize("language", ARMOURIES)
def test_codes_that_the_text_contradicts_rank_and_the_contradiction_is_told(language: str) -> None:
    text = {"title": "", FIELD: ARMOURIES[language]}
    found = signature(text, language, KEY, "request")
    data = {**example(REQUEST), "id": "R1", "needs": [need()], "signature": found}
    armoury = provision(theme="stockpile-management", kind="infrastructure")
    fitting = offer("O2", provisions=[armoury], signature=signature(text, language, KEY, "offer"))
    of_codes = offer("O1", signature=signed(TEXTS[0]))
    made = engine(request(signature=found), of_codes, fitting)
    # Codes are evidence, not truth: who serves the codes and who serves the text are both there.
    assert {entry.offer for entry in made.shortlist("R1").entries} == {"O1", "O2"}
    told = contradiction("request", unpacked(packed(data)))
    assert told is not None
    assert (told.coded, told.theme) == (("marking",), "stockpile-management")
    for reader in LANGUAGES:
        assert contradiction_text(told, reader)


SIX_MACHINES = {
    "en": "Our police need laser machines to mark their firearms. We ask for six machines, with "
    "spare parts.",
    "fr": "Notre police a besoin de machines laser pour marquer ses armes à feu. Nous demandons "
    "six machines, avec des pièces de rechange.",
    "es": "Nuestra policía necesita máquinas láser para marcar sus armas de fuego. Solicitamos "
    "seis máquinas con repuestos.",
    "ru": "Нашей полиции нужны лазерные станки для маркировки огнестрельного оружия. Просим шесть "
    "станков с запасными частями.",
    "ar": "تحتاج شرطتنا إلى آلات ليزر لوسم أسلحتها النارية. نطلب \u202b٦\u202c آلات مع قطع الغيار.",
    "zh": "我国警察需要激光打标机为枪支打标。请求提供六台打标机及备件。",
}


@pytest.mark.skipif(not encoder_available(), reason="no sentence encoder here")
@pytest.mark.parametrize("language", SIX_MACHINES)
def test_a_number_that_the_text_contradicts_is_told(language: str) -> None:
    text = {"title": "", FIELD: SIX_MACHINES[language]}
    found = signature(text, language, KEY, "request")
    data = {**example(REQUEST), "needs": [need(line=2)], "signature": found}
    (told,) = line_contradictions("request", unpacked(packed(data)))
    assert (told.of, told.line, told.stated, told.told, told.unit) == (
        *("quantity", 2, 4, 6, "machines"),
    )
    spoken = {SIX_MACHINES[language][span.start : span.end] for span in told.spans}
    assert spoken
    right = {**data, "needs": [need(line=2, quantity=6)]}
    assert line_contradictions("request", unpacked(packed(right))) == ()


def _with(
    found: dict[str, Any], side: Side, lines: Sequence[Any] | None
) -> list[RequestProfile | OfferProfile]:
    """A record with a signature, its lines or those given, and usual ones of the other side."""
    if side == "request":
        own = {} if lines is None else {"needs": lines}
        others = [offer(f"O{n}", signature=signed(text)) for n, text in enumerate(TEXTS)]
        return [request("R1", signature=found, **own), *others]
    own = {} if lines is None else {"provisions": lines}
    needy = [request(f"R{n}", signature=signed(text)) for n, text in enumerate(TEXTS)]
    return [offer("O1", signature=found, **own), *needy]


def _check_spans(found: dict[str, Any], texts: dict[str, str]) -> None:
    for concept, field, start, end in (*found["concepts"], *found["excluded"]):
        assert 0 <= start < end <= len(texts[field])
        span = texts[field][start:end]
        said = _stems(span, found["language"])
        known = thesaurus().get(concept)
        assert known is not None
        forms = [
            _stems(form, language)
            for of, forms in known.forms.items()
            for form in forms
            for language in (of, "en", "fr", "es")
        ]
        assert said in forms, (concept, span)


def _stems(text: str, language: str) -> list[str]:
    return [token.stem for token in tokens(text, language) if token.stem and not token.stop]
