"""What decisions teach: which pairs count as seen, and which of them as endorsed.

A decided pair is an example as it was when it was decided on. If somebody changes their mind while
both records stay as they are, the later decision holds; if a record changed in between, both are
true of what was seen. A list is read from its top, so what stands below a decided rank may never
have been looked at: it says nothing. What stands above an endorsement and was never decided on was
passed over: seen, and not endorsed. That is weak evidence. It may only wait for its turn, and since
the endorsed one is always the last of what counts as seen, taking it at its word would teach any
model to turn its own order round. So how much a passed-over pair counts, nothing at all included,
is chosen by how well decisions are predicted (learning.py), and models are chosen and compared on
decisions alone. A rejection tells of its own pair only: who clears one away has not thereby judged
those above it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

LEAST_DECISIONS = 40
LEAST_OF_EACH = 10
LEAST_STATES = 5

Floats = npt.NDArray[np.float64]
Which = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Pair:
    """An offer in the list that a request had, with its features."""

    offer: str
    features: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision on a pair, with what stood above it in the list.

    `records` are the versions of both records, as text. `at` is aware.
    """

    request: str
    state: str
    pair: Pair
    records: str
    endorsed: bool
    at: datetime
    above: tuple[Pair, ...] = ()


@dataclass(frozen=True)
class Examples:
    """Pairs to learn from: features are pairs × features, everything else one a pair.

    `decided` tells decisions from pairs that were passed over. `at` is in seconds.
    """

    features: Floats
    endorsed: Which
    decided: Which
    requests: npt.NDArray[np.str_]
    states: npt.NDArray[np.str_]
    at: Floats

    def __len__(self) -> int:
        return len(self.endorsed)

    def where(self, chosen: Which) -> "Examples":
        """These pairs alone."""
        return Examples(
            self.features[chosen],
            self.endorsed[chosen],
            self.decided[chosen],
            self.requests[chosen],
            self.states[chosen],
            self.at[chosen],
        )


def examples(decisions: Iterable[Decided]) -> Examples:
    """What the decisions, in any order, teach; see the module's docstring.

    ValueError where pairs have different numbers of features.
    """
    ordered = sorted(decisions, key=lambda one: (one.at, one.request, one.pair.offer))
    known = {(one.request, one.pair.offer) for one in ordered}
    last = {(one.request, one.pair.offer, one.records): one for one in ordered}
    passed = {
        (one.request, pair.offer): replace(one, pair=pair, endorsed=False)
        for one in ordered
        if one.endorsed
        for pair in one.above
        if (one.request, pair.offer) not in known
    }
    rows = [*last.values(), *passed.values()]
    width = len(rows[0].pair.features) if rows else 0
    if any(len(row.pair.features) != width for row in rows):
        raise ValueError("decisions on pairs with different features")
    return Examples(
        features=np.array([row.pair.features for row in rows], dtype=np.float64).reshape(
            len(rows), width
        ),
        endorsed=np.array([row.endorsed for row in rows], dtype=bool),
        decided=np.arange(len(rows)) < len(last),
        requests=np.array([row.request for row in rows], dtype=np.str_),
        states=np.array([row.state for row in rows], dtype=np.str_),
        at=np.array([row.at.timestamp() for row in rows], dtype=np.float64),
    )


def lacking(held_back: Examples) -> str | None:
    """Why these are too few decisions to compare models on; None if they are enough."""
    decisions = held_back.where(held_back.decided)
    endorsed = int(decisions.endorsed.sum())
    states = len(np.unique(decisions.states))
    for what, count, least in (
        ("decisions", len(decisions), LEAST_DECISIONS),
        ("endorsements", endorsed, LEAST_OF_EACH),
        ("rejections", len(decisions) - endorsed, LEAST_OF_EACH),
        ("States", states, LEAST_STATES),
    ):
        if count < least:
            return f"{count} {what}, {least} are needed"
    return None
