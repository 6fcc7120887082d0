"""The short lists of codes that records and forms choose from."""

from shared.vocabulary.tables import read_table
from shared.vocabulary.terms import Term, Vocabulary, term_of


def _list(name: str) -> Vocabulary[Term]:
    rows = read_table("lists.tsv")
    return Vocabulary(name, [term_of(row) for row in rows if row["list"] == name])


PRIORITIES = _list("priorities")
"""A State's own priority, the most urgent first."""

CHANNELS = _list("channels")
"""Where a request was submitted."""

DONOR_TYPES = _list("donor types")

CONDITION_KINDS = _list("condition kinds")

GROUPS = _list("groups")
"""Groups of countries that eligibility may name; see countries.groups for who belongs, and when."""

INCOME_GROUPS = _list("income groups")
"""Of the World Bank, by income a head; see countries.income_group."""

ACTIVITY_STATUSES = _list("activity statuses")

GENDER_MARKERS = _list("gender markers")
"""OECD DAC gender equality policy marker, from 0 (not targeted) to 2 (principal)."""

SUSTAINABILITY_MEASURES = _list("sustainability measures")
"""What makes help last once it has been given."""

PARTNERS = _list("partners")
"""Organisations and networks that work along on an offer or activity."""

STEP_REASONS = _list("step reasons")
"""Why a record took a step in its life, as histories say it."""
