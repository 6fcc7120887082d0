from datetime import date

import pytest

from shared.vocabulary import UnknownCode
from shared.vocabulary.countries import country
from shared.vocabulary.organisations import (
    REGIONAL_ORGANISATIONS,
    members,
    organisations_of,
)
from shared.vocabulary.tables import read_table

NEW_YEAR = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("AU", 55),
        ("ECOWAS", 12),
        ("ECCAS", 11),
        ("EAC", 8),
        ("IGAD", 7),
        ("SADC", 16),
        ("RECSA", 15),
        ("LAS", 22),
        ("GCC", 6),
        ("ASEAN", 11),
        ("SAARC", 8),
        ("SCO", 10),
        ("CARICOM", 15),
        ("SICA", 8),
        ("PIF", 18),
        ("EU", 27),
        ("OSCE", 57),
        ("NATO", 32),
    ],
)
def test_how_many_members(code: str, count: int) -> None:
    assert len(members(code, NEW_YEAR)) == count


def test_memberships_end_on_their_day() -> None:
    leavers = {"BFA", "MLI", "NER"}
    assert leavers <= members("ECOWAS", date(2025, 1, 28))
    assert not leavers & members("ECOWAS", date(2025, 1, 29))


def test_memberships_begin_on_their_day() -> None:
    assert "TLS" not in members("ASEAN", date(2025, 10, 25))
    assert "TLS" in members("ASEAN", date(2025, 10, 26))


def test_organisations_of_a_country() -> None:
    assert organisations_of("SEN", NEW_YEAR) == {"AU", "ECOWAS"}
    assert organisations_of("MLI", NEW_YEAR) == {"AU", "AES"}
    assert organisations_of("JPN", NEW_YEAR) == frozenset()


def test_unknown_codes() -> None:
    with pytest.raises(UnknownCode, match="ECOWAS"):
        members("ECOWA", NEW_YEAR)
    with pytest.raises(UnknownCode, match="countries"):
        organisations_of("XXX", NEW_YEAR)


def test_memberships_name_known_countries_and_organisations_once() -> None:
    rows = read_table("memberships.tsv")
    assert {row["organisation"] for row in rows} == set(REGIONAL_ORGANISATIONS.codes())
    assert len({(row["organisation"], row["alpha3"]) for row in rows}) == len(rows)
    for row in rows:
        assert country(row["alpha3"])
        if row["since"] and row["until"]:
            assert row["since"] < row["until"]
