from importlib import import_module

import pytest

from shared.language import Detection, detect, signature
from shared.language.detect import stretches

detection = import_module("shared.language.detect")  # the package's name for it is the function

TEXTS = {
    "en": "The national commission asks for four marking machines and training for its operators.",
    "fr": "La Commission nationale demande quatre machines de marquage et des formateurs.",
    "es": "La comisión nacional solicita cuatro máquinas de marcaje y la formación de operadores.",
    "ar": "تطلب اللجنة الوطنية أربع آلات لوسم الأسلحة وتدريب المشغلين.",
    "ru": "Национальная комиссия просит четыре маркировочные машины и обучение операторов.",
    "zh": "国家委员会请求提供四台打标机并培训操作人员。",
}


@pytest.mark.parametrize("language", TEXTS)
def test_each_language_is_recognised_whatever_was_declared(language: str) -> None:
    declared = "en" if language != "en" else "fr"
    found = detect(TEXTS[language], declared)
    assert found.language == language
    assert found.probability > 0.9


@pytest.mark.parametrize("text", ["", " \n", "1234 - 56", "🔫🔫", "\u200f\u202e", "\x00"])
def test_a_text_without_letters_is_in_the_declared_language(text: str) -> None:
    assert detect(text, "ru") == Detection("ru", 0.0)


@pytest.mark.parametrize(
    ("declared", "expected"), [("fr-CA", "fr"), ("ZH-Hans", "zh"), ("de", "en"), ("", "en")]
)
def test_the_declared_tag_may_have_a_region_or_be_none_of_the_six(
    declared: str, expected: str
) -> None:
    assert detect("", declared).language == expected


def test_the_author_decides_where_the_text_is_too_short_to_tell() -> None:
    assert detect("a", "es").language == "es"
    assert detect("a", "fr").language == "fr"


def test_a_seventh_language_is_taken_as_one_of_the_six() -> None:
    assert detect("Hilfe für die Kennzeichnung von Schusswaffen", "en").language == "en"


def test_a_sentence_that_is_surely_in_another_language_is_a_stretch_of_its_own() -> None:
    text = f"{TEXTS['en']} {TEXTS['fr']}\n{TEXTS['es']} {TEXTS['ru']} PSSM, UNODC."
    found = [(text[start:end].strip(), language) for start, end, language in stretches(text, "ru")]
    assert found == [
        (TEXTS["en"], "en"),
        (TEXTS["fr"], "fr"),
        (TEXTS["es"], "es"),
        (f"{TEXTS['ru']} PSSM, UNODC.", "ru"),
    ]


def test_no_more_sentences_are_told_apart_than_is_borne(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    scores = detection._scores
    monkeypatch.setattr(detection, "_scores", lambda one: asked.append(one) or scores(one))
    text = "Cinq mots au moins pour cela. " * (2 * detection.MOST_TOLD)
    found = list(stretches(text, "en"))
    assert [language for *_, language in found] == ["fr", "en"]
    assert len(asked) == detection.MOST_TOLD


@pytest.mark.parametrize("text", ["." * 60_000, "a" + "!" * 60_000, "\n" * 60_000, "a. " * 20_000])
def test_a_text_of_marks_alone_is_one_stretch(text: str) -> None:
    assert list(stretches(text, "en")) == [(0, len(text), "en")]


@pytest.mark.parametrize("text", [*TEXTS.values(), "", "\n", ". Machines ! ", "Four. Cuatro. Six."])
def test_stretches_cover_a_text_and_one_language_is_one_stretch(text: str) -> None:
    language = detect(text, "en").language
    assert list(stretches(text, language)) == [(0, len(text), language)]


@pytest.mark.parametrize(
    ("sentence", "concept", "words"),
    [
        (
            "Nous demandons aussi des armoires fortes pour tous les postes.",
            "gun-safe",
            "armoires fortes",
        ),
        ("Pedimos también varios cursos para el personal de la policía.", "training", "cursos"),
    ],
)
def test_concepts_of_a_sentence_in_another_language_are_found(
    sentence: str, concept: str, words: str
) -> None:
    text = f"Our police have no means to mark the firearms that they hold in service. {sentence}"
    found = signature({"description": text}, "en", b"key")
    assert found["language"] == "en"
    assert (concept, words) in [(c, text[start:end]) for c, _, start, end in found["concepts"]]
