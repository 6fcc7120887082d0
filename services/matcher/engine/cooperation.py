"""Forms of cooperation between a donor and a State: who is of the South, whose know-how is near."""

from collections.abc import Iterable
from datetime import date

from shared.vocabulary.countries import is_south, neighbours
from shared.vocabulary.errors import UnknownCode

STATE = "state"
"""The type of a donor that is one State."""

KNOW_HOW = frozenset({"expertise", "training"})
"""Kinds of assistance by which a State passes on what it has done itself."""

_MANY_STATES = frozenset({"un-entity", "regional-organisation", "igo", "trust-fund"})


def modality(donor_type: str | None, donor_country: str | None, recipient: str, on: date) -> str:
    """The form of cooperation between a donor and a State on a day.

    `south-south` where both are of the South, `north-south` where one is, `north-north` where none
    is. A donor without a country, or made of many States, is `multilateral`. What a third party
    pays for is `triangular`: see triangular.py.
    """
    if is_multilateral(donor_type, donor_country):
        return "multilateral"
    south = {_south(donor_country or "", on), _south(recipient, on)}
    if south == {True}:
        return "south-south"
    return "north-south" if True in south else "north-north"


def is_multilateral(donor_type: str | None, donor_country: str | None) -> bool:
    """Whether a donor stands for many States, or for none that is known."""
    if donor_type in _MANY_STATES or donor_country is None:
        return True
    try:
        neighbours(donor_country)
    except UnknownCode:
        return True
    return False


def is_southern_state(donor_type: str | None, donor_country: str | None, on: date) -> bool:
    """Whether a donor is one State of the South."""
    return donor_type == STATE and donor_country is not None and _south(donor_country, on)


def expert_state(
    donor_type: str | None, donor_country: str | None, kinds: Iterable[str]
) -> str | None:
    """The State that offers its own know-how by an offer of these kinds; None for others."""
    if donor_type != STATE or KNOW_HOW.isdisjoint(kinds):
        return None
    return donor_country


def land_neighbours(alpha3: str) -> frozenset[str]:
    """The States that a State borders on by land; none for a code that is no country."""
    try:
        return neighbours(alpha3)
    except UnknownCode:
        return frozenset()


def _south(alpha3: str, on: date) -> bool:
    try:
        return is_south(alpha3, on)
    except UnknownCode:
        return False
