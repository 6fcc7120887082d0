"""What is told of alliances: in every language, with the same places."""

import json
from importlib.resources import files
from string import Formatter

import pytest

from services.matcher.alliance_rules import ALLIANCE
from services.matcher.engine.geography import Geography
from services.matcher.engine.joint import JointOffer
from services.matcher.engine.joint_wording import cause_text, offer_text, tie, tie_text
from shared.vocabulary import LANGUAGES
from tests.services.matcher.engine.samples import TODAY

GEOGRAPHY = Geography.of_vocabulary(TODAY)


@pytest.mark.parametrize(
    "name", ["joint_sentences.json", "cooperation_sentences.json", "embargo_sentences.json"]
)
def test_every_sentence_is_there_in_every_language_with_the_same_places(name: str) -> None:
    source = files("services.matcher.engine") / "data" / name
    for group in json.loads(source.read_text(encoding="utf-8")).values():
        for template in group.values():
            assert list(template) == ["en", "fr", "es", "ar", "ru", "zh"]
            places = {
                frozenset(field for _, field, _, _ in Formatter().parse(text) if field)
                for text in template.values()
            }
            assert len(places) == 1


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["BEN", "SEN"], ("region", "Western Africa")),
        (["TZA", "ZAF"], ("organisation", "SADC")),
        (["CMR", "NGA"], ("neighbours", None)),
        (["XXX", "SEN"], ("neighbours", None)),
    ],
)
def test_what_binds_states(states: list[str], expected: tuple[str, str | None]) -> None:
    assert tie(states, GEOGRAPHY) == expected
    assert all(tie_text(states, GEOGRAPHY, language) for language in LANGUAGES)


@pytest.mark.parametrize(
    ("language", "listed"),
    [
        ("en", "Benin, Ghana, and Senegal lie in one region"),
        ("fr", "Bénin, Ghana et Sénégal"),
        ("ru", "Бенин, Гана и Сенегал"),
        ("ar", "بنن وغانا والسنغال"),
        ("zh", "贝宁、加纳和塞内加尔"),
    ],
)
def test_states_are_listed_as_the_language_lists_all_of_some(language: str, listed: str) -> None:
    text = tie_text(["BEN", "GHA", "SEN"], GEOGRAPHY, language)
    assert listed in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_far_an_offer_would_do(language: str) -> None:
    def told(part: float | None, whole: bool) -> str:
        return offer_text(JointOffer("o", (), ("SEN",), part, whole, 1.0), language)

    four = {told(1.0, whole=True), told(0.5, whole=False), told(None, whole=False)}
    four.add(told(1.0, whole=False))
    assert len(four) == 4


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cause_has_its_sentence(language: str) -> None:
    causes = ("withdrawn", "closed", "merged", "gone", "over", "unlike", "declined")
    assert len({cause_text(cause, language) for cause in causes}) == len(causes)
    assert "dissolved" in ALLIANCE.states
