from datetime import date
from itertools import product

import pytest

from shared.vocabulary import LANGUAGES, RetiredCode, UnknownCode
from shared.vocabulary.sectors import SECTORS
from shared.vocabulary.tables import read_table
from shared.vocabulary.themes import (
    THEMES,
    mosaic_modules,
    theme_closeness,
    themes_of_module,
)

_CODES = (
    "legislation, national-coordination, manufacture-control, transfer-control, brokering, "
    "civilian-access, stockpile-management, ammunition, marking, record-keeping, tracing, "
    "ballistics, collection, destruction, ddr, security-sector-reform, border-control, "
    "criminal-justice, surveys, awareness, gender, reporting"
)
CODES = _CODES.split(", ")
_MODULES = (
    "02.10 02.20 02.30 03.10 03.20 03.21 03.30 03.40 03.50 03.60 "
    "05.10 05.20 05.30 05.31 05.40 05.50 05.55 05.60"
)
MODULES = _MODULES.split()


def test_the_codes_in_use_are_the_agreed_ones() -> None:
    assert list(THEMES.codes()) == CODES


def test_a_theme_was_retired_and_names_its_successor() -> None:
    assert "marking-and-record-keeping" in THEMES.codes(date(2024, 12, 31))
    with pytest.raises(RetiredCode, match="'marking'"):
        THEMES.check("marking-and-record-keeping", date(2025, 1, 1))


def test_every_theme_has_a_scope_note_in_six_languages_and_the_sector() -> None:
    for theme in THEMES:
        assert tuple(sorted(theme.notes)) == LANGUAGES
        assert all(len(note) > 10 for note in theme.notes.values())
        assert theme.dac_sector in SECTORS
        assert theme.broader is None or theme.broader in THEMES.codes()
        assert theme.broader != theme.code


def test_every_module_has_a_theme() -> None:
    assert list(mosaic_modules()) == MODULES
    assert themes_of_module("05.30") == ("marking", "record-keeping")
    assert themes_of_module("05.55") == ("destruction",)
    with pytest.raises(UnknownCode):
        themes_of_module("99.99")


def test_some_themes_have_no_module() -> None:
    without = {code for code in THEMES.codes() if not THEMES.get(code).mosaic}
    assert without == {
        "ammunition",
        "ballistics",
        "brokering",
        "legislation",
        "gender",
        "reporting",
    }
    assert THEMES.get("ammunition").guidance == ("IATG",)


def test_closeness_is_symmetric_and_within_bounds() -> None:
    for left, right in product(CODES, CODES):
        closeness = theme_closeness(left, right)
        assert 0.0 <= closeness <= 1.0
        assert closeness == theme_closeness(right, left)
        assert (closeness == 1.0) == (left == right)


def test_closeness_follows_the_subject_matter() -> None:
    assert theme_closeness("marking", "record-keeping") == 0.6
    assert theme_closeness("marking", "tracing") > theme_closeness("marking", "ddr")
    assert theme_closeness("gender", "ballistics") == 0.0
    assert theme_closeness("marking-and-record-keeping", "marking") == 1.0


def test_closeness_of_an_unknown_theme() -> None:
    with pytest.raises(UnknownCode, match="markings"):
        theme_closeness("marking", "markings")


def test_relations_stand_once_among_themes_in_use_with_a_reason() -> None:
    rows = read_table("theme_relations.tsv")
    assert {code for row in rows for code in (row["left"], row["right"])} <= set(CODES)
    assert len({frozenset((row["left"], row["right"])) for row in rows}) == len(rows)
    assert all(row["reason"] and 0 < float(row["closeness"]) < 1 for row in rows)
