"""Regional organisations and their members, with the dates on which membership began and ended."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import cache

from shared.vocabulary.countries import Period, country
from shared.vocabulary.tables import day, read_table
from shared.vocabulary.terms import Term, Vocabulary, load_terms

REGIONAL_ORGANISATIONS: Vocabulary[Term] = Vocabulary(
    "regional organisations", load_terms("organisations.tsv")
)
"""The codes are the acronyms in use in English, such as ECOWAS."""


@cache
def _memberships() -> Mapping[str, tuple[tuple[str, Period], ...]]:
    found: dict[str, list[tuple[str, Period]]] = defaultdict(list)
    for row in read_table("memberships.tsv"):
        period = Period(day(row["since"]), day(row["until"]))
        found[row["organisation"]].append((row["alpha3"], period))
    return {code: tuple(members) for code, members in found.items()}


def members(code: str, on: date) -> frozenset[str]:
    """The alpha-3 codes of the organisation's members on that day; UnknownCode.

    Exact from 2015 on: a membership that began earlier has no first day in the data.
    """
    organisation = REGIONAL_ORGANISATIONS.get(code).code
    return frozenset(alpha3 for alpha3, period in _memberships()[organisation] if period.covers(on))


def organisations_of(alpha3: str, on: date) -> frozenset[str]:
    """The codes of the organisations of which the country is a member on that day; UnknownCode."""
    code = country(alpha3).alpha3
    return frozenset(
        organisation for organisation in _memberships() if code in members(organisation, on)
    )
