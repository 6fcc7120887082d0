"""What a worker's death costs: until the group notices, shares out anew, and has caught up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.scale_model import Numbers, Places, owner_of


@dataclass(frozen=True)
class Group:
    """How the group is kept, in seconds: after `session` without a heartbeat a member is dead;
    members beat, and hear of a rebalance, every `heartbeat`; `take` is what the database needs
    until a partition has its new owner's fence."""

    session: float
    heartbeat: float
    take: float


@dataclass(frozen=True)
class Deaths:
    """Of each trial, in seconds: until the dead worker's partitions have new owners, how long
    partitions of the living rested, and until all that moved has been ranked again; `moved` is
    how many partitions then had another owner than before, the dead one's among them."""

    taken: Numbers
    rested: Numbers
    ranked: Numbers
    moved: Numbers


def deaths(
    group: Group,
    records: NDArray[np.int64],
    workers: int,
    again: float,
    trials: int,
    rng: np.random.Generator,
) -> Deaths:
    """One of several workers dies without a word, at a random moment, `trials` times.

    `records` is how many requests each partition has, `again` the seconds to rank one of them.
    All members give up their partitions as they hear of it and get new ones once the last has
    (kafka-python's range assignor is eager). ValueError with fewer than two workers.
    """
    if workers < 2:
        raise ValueError("somebody must be left")
    told = np.zeros((4, trials))
    before = owner_of(len(records), workers)
    shared_out = owner_of(len(records), workers - 1)
    for trial in range(trials):
        dead = int(rng.integers(min(workers, len(records))))
        # The others keep their order: those behind the dead one move up by one.
        others = np.delete(np.arange(workers), dead)
        moved = np.flatnonzero(before != others[shared_out])
        noticed = group.session - rng.uniform(0, group.heartbeat)
        heard = rng.uniform(0, group.heartbeat, workers - 1)
        joined = noticed + heard.max()
        position = _place_in_turn(shared_out[moved])
        lost = before[moved] == dead
        taken = joined + (position + 1) * group.take
        backlog = np.bincount(shared_out[moved], records[moved] * again, minlength=workers - 1)
        takings = np.bincount(shared_out[moved], minlength=workers - 1) * group.take
        told[:, trial] = (
            float(taken[lost].max(initial=joined)),
            float((heard.max() - heard).max()),
            float(joined + (takings + backlog).max(initial=0.0)),
            len(moved),
        )
    return Deaths(*told)


def _place_in_turn(owners: Places) -> Places:
    """How many partitions before each one the same owner has to take first; `owners` is sorted."""
    return np.asarray(np.arange(len(owners)) - np.searchsorted(owners, owners))
