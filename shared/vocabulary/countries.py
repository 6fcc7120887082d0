"""Countries: ISO and M49 codes, regions, dated statuses, land neighbours, names."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType

from shared.vocabulary.errors import UnknownCode
from shared.vocabulary.languages import check_language
from shared.vocabulary.tables import day, read_table
from shared.vocabulary.terms import Term, Vocabulary, labels_of, load_terms


@dataclass(frozen=True)
class Country:
    """A country or area of ISO 3166-1.

    `region`, `subregion` and `intermediate` are English names of UN M49, `m49` its three digits;
    the first two are empty for Antarctica alone, the last where M49 has no such level.
    """

    alpha3: str
    alpha2: str
    m49: str
    region: str
    subregion: str
    intermediate: str
    un_member: bool

    @property
    def area(self) -> str:
        """The region that eligibility names: M49's intermediate region, else its sub-region."""
        return self.intermediate or self.subregion


@dataclass(frozen=True)
class Period:
    """From `since` on and before `until`; None is open."""

    since: date | None
    until: date | None

    def covers(self, on: date) -> bool:
        """Whether the day lies in the period."""
        return (self.since is None or self.since <= on) and (self.until is None or on < self.until)


AREAS: Vocabulary[Term] = Vocabulary("areas", load_terms("areas.tsv"))
"""The M49 regions that eligibility may name; the codes are their English names."""


@cache
def _countries() -> Mapping[str, Country]:
    found = {}
    for row in read_table("countries.tsv"):
        facts = {key: value for key, value in row.items() if key != "un_member"}
        found[row["alpha3"]] = Country(**facts, un_member=row["un_member"] == "1")
    return MappingProxyType(found)


@cache
def _names() -> Mapping[str, Mapping[str, str]]:
    return {row["alpha3"]: labels_of(row) for row in read_table("country_names.tsv")}


@cache
def _statuses() -> Mapping[str, tuple[tuple[str, Period], ...]]:
    found: dict[str, list[tuple[str, Period]]] = defaultdict(list)
    for row in read_table("statuses.tsv"):
        period = Period(day(row["since"]), day(row["until"]))
        found[row["alpha3"]].append((row["group"], period))
    return {alpha3: tuple(statuses) for alpha3, statuses in found.items()}


@cache
def _incomes() -> Mapping[str, tuple[tuple[str, Period], ...]]:
    found: dict[str, list[tuple[str, Period]]] = defaultdict(list)
    for row in read_table("incomes.tsv"):
        period = Period(day(row["since"]), day(row["until"]))
        found[row["alpha3"]].append((row["income"], period))
    return {alpha3: tuple(held) for alpha3, held in found.items()}


@cache
def _developed() -> frozenset[str]:
    return frozenset(row["code"] for row in read_table("developed.tsv"))


@cache
def _neighbours() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in read_table("borders.tsv"):
        found[row["left"]].add(row["right"])
        found[row["right"]].add(row["left"])
    return {alpha3: frozenset(others) for alpha3, others in found.items()}


def country(alpha3: str) -> Country:
    """The country of an ISO 3166-1 alpha-3 code in capitals; UnknownCode for any other text."""
    try:
        return _countries()[alpha3]
    except KeyError:
        raise UnknownCode("countries", alpha3, _countries()) from None


def all_countries() -> tuple[Country, ...]:
    """All countries and areas, by alpha-3 code."""
    return tuple(_countries().values())


def countries_in(area: str) -> list[str]:
    """The alpha-3 codes of the countries and areas of a region of AREAS."""
    return [one.alpha3 for one in all_countries() if one.area == area]


def countries_asked(alpha3: str | None, area: str | None) -> list[str] | None:
    """The countries that a list is asked for by a code, by a region, or both; None for all."""
    if area is None:
        return None if alpha3 is None else [alpha3]
    return [one for one in countries_in(area) if alpha3 in (None, one)]


def country_name(alpha3: str, language: str) -> str:
    """The country's name, the one the United Nations use, in one of the six languages."""
    check_language(language)
    return _names()[country(alpha3).alpha3][language]


def groups(alpha3: str, on: date) -> frozenset[str]:
    """Which of LDC, LLDC, SIDS and ODA the country belongs to on that day."""
    statuses = _statuses().get(country(alpha3).alpha3, ())
    return frozenset(group for group, period in statuses if period.covers(on))


def income_group(alpha3: str, on: date) -> str | None:
    """The World Bank's income group of the country on that day, a code of INCOME_GROUPS.

    None where it classifies none. What it changed after July 2025 is not known here.
    """
    held = _incomes().get(country(alpha3).alpha3, ())
    return next((income for income, period in held if period.covers(on)), None)


def is_south(alpha3: str, on: date) -> bool:
    """Whether the country counts as of the South on that day; UnknownCode.

    A developing economy by UNCTAD's classification, or on the OECD DAC List of ODA recipients.
    """
    known = country(alpha3)
    developed = not {known.region, known.subregion, known.alpha3}.isdisjoint(_developed())
    return not developed or "ODA" in groups(alpha3, on)


def neighbours(alpha3: str) -> frozenset[str]:
    """The alpha-3 codes of the countries with which it shares a land border."""
    return _neighbours().get(country(alpha3).alpha3, frozenset())
