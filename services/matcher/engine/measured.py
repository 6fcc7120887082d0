"""How well found pairs agree with labelled ones."""

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar


@dataclass(frozen=True)
class Agreement:
    """Counts of pairs: found, labelled, and both."""

    found: int
    labelled: int
    both: int

    @property
    def precision(self) -> float:
        """The part of what was found that is right; 1 where nothing was found."""
        return self.both / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The part of what is right that was found; 1 where nothing is."""
        return self.both / self.labelled if self.labelled else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        total = self.found + self.labelled
        return 2 * self.both / total if total else 1.0


M = TypeVar("M", bound=Hashable)


def pairwise(found: Mapping[M, str], labelled: Mapping[M, str]) -> Agreement:
    """How far two ways of putting members in groups agree on who is with whom.

    Both map members to groups; who is in none is left out.
    """
    ours, theirs = _pairs(found), _pairs(labelled)
    return Agreement(len(ours), len(theirs), len(ours & theirs))


def _pairs(groups: Mapping[M, str]) -> set[frozenset[M]]:
    members: defaultdict[str, list[M]] = defaultdict(list)
    for member, group in groups.items():
        members[group].append(member)
    return {frozenset(pair) for group in members.values() for pair in combinations(group, 2)}
