"""How well found pairs agree with labelled ones."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Set
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

    def figures(self) -> dict[str, float]:
        """All three by name, rounded to 1e-6."""
        return {name: round(getattr(self, name), 6) for name in ("precision", "recall", "f1")}


M = TypeVar("M", bound=Hashable)


def judged(found: Set[M], truth: Mapping[M, bool]) -> dict[str, dict[str, float]]:
    """Figures of found pairs against labels: `labelled` takes only pairs that have one, `all` those
    without as wrong."""
    right = {pair for pair, is_right in truth.items() if is_right}
    return {
        name: Agreement(len(taken), len(right), len(taken & right)).figures()
        for name, taken in (("labelled", found & truth.keys()), ("all", found))
    }


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
