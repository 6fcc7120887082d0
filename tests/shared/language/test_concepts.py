import pytest

from shared.language.concepts import Concept, Thesaurus, thesaurus
from shared.language.terms import tokens
from shared.vocabulary import LANGUAGES
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES


def found(text: str, language: str) -> list[tuple[str, str]]:
    return [
        (mention.concept, text[mention.start : mention.end])
        for mention in thesaurus().find(tokens(text, language))
    ]


def concept(name: str, *forms: str, broader: tuple[str, ...] = ()) -> Concept:
    return Concept(name, 1.0, broader, {}, {}, dict.fromkeys(LANGUAGES, forms))


def test_every_theme_and_every_kind_is_a_concept_that_speaks_for_itself() -> None:
    for code in THEMES.codes():
        known = thesaurus().get(code)
        assert known is not None
        assert known.themes[code] == 1.0
    for code in KINDS.codes():
        known = thesaurus().get(code)
        assert known is not None
        assert known.kinds[code] == 1.0


def test_every_form_is_found_again_in_its_own_language() -> None:
    for entry in thesaurus():
        for language in LANGUAGES:
            for form in entry.forms[language]:
                assert [name for name, _ in found(form, language)] == [entry.id], (language, form)


def test_weights_and_shares_lie_between_0_and_1() -> None:
    for entry in thesaurus():
        for value in (entry.weight, *entry.themes.values(), *entry.kinds.values()):
            assert 0.0 < value <= 1.0, entry.id


def test_narrower_concepts_lead_to_broader_ones() -> None:
    assert thesaurus().broader("marking-machine") == ("marking",)
    assert thesaurus().broader("no-such-concept") == ()
    assert thesaurus().get("no-such-concept") is None


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Two marking machines for the police", ("marking-machine", "marking machines")),
        ("fr", "achat de machines de marquage", ("marking-machine", "machines de marquage")),
        ("es", "dos máquinas de marcaje nuevas", ("marking-machine", "máquinas de marcaje")),
        ("ar", "شراء آلات الوسم للشرطة", ("marking-machine", "آلات الوسم")),
        ("ru", "покупка маркировочных машин", ("marking-machine", "маркировочных машин")),
        ("zh", "采购激光打标机三台", ("laser-marking", "激光打标机")),
    ],
)
def test_the_longest_form_is_found_in_each_language(
    language: str, text: str, expected: tuple[str, str]
) -> None:
    assert expected in found(text, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_acronyms_are_known_in_texts_of_any_language(language: str) -> None:
    assert ("stockpile-management", "PSSM") in found("PSSM", language)


def test_a_form_does_not_reach_over_the_end_of_a_sentence() -> None:
    assert "marking-machine" not in dict(found("It is about marking. Machines are old.", "en"))


def test_two_concepts_cannot_have_one_form() -> None:
    with pytest.raises(ValueError, match="stands for"):
        Thesaurus([concept("one", "weapons store"), concept("two", "weapon stores")])


def test_a_concept_cannot_stand_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        Thesaurus([concept("one", "arms"), concept("one", "guns")])


def test_a_form_needs_a_word_that_tells() -> None:
    with pytest.raises(ValueError, match="no word that tells"):
        Thesaurus([concept("one", "of the")])


def test_broader_concepts_exist_and_run_in_no_ring() -> None:
    with pytest.raises(ValueError, match="unknown or run in a ring"):
        Thesaurus([concept("one", "arms", broader=("nowhere",))])
    ring = [concept("one", "arms", broader=("two",)), concept("two", "guns", broader=("one",))]
    with pytest.raises(ValueError, match="unknown or run in a ring"):
        Thesaurus(ring)


def test_a_name_is_needed_in_every_language() -> None:
    with pytest.raises(ValueError, match="no name in zh"):
        Thesaurus(
            [Concept("one", 1.0, (), {}, {}, {**dict.fromkeys(LANGUAGES, ("x1",)), "zh": ()})]
        )
