import csv
from datetime import date
from pathlib import Path

import pytest

from shared.vocabulary import LANGUAGES, UnknownCode
from shared.vocabulary.countries import (
    AREAS,
    all_countries,
    country,
    country_name,
    groups,
    income_group,
    is_south,
    neighbours,
)
from shared.vocabulary.lists import GROUPS, INCOME_GROUPS
from shared.vocabulary.tables import read_table

GOLD = Path(__file__).parents[4] / "shared" / "gold" / "dev" / "countries.tsv"
NEW_YEAR = date(2026, 1, 1)
# Members of the United Nations without a land border.
_ISLANDS = (
    "ATG AUS BHR BHS BRB COM CPV CUB CYP DMA FJI FSM GRD ISL JAM JPN KIR KNA LCA LKA MDG MDV MHL "
    "MLT MUS NRU NZL PHL PLW SGP SLB STP SYC TON TTO TUV VCT VUT WSM"
)
ISLANDS = set(_ISLANDS.split())


def belonging(group: str, on: date) -> set[str]:
    return {entry.alpha3 for entry in all_countries() if group in groups(entry.alpha3, on)}


def test_a_country_has_its_codes_and_regions() -> None:
    senegal = country("SEN")
    assert (senegal.alpha2, senegal.m49, senegal.region) == ("SN", "686", "Africa")
    assert senegal.subregion == "Sub-Saharan Africa"
    assert senegal.area == "Western Africa"
    assert country("NPL").area == "Southern Asia"


@pytest.mark.parametrize("code", ["sen", "SN", "", "XKX", "ZZZ"])
def test_an_unknown_country(code: str) -> None:
    for ask in (country, neighbours, lambda code: groups(code, NEW_YEAR)):
        with pytest.raises(UnknownCode, match="countries"):
            ask(code)


def test_a_near_miss_is_answered_with_the_closest_codes() -> None:
    with pytest.raises(UnknownCode, match="SEN"):
        country("sen")


def test_all_members_of_the_united_nations_are_there() -> None:
    countries = all_countries()
    assert len(countries) == 249
    assert sum(entry.un_member for entry in countries) == 193
    for field in ("alpha3", "alpha2", "m49"):
        assert len({getattr(entry, field) for entry in countries}) == 249


def test_areas_are_the_regions_of_the_countries() -> None:
    used = {entry.area for entry in all_countries() if entry.area}
    assert used == set(AREAS.codes())
    assert {entry.alpha3 for entry in all_countries() if not entry.area} == {"ATA"}
    assert AREAS.label("Western Africa", "fr") == "Afrique occidentale"


def test_every_country_has_a_name_of_its_own_in_six_languages() -> None:
    for language in LANGUAGES:
        names = [country_name(entry.alpha3, language) for entry in all_countries()]
        assert all(names)
        assert len(set(names)) == len(names)


def test_names_are_those_of_the_united_nations() -> None:
    assert country_name("CIV", "ar") == "كوت ديفوار"
    assert country_name("CIV", "zh") == "科特迪瓦"
    assert country_name("BOL", "en") == "Bolivia (Plurinational State of)"
    assert country_name("TUR", "fr") == "Türkiye"
    with pytest.raises(UnknownCode, match="languages"):
        country_name("CIV", "de")


@pytest.mark.parametrize(
    ("day", "count"),
    [
        (date(2017, 6, 3), 48),
        (date(2017, 6, 4), 47),
        (date(2023, 12, 12), 46),
        (date(2023, 12, 13), 45),
        (date(2024, 12, 13), 44),
        (NEW_YEAR, 44),
        (date(2026, 11, 23), 44),
        (date(2026, 11, 24), 41),
        (date(2027, 12, 13), 40),
        (date(2029, 12, 19), 38),
    ],
)
def test_least_developed_countries_leave_on_their_day(day: date, count: int) -> None:
    assert len(belonging("LDC", day)) == count


def test_sizes_of_the_other_groups() -> None:
    assert len(belonging("LLDC", NEW_YEAR)) == 32
    small_islands = belonging("SIDS", NEW_YEAR)
    assert len(small_islands) == 39
    assert {code for code in small_islands if not country(code).un_member} == {"COK", "NIU"}


def test_official_assistance_goes_to_all_least_developed_countries_and_to_no_donor() -> None:
    eligible = belonging("ODA", NEW_YEAR)
    assert belonging("LDC", NEW_YEAR) <= eligible
    assert belonging("LLDC", NEW_YEAR) <= eligible
    assert not eligible & {"FRA", "JPN", "USA", "SYC", "ATG", "CHL", "SGP", "NRU"}
    assert "NRU" in belonging("ODA", date(2025, 12, 31))


def test_a_country_may_belong_to_several_groups() -> None:
    assert groups("NPL", NEW_YEAR) == {"LDC", "LLDC", "ODA"}
    assert groups("NPL", date(2026, 11, 24)) == {"LLDC", "ODA"}
    assert groups("FRA", NEW_YEAR) == frozenset()


def test_statuses_name_known_groups_and_countries_and_end_after_they_begin() -> None:
    for row in read_table("statuses.tsv"):
        assert row["group"] in GROUPS
        assert country(row["alpha3"])
        if row["since"] and row["until"]:
            assert row["since"] < row["until"]


def test_neighbours_are_mutual() -> None:
    for entry in all_countries():
        assert entry.alpha3 not in neighbours(entry.alpha3)
        for other in neighbours(entry.alpha3):
            assert entry.alpha3 in neighbours(other)


def test_borders_stand_once_in_alphabetical_order() -> None:
    for row in read_table("borders.tsv"):
        assert row["left"] < row["right"]
        assert country(row["left"])
        assert country(row["right"])


def test_only_islands_have_no_neighbour() -> None:
    members = {entry.alpha3 for entry in all_countries() if entry.un_member}
    assert {alpha3 for alpha3 in members if not neighbours(alpha3)} == ISLANDS


def test_landlocked_countries_have_neighbours_with_a_coast_or_beyond() -> None:
    assert neighbours("MLI") == {"BFA", "CIV", "DZA", "GIN", "MRT", "NER", "SEN"}
    assert neighbours("LSO") == {"ZAF"}
    assert len(neighbours("CHN")) == 16
    assert all(neighbours(alpha3) for alpha3 in belonging("LLDC", NEW_YEAR))


@pytest.mark.skipif(not GOLD.exists(), reason="the gold set is not on this machine")
def test_agrees_with_the_gold_set() -> None:
    with GOLD.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert rows
    for row in rows:
        told = groups(row["alpha3"], NEW_YEAR)
        assert country(row["alpha3"]).area == row["subregion"], row["alpha3"]
        for group in ("LDC", "LLDC", "SIDS"):
            assert (group in told) == (row[group.lower()] == "1"), (row["alpha3"], group)


def test_the_tables_agree_with_the_library_they_were_built_from() -> None:
    pytest.importorskip("hdx.location.country")
    from shared.vocabulary import build_countries

    built = build_countries.country_rows()
    assert [tuple(row.values()) for row in read_table("countries.tsv")] == built
    names = build_countries.name_rows()
    assert [tuple(row.values()) for row in read_table("country_names.tsv")] == names
    incomes = build_countries.income_rows()
    assert [tuple(row.values()) for row in read_table("incomes.tsv")] == incomes


def test_income_groups_have_dates_and_one_at_a_time() -> None:
    known = {term.code for term in INCOME_GROUPS}
    rows = read_table("incomes.tsv")
    assert {row["income"] for row in rows} == known
    assert all(row["since"] < row["until"] for row in rows if row["until"])
    for on in (date(2020, 1, 1), NEW_YEAR):
        told = [one.alpha3 for one in all_countries() if income_group(one.alpha3, on)]
        assert len(told) > 200
    before, after = date(2024, 6, 30), date(2024, 7, 1)
    told = [income_group("UKR", on) for on in (before, after)]
    assert told == ["lower-middle-income", "upper-middle-income"]
    assert income_group("SEN", NEW_YEAR) == "lower-middle-income"
    assert income_group("VEN", NEW_YEAR) is None


def test_the_south_is_developing_economies_and_whoever_receives_oda() -> None:
    day = date(2026, 1, 1)
    assert all(is_south(alpha3, day) for alpha3 in ("SEN", "CHL", "SGP", "ALB", "UKR", "TUR"))
    assert not any(is_south(alpha3, day) for alpha3 in ("FRA", "USA", "JPN", "RUS", "CYP", "NZL"))
    with pytest.raises(UnknownCode):
        is_south("XXX", day)
