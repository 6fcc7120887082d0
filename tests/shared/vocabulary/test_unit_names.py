import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.vocabulary import LANGUAGES
from shared.vocabulary.folding import fold, words_of
from shared.vocabulary.tables import read_table
from shared.vocabulary.unit_names import names_of_units, unit_named
from shared.vocabulary.units import UNITS


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_form_stands_for_two_units_nor_for_another_in_another_language(language: str) -> None:
    named = names_of_units(language)
    assert set(named.values()) == set(UNITS.codes())
    for other in LANGUAGES:
        theirs = names_of_units(other)
        assert {form for form in named.keys() & theirs.keys() if named[form] != theirs[form]} == (
            set()
        )


def test_the_table_of_forms_is_whole_and_says_nothing_twice() -> None:
    rows = read_table("unit_forms.tsv")
    keys = [(row["unit"], row["language"]) for row in rows]
    assert len(set(keys)) == len(keys)
    for row in rows:
        assert row["unit"] in UNITS
        assert row["language"] in LANGUAGES
        forms = row["forms"].split("|")
        folded = [words_of(fold(form)) for form in forms]
        assert all(form == form.strip() != "" for form in forms)
        assert all(folded)
        assert len(set(folded)) == len(forms), row
        assert {unit_named(form) for form in forms} == {row["unit"]}, row


def test_every_name_that_is_shown_is_read_back() -> None:
    for code in UNITS.codes():
        assert unit_named(code) == code
        assert {unit_named(UNITS.label(code, language)) for language in LANGUAGES} == {code}
    for row in read_table("unit_counts.tsv"):
        assert {unit_named(text) for text in row.values()} == {row["code"]}


def test_russian_names_have_their_nominatives() -> None:
    """A number asks for genitives alone; a field, where no number is beside, for the nominative."""
    stated = {row["unit"] for row in read_table("unit_forms.tsv") if row["language"] == "ru"}
    assert set(UNITS.codes()) == stated


@pytest.mark.parametrize(
    ("unit", "texts"),
    [
        ("machines", ["Machine", "MACHINES", "machine(s)", "Máquina", "maquinas"]),
        ("machines", ["станок", "станка", "станки", "станков", "آلة", "آلتان", "آلتين", "آلات"]),
        ("persons", ["participant", "Participants", "participant(e)s", "participantes", "people"]),
        ("persons", ["человек", "человека", "люди", "участников", "مشاركين", "الأشخاص"]),
        ("items", ["unidad", "unidad(es)", "unité", "единица", "وحدتان"]),
        ("days", ["día", "jour(s)", "день", "дня", "дней", "يومان", "يومًا", "天"]),
        ("person-days", ["person-day", "person days", "jour-personne", "человеко-день"]),
        ("tonnes", ["tonne", "tons", "тонна", "طنان"]),
    ],
)
def test_a_unit_is_known_in_its_forms(unit: str, texts: list[str]) -> None:
    assert [unit_named(text) for text in texts] == [unit] * len(texts)


@pytest.mark.parametrize(
    "text",
    ["", "inspectors", "2 machines", "marking machines", "machines (used)", "jours de formation"],
)
def test_what_says_more_than_a_unit_is_none(text: str) -> None:
    assert unit_named(text) is None


@given(st.text(max_size=300))
def test_any_text_names_a_unit_or_none(text: str) -> None:
    unit = unit_named(text)
    assert unit is None or unit in UNITS
