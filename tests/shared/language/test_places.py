import pytest

from shared.language.places import find_places
from shared.vocabulary import LANGUAGES
from shared.vocabulary.countries import AREAS, all_countries, country_name


def likely(text: str) -> list[str]:
    return [found.code for found in find_places(text) if found.probability >= 0.5]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Niger and Nigeria", ["NER", "NGA"]),
        ("South Sudan, not Sudan", ["SSD", "SDN"]),
        ("Guinea-Bissau, Equatorial Guinea and Papua New Guinea", ["GNB", "GNQ", "PNG"]),
        ("the Democratic Republic of the Congo and the DRC", ["COD", "COD"]),
        ("Bolivia and Ivory Coast", ["BOL", "CIV"]),
        ("West Africa and the Caribbean", ["Western Africa", "Caribbean"]),
        ("la Côte d’Ivoire, l'Afrique de l'Ouest", ["CIV", "Western Africa"]),
        ("el Perú y América Central", ["PER", "Central America"]),
        ("в Таджикистане и Нигере", ["TJK", "NER"]),
        ("Республики Молдова, Южного Судана", ["MDA", "SSD"]),
        ("стран Западной Африки", ["Western Africa"]),
        ("باليمن وتشاد وللسنغال", ["YEM", "TCD", "SEN"]),
        ("في غرب أفريقيا", ["Western Africa"]),
        ("乍得和马里", ["TCD", "MLI"]),
        ("刚果民主共和国", ["COD"]),
        ("西非国家", ["Western Africa"]),
    ],
)
def test_places_by_their_names(text: str, codes: list[str]) -> None:
    assert likely(text) == codes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "chad, turkey and china",
        "ask us",
        "the Gulf of Guinea and Lake Chad",
        "Tercera Reunión Bienal",
        "الدعم المالي ودعم مالي",
        "3月1日本项目",
        "几内亚湾",
        "того же",
        "500 $US",
        "🙂\x00\ud800",
    ],
)
def test_what_is_no_place(text: str) -> None:
    assert likely(text) == []


def test_an_ambiguous_name_is_a_place_after_a_word_that_tells() -> None:
    assert likely("في مالي") == ["MLI"]


def test_a_lower_case_name_of_several_words_is_less_sure() -> None:
    (found,) = find_places("burkina faso")
    assert (found.code, found.probability < 0.6) == ("BFA", True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_of_the_vocabulary_is_found(language: str) -> None:
    for country in all_countries():
        name = country_name(country.alpha3, language)
        assert [found.code for found in find_places(f"x {name}")] == [country.alpha3], name
    for area in AREAS:
        found = [place.code for place in find_places(f"x {area.labels[language]}")]
        # As a place in these texts, Micronesia is the State.
        assert found in ([area.code], ["FSM"]), area.code
