"""Who sees what: levels of records and lines, and how far a reader sees. No other place says so.

A level says who sees a record or a line beside its owner:

    public        everybody
    restricted    every donor
    parties       the donors whose offers were endorsed for it
    coordinators  those alone who oversee both sides

A line of a record is seen by those who see both the record and the line.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from shared.web.identity import Identity, covers

OVERSEEING: Final = frozenset({"coordinator", "auditor", "operator"})
"""Roles whose task is to see both sides; a coordinator of some regions, there alone."""


class Sight(IntEnum):
    """How far somebody sees: everything of this level and of those before it."""

    PUBLIC = 0
    RESTRICTED = 1
    PARTIES = 2
    COORDINATORS = 3

    @property
    def level(self) -> str:
        """The level's code."""
        return self.name.lower()

    def levels(self) -> list[str]:
        """The codes of all levels that are seen."""
        return [one.level for one in Sight if one <= self]


LEVELS: Final = tuple(one.level for one in Sight)
CONFIDENTIAL: Final = frozenset({Sight.PARTIES.level, Sight.COORDINATORS.level})
"""Levels whose records and lines are confidential: who reads them is put on record."""


def sight(identity: Identity, country: str | None, *, party: bool = False) -> Sight:
    """How far the reader sees of that State's records; a coordinator of other regions as a donor.

    `party`: whether an offer of the reader's was endorsed for this one.
    """
    if identity.role == "requester" and identity.state == country:
        return Sight.COORDINATORS
    if identity.role in OVERSEEING and covers(identity, country):
        return Sight.COORDINATORS
    if identity.role == "requester":
        return Sight.PUBLIC
    return Sight.PARTIES if party and identity.role == "donor" else Sight.RESTRICTED


def sees(reader: Sight, level: str) -> bool:
    """Whether somebody who sees so far sees what is of the level; nobody sees an unknown one."""
    return level in reader.levels()


def narrowest(levels: Iterable[str]) -> str:
    """The level that fewest see; raises KeyError for an unknown one."""
    return max(Sight[level.upper()] for level in levels).level
