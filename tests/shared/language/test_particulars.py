"""What tells texts on one matter apart: numbers, phases, names, sites."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.language import signature
from shared.language.lexemes import lexemes
from shared.language.particulars import (
    MOST_NAMES,
    MOST_NUMBERS,
    MOST_OF_OWNER,
    MOST_SITES,
    Author,
    particulars,
)
from shared.language.phases import MOST, phases_in


@pytest.mark.parametrize(
    ("text", "phases"),
    [
        ("A second round of courses", {2}),
        ("Phase II of the works; phase 3 follows", {2, 3}),
        ("the pilot phase", {1}),
        ("Lot n° 4", {4}),
        ("deuxième tranche des travaux", {2}),
        ("tercera etapa del programa", {3}),
        ("вторая очередь строительства", {2}),
        ("на первом этапе", {1}),
        ("المرحلة الثانية من المشروع", {2}),
        ("第二阶段的援助", {2}),
        ("二期工程", {2}),
        ("two phases, in the first instance; three lots", set()),
        ("第二十期", set()),
        ("phase 40", set()),
        ("", set()),
    ],
)
def test_phases_are_read_in_six_languages(text: str, phases: set[int]) -> None:
    assert phases_in(lexemes(text)) == phases


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Twelve machines for 31,000 rifles in 2027", "en"),
        ("douze machines pour 31 000 fusils en 2027", "fr"),
        ("doce máquinas para 31.000 fusiles en 2027", "es"),
        ("двенадцать машин для 31 000 винтовок в 2027 году", "ru"),
        ("١٢ آلة لوسم 31000 بندقية سنة 2027", "ar"),
        ("2027年12台机器，三万一千支枪", "zh"),
    ],
)
def test_the_same_numbers_in_any_language_years_left_out(text: str, language: str) -> None:
    assert particulars([text], language).numbers == (12, 31_000)


def test_sites_are_those_of_the_own_state() -> None:
    text = "Stores in Diourbel and Louga, and one near Kayes"
    told = {
        country: particulars([text], "en", Author(country=country)).sites
        for country in ("SEN", "MLI", "NRU", None)
    }
    assert told == {"SEN": ("SN-DB", "SN-LG"), "MLI": ("ML-1",), "NRU": (), None: ()}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ateliers à Tambacounda et à Ziguinchor", "fr"),
        ("ورشات في تامباكوندا وزيغينشور", "ar"),
        ("Мастерские в Тамбакунде и Зигиншоре", "ru"),
    ],
)
def test_sites_are_found_by_their_sound_in_other_scripts(text: str, language: str) -> None:
    found = particulars([text], language, Author(country="SEN")).sites
    assert found == ("SN-TC", "SN-ZG")
    assert particulars([text], language, Author(country="FJI")).sites == ()


@pytest.mark.parametrize(
    ("text", "language", "country", "site"),
    [
        ("在坦巴昆达大区的培训", "zh", "SEN", "SN-TC"),
        ("склады в Полтавской области", "ru", "UKR", "UA-53"),
        ("les entrepôts d'Abou Dabi", "fr", "ARE", "AE-AZ"),
    ],
)
def test_sites_are_found_by_their_translated_names(
    text: str, language: str, country: str, site: str
) -> None:
    assert particulars([text], language, Author(country=country)).sites == (site,)


def test_an_ordinary_word_is_no_site_for_its_sound() -> None:
    """Short sounds tell nothing, nor do words without a capital in a script that has them."""
    assert particulars(["التدريب على المخازن"], "ar", Author(country="SEN")).sites == ()
    assert particulars(["тамбакунда колда"], "ru", Author(country="SEN")).sites == ()
    assert particulars(["كولدا"], "ar", Author(country="SEN")).sites == ()


def test_sites_that_the_author_lists_count_too() -> None:
    author = Author(country="SEN", sites=("Louga", "Depot no. 7", "…"))
    assert particulars(["Stores"], "en", author).sites == ("SN-LG", "depot no 7")


def test_an_organisation_is_named_by_its_words_together() -> None:
    name = "Agency of the Harbour Lights"
    author = Author(name=name)
    assert len(particulars([], "en", author).owner) == 2
    together = particulars([f"Paid by the {name}."], "en", author)
    assert set(together.owner) <= set(together.names)
    apart = particulars(["The Harbour has an Agency. Lights are on."], "en", author)
    assert not set(apart.owner) <= set(apart.names)


@pytest.mark.parametrize(
    ("name", "text", "language", "other"),
    [
        (
            "مؤسسة أضواء الميناء",
            "يموَّل المشروع من مؤسسة أضواء الميناء، وتنفذه البلدية.",
            "ar",
            "تعمل مؤسسة محلية على أضواء الميناء",
        ),
        ("وكالة أضواء الميناء الدولية", "ويُقدَّم لوكالة أضواء الميناء الدولية", "ar", "وكالة دولية"),
        (
            "海港灯光基金会",
            "项目由海港灯光基金会资助，由市政府实施。",
            "zh",
            "基金会为海港提供灯光",
        ),
        ("远方海港灯光署", "该项目经远方海港灯光署批准", "zh", "近处海港灯光署"),
    ],
)
def test_an_organisation_is_named_in_scripts_without_capitals_too(
    name: str, text: str, language: str, other: str
) -> None:
    author = Author(name=name)
    found = particulars([text], language, author)
    assert len(found.owner) >= 2
    assert set(found.owner) <= set(found.names)
    assert not set(found.owner) <= set(particulars([other], language, author).names)


@given(st.text(max_size=300), st.sampled_from(["en", "fr", "es", "ar", "ru", "zh"]))
def test_any_text_is_taken(text: str, language: str) -> None:
    found = particulars([text], language, Author(name=text, country="SEN"))
    assert found == particulars([text], language, Author(name=text, country="SEN"))
    assert len(found.numbers) <= MOST_NUMBERS
    assert len(found.names) <= MOST_NAMES
    assert len(found.sites) <= MOST_SITES
    assert len(found.owner) <= MOST_OF_OWNER
    assert all(1 <= phase <= MOST for phase in found.phases)
    assert all(number >= 2 and number not in range(1950, 2100) for number in found.numbers)


def test_places_are_told_line_by_line_where_all_are_known() -> None:
    author = Author(
        country="SEN", by_line=((1, ("Louga",)), (2, ("Louga, Matam", "Diourbel")), (4, ("A hut",)))
    )
    found = particulars([""], "en", author).places
    assert found == ((1, ("SN-LG",)), (2, ("SN-DB", "SN-LG", "SN-MT")), (4, ()))
    hashed = signature({"title": "Stores"}, "en", b"key", "request", author)["places"]
    assert [(line, len(hashes)) for line, hashes in hashed] == [(1, 1), (2, 3), (4, 0)]
    assert set(hashed[0][1]) < set(hashed[1][1])


def test_names_and_sites_leave_as_hashes_alone() -> None:
    texts = {"title": "Stores in Diourbel", "description": "Paid by the Harbour Lights Agency."}
    author = Author(name="Harbour Lights Agency", country="SEN")
    found = signature(texts, "en", b"key", "request", author)
    assert len(found["sites"]) == 1
    assert set(found["owner"]) <= set(found["names"])
    written = json.dumps(found).casefold()
    assert not any(word in written for word in ("diourbel", "sn-db", "harbour", "lights"))
    assert found["sites"] != signature(texts, "en", b"other", "request", author)["sites"]
