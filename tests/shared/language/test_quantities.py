import pytest

from shared.language.countables import units
from shared.language.lexemes import lexemes
from shared.language.quantities import Quantity, find_quantities
from shared.vocabulary import LANGUAGES
from shared.vocabulary.tables import read_table


def likely(text: str, language: str) -> list[tuple[float, str | None]]:
    found = find_quantities(text, language)
    return [(fact.value, fact.unit) for fact in found if fact.probability >= 0.5]


@pytest.mark.parametrize(
    ("language", "text", "value", "unit"),
    [
        ("en", "six marking machines", 6, "machines"),
        ("en", "a ten-day workshop", 10, "days"),
        ("en", "60 expert days", 60, "person-days"),
        ("en", "5 weapons containers", 5, "containers"),
        ("en", "3 customs officers", 3, "persons"),
        ("en", "six (6) machines", 6, "machines"),
        ("en", "10-12 officers", 12, "persons"),
        ("en", "10 to 15 laptops", 15, "computers"),
        ("en", "2000 rounds", 2000, "rounds"),
        ("en", "Laptops: 12", 12, "computers"),
        ("fr", "douze postes de travail", 12, "computers"),
        ("fr", "une trentaine d'agents", 30, "persons"),
        ("fr", "5 jours d'expert", 5, "person-days"),
        ("fr", "500 m²", 500, "square-metres"),
        ("fr", "cadenas (40)", 40, "locks"),
        ("fr", "de 30 000 à 18 000 hommes", 18_000, "persons"),
        ("es", "tres bodegas", 3, "depots"),
        ("es", "para veinte cuarteles", 20, "sites"),
        ("es", "2 millones de cartuchos", 2_000_000, "rounds"),
        ("ru", "двенадцать новых ноутбуков", 12, "computers"),
        ("ru", "замки – 120 шт.", 120, "locks"),
        ("ru", "пятидневный семинар", 5, "days"),
        ("ru", "10-дневный семинар", 10, "days"),
        ("ar", "اثنا عشر حاسوبا", 12, "computers"),
        ("ar", "و٢٥ خزانة", 25, "safes"),
        ("ar", "إلى مركبتين", 2, "vehicles"),
        ("ar", "\u200f٣\u200f مستودعات", 3, "depots"),
        ("zh", "十二台笔记本电脑", 12, "computers"),
        ("zh", "培训二十四名警官", 24, "persons"),
        ("zh", "服务器两台", 2, "servers"),
        ("zh", "五年战略", 5, "years"),
        ("zh", "６套", 6, "sets"),
    ],
)
def test_a_number_and_its_noun(language: str, text: str, value: float, unit: str) -> None:
    found = [fact for fact in find_quantities(text, language) if fact.unit is not None]
    assert [(fact.value, fact.unit) for fact in found] == [(value, unit)]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "three radio stations"),
        ("en", "4 weather stations"),
        ("en", "15 rounds of talks"),
        ("fr", "3 postes de commandement"),
        ("fr", "2 téléphones portables"),
        ("es", "3 estaciones de radio"),
        ("ru", "5 пусковых установок"),
    ],
)
def test_a_noun_that_other_words_make_another_thing_of_has_no_sure_unit(
    language: str, text: str
) -> None:
    assert likely(text, language) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "in 2026 officers will come"),
        ("en", "articles 3, 5 and 12 of Law No. 54"),
        ("en", "recruits aged 18 to 25 years"),
        ("en", "9 mm, .45 calibre, 7.62 × 39"),
        ("en", "40 per cent of officers"),
        ("en", "USD 500 days"),
        ("en", "phase 3, room 12, version 4"),
        ("fr", "l'article 12, calibre 12, âgés de 25 à 40 ans"),
        ("es", "artículo 7 del Decreto 54, mayores de 21 años"),
        ("ru", "статья 14 закона № 150, лица моложе 21 года"),
        ("ar", "المادة 12 من القانون رقم 54، عمره 21 سنة، عيار 9 ملم"),
        ("zh", "第12条，年龄在18岁以上，口径为7.62毫米，电话65961234"),
        ("en", "15 March 2027 and 3rd officers"),
        ("en", "45 district courts"),
    ],
)
def test_names_sizes_ages_and_dates_are_no_quantities(language: str, text: str) -> None:
    assert likely(text, language) == []


def test_a_number_without_a_known_noun_is_hardly_a_quantity() -> None:
    assert find_quantities("5,000 gizmos", "en") == (Quantity(5000, None, 0, 5, 0.2),)
    assert find_quantities("seven gizmos", "en") == ()


def test_the_span_is_number_and_noun() -> None:
    text = "we need\u00a0six marking machines."
    (found,) = find_quantities(text, "en")
    assert text[found.start : found.end] == "six marking machines"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_of_the_vocabulary_is_read(language: str) -> None:
    for row in read_table("units.tsv"):
        if row["language"] == language:
            for form in row["forms"].split("|"):
                read = lexemes(form)
                found = units(language).longest(read, 0)
                assert found is not None, form
                assert (found.code, found.after) == (row["unit"], len(read)), form
