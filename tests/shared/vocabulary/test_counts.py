import pytest

from shared.vocabulary import LANGUAGES, UnknownCode
from shared.vocabulary.counts import count_text, number_text, plural, quantity_text
from shared.vocabulary.tables import read_table
from shared.vocabulary.units import UNITS


def plain(text: str) -> str:
    """With usual spaces."""
    return text.replace("\xa0", " ").replace("\u202f", " ")


def test_every_unit_has_its_forms() -> None:
    rows = read_table("unit_counts.tsv")
    assert {row["code"] for row in rows} == {term.code for term in UNITS}
    assert all(cell.strip() == cell != "" for row in rows for cell in row.values())


@pytest.mark.parametrize(
    ("number", "unit", "language", "expected"),
    [
        (1, "machines", "en", "1 machine"),
        (6.0, "machines", "en", "6 machines"),
        (0, "machines", "en", "0 machines"),
        (1, "machines", "fr", "1 machine"),
        (1.5, "tonnes", "fr", "1,5 tonne"),
        (2, "border-posts", "fr", "2 postes frontière"),
        (1, "radios", "es", "1 equipo de radio"),
        (1200, "persons", "es", "1.200 personas"),
        (1, "machines", "ru", "1 станка"),
        (2, "machines", "ru", "2 станков"),
        (5, "machines", "ru", "5 станков"),
        (21, "persons", "ru", "21 человека"),
        (2.5, "tonnes", "ru", "2,5 тонны"),
        (1, "machines", "ar", "1 آلة"),
        (2, "machines", "ar", "آلتين"),
        (6, "machines", "ar", "6 آلات"),
        (12, "persons", "ar", "12 شخصًا"),
        (100, "persons", "ar", "100 شخص"),
        (6, "machines", "zh", "6台"),
    ],
)
def test_units_take_the_form_that_their_number_asks_for(
    number: float, unit: str, language: str, expected: str
) -> None:
    assert plain(quantity_text(number, unit, language)) == expected


@pytest.mark.parametrize(
    ("number", "unit", "language", "expected"),
    [
        (1, "machines", "en", "1 machine"),
        (2, "border-posts", "fr", "2 postes frontière"),
        (1, "machines", "ru", "1 станок"),
        (2, "machines", "ru", "2 станка"),
        (5, "machines", "ru", "5 станков"),
        (21, "persons", "ru", "21 человек"),
        (22, "vehicles", "ru", "22 транспортных средства"),
        (4, "years", "ru", "4 года"),
        (5, "years", "ru", "5 лет"),
        (2.5, "tonnes", "ru", "2,5 тонны"),
        (2, "machines", "ar", "آلتان"),
        (6, "machines", "ar", "6 آلات"),
        (12, "persons", "ar", "12 شخصًا"),
        (6, "machines", "zh", "6台"),
    ],
)
def test_units_take_another_form_where_nothing_asks_for_a_case(
    number: float, unit: str, language: str, expected: str
) -> None:
    assert plain(count_text(number, unit, language)) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_whole_numbers_are_the_same_as_floats_and_as_integers(language: str) -> None:
    for number in (0, 1, 2, 3, 11, 21, 100, 1_000_000):
        assert plural(number, language) == plural(float(number), language)
        assert number_text(number, language) == number_text(float(number), language)


def test_what_is_no_unit_or_language_is_refused() -> None:
    with pytest.raises(UnknownCode):
        quantity_text(1, "gizmos", "en")
    with pytest.raises(UnknownCode):
        count_text(1, "gizmos", "ru")
    with pytest.raises(UnknownCode):
        number_text(1, "de")
