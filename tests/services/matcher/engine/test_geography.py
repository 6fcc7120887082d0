from datetime import date
from pathlib import Path

import pytest

from services.matcher.engine.geography import Geography

ON = date(2026, 1, 1)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "countries.tsv"
    path.write_text(
        "alpha3\tname\tsubregion\tldc\tlldc\tsids\n"
        "SEN\tSenegal\tWestern Africa\t0\t1\t0\n"
        "XKX\tKosovo\tSouthern Europe\t0\t0\t0\n",
        encoding="utf-8",
    )
    return path


def test_the_vocabulary_tells_regions_and_dated_groups() -> None:
    geography = Geography.of_vocabulary(ON)
    assert geography.area("SEN") == "Western Africa"
    assert geography.groups("SEN") >= {"LDC", "ODA"}
    assert "LDC" in geography.groups("NPL")
    assert "LDC" not in geography.at(date(2026, 12, 1)).groups("NPL")


def test_a_file_decides_what_it_has_and_the_vocabulary_the_rest(table: Path) -> None:
    geography = Geography.of_file(table, ON)
    assert geography.groups("SEN") == {"LLDC", "ODA"}
    assert geography.area("XKX") == "Southern Europe"
    assert geography.groups("XKX") == frozenset()
    assert geography.area("KEN") == "Eastern Africa"
    assert geography.at(date(2030, 1, 1)).groups("SEN") >= {"LLDC"}


def test_a_code_that_is_no_country_lies_nowhere() -> None:
    geography = Geography.of_vocabulary(ON)
    assert geography.area("ZZZ") is None
    assert geography.groups("ZZZ") == frozenset()


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "countries.tsv"
    path.write_text("code\tname\nSEN\tSenegal\n", encoding="utf-8")
    with pytest.raises(ValueError, match="needs the columns alpha3 and subregion"):
        Geography.of_file(path, ON)
