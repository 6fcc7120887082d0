import unicodedata
from collections import Counter
from collections.abc import Callable

import pytest

from shared.language import concepts
from shared.language.concepts import Concept, Thesaurus, thesaurus
from shared.language.terms import Token, tokens
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


def test_every_theme_is_named_by_several_precise_concepts() -> None:
    for code in THEMES.codes():
        telling = [
            entry.id for entry in thesaurus() if entry.weight >= 0.7 and entry.themes.get(code)
        ]
        assert len(telling) >= 4, code


def test_every_kind_is_named_by_several_concepts_and_alone_by_some() -> None:
    for code in KINDS.codes():
        speaking = [entry for entry in thesaurus() if entry.kinds.get(code)]
        # What serves every theme: a tender, a course, a consultant, works, a grant.
        general = [entry for entry in speaking if not entry.themes]
        assert len(speaking) >= 15, code
        assert len(general) >= 5, code


def test_general_words_weigh_less_than_telling_ones() -> None:
    for entry in thesaurus():
        if entry.kinds and not entry.themes:
            assert entry.weight <= 0.8, entry.id


def test_a_concept_has_its_forms_once_and_more_than_one_in_most_languages() -> None:
    for entry in thesaurus():
        for language in LANGUAGES:
            assert len(set(entry.forms[language])) == len(entry.forms[language]), entry.id
    few = [
        entry.id
        for entry in thesaurus()
        if sum(len(entry.forms[language]) > 1 for language in LANGUAGES) < 4
    ]
    assert few == []


def test_forms_of_a_language_are_in_its_script() -> None:
    scripts = {"ar": "ARABIC", "ru": "CYRILLIC", "zh": "CJK"}
    for entry in thesaurus():
        for language, script in scripts.items():
            for form in entry.forms[language]:
                # Names of systems, such as eTrace or ISO 17025, are the same in every script.
                own = any(script in unicodedata.name(character, "") for character in form)
                assert own or form.isupper(), (language, form)


def test_labels_are_not_shared() -> None:
    for language in LANGUAGES:
        labels = Counter(entry.label(language).casefold() for entry in thesaurus())
        assert [label for label, times in labels.items() if times > 1] == []


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


@pytest.mark.parametrize(
    ("language", "acronym", "expected"),
    [
        ("en", "SALW", "small-arms"),
        ("fr", "ALPC", "small-arms"),
        ("es", "APAL", "small-arms"),
        ("ru", "СЛВ", "small-arms"),
        ("en", "PSSM", "stockpile-management"),
        ("fr", "GSSP", "stockpile-management"),
        ("en", "DDR", "ddr"),
        ("ru", "РДР", "ddr"),
        ("en", "ECOWAS", "ecowas"),
        ("fr", "CEDEAO", "ecowas"),
        ("fr", "CEEAC", "eccas"),
        ("en", "SADC", "sadc"),
        ("en", "CARICOM", "caricom"),
        ("es", "SICA", "central-american-integration"),
        ("en", "OSCE", "osce"),
        ("ru", "ОБСЕ", "osce"),
        ("en", "SEESAC", "seesac"),
        ("ru", "СНГ", "cis"),
        ("fr", "CEI", "cis"),
        ("fr", "OTAN", "nato"),
        ("ru", "НАТО", "nato"),
        ("en", "ASEAN", "asean"),
        ("fr", "ANASE", "asean"),
        ("en", "RECSA", "recsa"),
        ("en", "UNODA", "unoda"),
        ("en", "UNIDIR", "unidir"),
        ("en", "UNREC", "unrec"),
        ("es", "UNLIREC", "unlirec"),
        ("en", "UNRCPD", "unrcpd"),
        ("es", "PNUD", "undp"),
        ("ru", "ПРООН", "undp"),
        ("es", "OEA", "oas"),
        ("en", "IATG", "ammunition-guidelines"),
        ("en", "MOSAIC", "mosaic"),
        ("fr", "TCA", "arms-trade-treaty"),
        ("ru", "ДТО", "arms-trade-treaty"),
        ("en", "MANPADS", "manpads"),
        ("ru", "ПЗРК", "manpads"),
    ],
)
def test_acronyms_are_known_in_the_languages_that_use_them(
    language: str, acronym: str, expected: str
) -> None:
    assert (expected, acronym) in found(acronym, language)
    assert (expected, acronym.lower()) in found(acronym.lower(), language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        # Idioms and near-homographs whose stems are those of the field's words.
        ("en", "on the other hand, it is an important case in the light of this"),
        ("fr", "en particulier, au cours de cet exercice, ce qui a permis un niveau élevé"),
        ("es", "sin embargo, es importante en el marco existente"),
        ("ru", "с учётом изложенного"),
        ("ar", "بناء على ما تقدم"),
    ],
)
def test_idioms_name_no_concept(language: str, text: str) -> None:
    assert found(text, language) == []


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


class _Counted:
    """Counts the steps in the tree of forms."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps = 0
        key = concepts._key

        def counted(token: Token) -> str:
            self.steps += 1
            return key(token)

        monkeypatch.setattr(concepts, "_key", counted)

    def of(self, find: Callable[[], object]) -> int:
        before = self.steps
        find()
        return self.steps - before


LONGEST = 12
"""Words of the longest form, more than there are."""


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "marking machines and small arms and light weapons stockpile management "),
        ("en", "small small small arms arms arms "),
        ("fr", "gestion de la sécurité physique et des stocks d'armes de petit calibre "),
        ("zh", "小武器和轻武器库存管理"),
        ("ar", "إدارة مخزونات الأسلحة الصغيرة والأسلحة الخفيفة "),
    ],
)
def test_finding_takes_steps_in_proportion_to_the_words(
    language: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = thesaurus()
    steps = _Counted(monkeypatch)
    found = []
    for times in (100, 200, 400):
        words = list(tokens(text * times, language))
        found.append(steps.of(lambda words=words: known.find(words)))  # type: ignore[misc]
        assert found[-1] <= LONGEST * len(words)
    # What a repetition adds is always the same.
    assert found[2] - found[1] == 2 * (found[1] - found[0])


def test_planting_takes_steps_in_proportion_to_the_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    every = list(thesaurus())
    words = [
        token
        for one in every
        for language, form in concepts._all_forms(one)
        for token in tokens(form, language)
    ]
    steps = _Counted(monkeypatch)
    assert 0 < steps.of(lambda: Thesaurus(every)) <= len(words)
