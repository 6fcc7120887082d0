"""What bars a pair, each with its reason. A barred pair is never proposed, however alike."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Bar = Literal["embargo", "not-open", "declined", "geography", "window"]
"""Why a pair is barred.

`embargo`: an arms embargo on the State bars all that is still needed, or every kind of help that
the offer states, and no exemption is on file; of what states no kind nobody can tell that it is
allowed. `not-open`: either is not published, or nothing of it is left. `declined`: somebody said no
to this pair. `geography`: the State is not among those that the offer is for. `window`: there is no
day, from today on, on which both stand.
"""

View = Mapping[str, npt.NDArray[Any]]
"""Columns of rows picked from an index; one row stands for all of the other side's."""


def bars(
    requests: View,
    offers: View,
    admitted: npt.NDArray[np.bool_],
    declined: npt.NDArray[np.bool_],
    today: int,
) -> list[tuple[Bar, npt.NDArray[np.bool_]]]:
    """For each rule, which of the pairs it bars. `today` is a proleptic day number.

    `admitted` tells of each pair whether the offer is for the State.
    """
    first, last = overlap(requests, offers, today)
    # Kinds as bits.
    given = offers["kinds"] & ~requests["barred"]
    embargoed = requests["embargoed"] | ((requests["barred"] != 0) & (given == 0))
    return [
        ("embargo", embargoed),
        ("not-open", ~(requests["open"] & offers["open"])),
        ("declined", declined),
        ("geography", ~admitted),
        ("window", last < first),
    ]


def overlap(
    requests: View, offers: View, today: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """First and last day, from today on, on which both stand; none if last is before first."""
    first = np.maximum(np.maximum(requests["from"], offers["from"]), np.int32(today))
    last = np.minimum(requests["to"], offers["to"])
    return first, last
