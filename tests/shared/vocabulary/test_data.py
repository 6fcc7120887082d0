"""Every data file is whole, says where it comes from, and is described."""

from datetime import date
from itertools import combinations
from pathlib import Path

import pytest

from shared.vocabulary import LANGUAGES
from shared.vocabulary.countries import AREAS
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import (
    ACTIVITY_STATUSES,
    CHANNELS,
    CONDITION_KINDS,
    DONOR_TYPES,
    GENDER_MARKERS,
    GROUPS,
    PARTNERS,
    PRIORITIES,
    STEP_REASONS,
    SUSTAINABILITY_MEASURES,
)
from shared.vocabulary.organisations import REGIONAL_ORGANISATIONS
from shared.vocabulary.sectors import SALW_SECTOR, SECTORS
from shared.vocabulary.tables import DATA, provenance, read_table
from shared.vocabulary.terms import Term, Vocabulary
from shared.vocabulary.themes import THEMES
from shared.vocabulary.units import UNITS

FILES = sorted(path.name for path in Path(str(DATA)).iterdir() if path.suffix in (".tsv", ".json"))
VOCABULARIES = [
    ACTIVITY_STATUSES,
    AREAS,
    CHANNELS,
    CONDITION_KINDS,
    DONOR_TYPES,
    GENDER_MARKERS,
    GROUPS,
    KINDS,
    PARTNERS,
    PRIORITIES,
    REGIONAL_ORGANISATIONS,
    SECTORS,
    STEP_REASONS,
    SUSTAINABILITY_MEASURES,
    THEMES,
    UNITS,
]


@pytest.mark.parametrize("name", FILES)
def test_a_file_states_source_date_and_licence(name: str) -> None:
    stated = provenance(name)
    assert stated["source"]
    assert stated["licence"]
    assert date.fromisoformat(stated["date"]) >= date(2025, 1, 1)


@pytest.mark.parametrize("name", FILES)
def test_the_readme_describes_each_file(name: str) -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    assert f"| {name} |" in readme
    assert f"| {provenance(name)['date']} |" in readme


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".tsv")])
def test_cells_are_trimmed_and_rows_unique(name: str) -> None:
    rows = read_table(name)
    assert rows
    assert all(cell == cell.strip() for row in rows for cell in row.values())
    assert len({tuple(row.values()) for row in rows}) == len(rows)


@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=lambda vocabulary: vocabulary.name)
def test_every_term_has_six_labels(vocabulary: Vocabulary[Term]) -> None:
    assert len(vocabulary) > 0
    for term in vocabulary:
        assert tuple(sorted(term.labels)) == LANGUAGES
        assert all(label.strip() for label in term.labels.values())


@pytest.mark.parametrize(
    "vocabulary",
    [vocabulary for vocabulary in VOCABULARIES if vocabulary is not PARTNERS],
    ids=lambda vocabulary: vocabulary.name,
)
def test_labels_are_written_in_the_script_of_their_language(vocabulary: Vocabulary[Term]) -> None:
    for term in vocabulary:
        assert all("؀" <= sign <= "ۿ" for sign in _letters(term.labels["ar"]))
        assert all("Ѐ" <= sign <= "ӿ" for sign in _letters(term.labels["ru"]))
        assert all("一" <= sign <= "鿿" for sign in _letters(term.labels["zh"]))
        for language in ("en", "es", "fr"):
            assert all(sign < "ɐ" or sign == "’" for sign in _letters(term.labels[language]))


@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=lambda vocabulary: vocabulary.name)
def test_no_two_terms_in_use_have_the_same_label(vocabulary: Vocabulary[Term]) -> None:
    for left, right in combinations(vocabulary.codes(), 2):
        for language in LANGUAGES:
            assert vocabulary.label(left, language) != vocabulary.label(right, language), language


def test_the_short_lists_have_the_agreed_codes() -> None:
    assert KINDS.codes() == ("training", "equipment", "expertise", "infrastructure", "funding")
    assert PRIORITIES.codes() == ("critical", "high", "medium", "low")
    assert CHANNELS.codes() == (
        "national-report",
        "trust-fund",
        "bilateral",
        "regional-organisation",
        "direct",
    )
    assert DONOR_TYPES.codes() == (
        "state",
        "un-entity",
        "regional-organisation",
        "igo",
        "ngo",
        "trust-fund",
        "other",
    )
    assert CONDITION_KINDS.codes() == ("procurement", "reporting", "policy", "other")
    assert GROUPS.codes() == ("LDC", "LLDC", "SIDS", "ODA")
    assert ACTIVITY_STATUSES.codes() == ("planned", "ongoing", "completed", "cancelled")
    assert GENDER_MARKERS.codes() == ("not-targeted", "significant", "principal")
    assert {"WCO", "INTERPOL", "UNODC", "UNODA", "UNIDIR", "UNDP", "UNMAS"} <= set(PARTNERS.codes())


def test_sectors_hold_the_one_for_small_arms() -> None:
    assert SECTORS.get(SALW_SECTOR).labels["en"].startswith("Reintegration and small arms")
    assert {"15130", "15210", "15220", "15230", "15250", "15261"} <= set(SECTORS.codes())


def _letters(text: str) -> list[str]:
    return [sign for sign in text if sign.isalpha()]
