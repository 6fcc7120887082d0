"""What binds two States so that one project could serve both: a border, a region, a club."""

from collections.abc import Iterable
from datetime import date
from enum import IntEnum
from functools import cache

import numpy as np
import numpy.typing as npt

from services.matcher.engine.cooperation import land_neighbours
from services.matcher.engine.geography import Geography
from shared.vocabulary.countries import all_countries
from shared.vocabulary.organisations import REGIONAL_ORGANISATIONS, members

MOST_MEMBERS = 18
"""An organisation of more members spans a continent or several, and says nothing of nearness."""


class Bond(IntEnum):
    """How near two States are, the nearest last."""

    NONE = 0
    ORGANISATION = 1
    REGION = 2
    NEIGHBOUR = 3
    SAME = 4


def bond(one: str, other: str, geography: Geography) -> Bond:
    """The nearest bond of two States (alpha-3 codes); codes that are no countries have none."""
    if one == other:
        return Bond.SAME
    if other in land_neighbours(one):
        return Bond.NEIGHBOUR
    area = geography.area(one)
    if area is not None and area == geography.area(other):
        return Bond.REGION
    if any({one, other} <= club for club in _clubs(geography.on)):
        return Bond.ORGANISATION
    return Bond.NONE


def common_organisations(states: Iterable[str], on: date) -> tuple[str, ...]:
    """The codes of the organisations, none too wide, that all the States are members of."""
    asked = frozenset(states)
    codes = REGIONAL_ORGANISATIONS.codes()
    return tuple(code for code in codes if asked <= members(code, on) and _is_club(code, on))


class Bonds:
    """The bonds of all States with one another, as of the geography's day.

    A code that neither the vocabulary nor the geography knows gets a number when it first comes,
    and is bound to itself alone.
    """

    def __init__(self, geography: Geography) -> None:
        known = {country.alpha3 for country in all_countries()} | set(geography.file_areas)
        self._names = sorted(known)
        self._numbers = {alpha3: number for number, alpha3 in enumerate(self._names)}
        self._rows: dict[str, npt.NDArray[np.uint8]] = {}
        self._geography = geography

    def number(self, alpha3: str) -> int:
        """The State's number."""
        if alpha3 not in self._numbers:
            self._numbers[alpha3] = len(self._names)
            self._names.append(alpha3)
        return self._numbers[alpha3]

    def name(self, number: int) -> str:
        """The code of the State with a number."""
        return self._names[number]

    def of(self, alpha3: str) -> npt.NDArray[np.uint8]:
        """The State's bond with each other, by number."""
        row = self._rows.get(alpha3)
        if row is None or len(row) < len(self._numbers):
            made = [bond(alpha3, other, self._geography) for other in self._numbers]
            row = self._rows[alpha3] = np.array(made, dtype=np.uint8)
        return row


@cache
def _clubs(on: date) -> tuple[frozenset[str], ...]:
    return tuple(members(code, on) for code in REGIONAL_ORGANISATIONS.codes() if _is_club(code, on))


def _is_club(code: str, on: date) -> bool:
    return len(members(code, on)) <= MOST_MEMBERS
