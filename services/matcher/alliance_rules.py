"""The rules of alliances, without input or output: their states, and what follows from whom.

An alliance is what several States' requests are proposed to become together. Its members stand in
it in one of four ways: `proposed`, `agreed`, `declined`, `left`; the first two are in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from shared.lifecycle import Lifecycle, Step

Standing = Literal["proposed", "agreed", "declined", "left"]

ALLIANCE = Lifecycle(
    "proposed",
    (
        Step("endorse", frozenset({"proposed", "dismissed"}), "endorsed"),
        Step("dismiss", frozenset({"proposed", "endorsed", "agreed"}), "dismissed"),
        Step("agree", frozenset({"endorsed"}), "agreed"),
        Step("widen", frozenset({"agreed"}), "endorsed"),
        Step("dissolve", frozenset({"proposed", "endorsed", "agreed"}), "dissolved"),
        Step("propose", frozenset({"dissolved", "dismissed"}), "proposed"),
    ),
)
"""`agreed` while every member has agreed to what a coordinator endorsed; `widen` as one joins."""

RUNNING = frozenset({"proposed", "endorsed", "agreed"})
"""States in which there is something to agree to."""
SETTLED = frozenset({"endorsed", "agreed"})
"""States in which members stay, whatever the matcher would put together by now."""
IN_IT = frozenset({"proposed", "agreed"})
"""How members stand that are in an alliance."""

LEAST_STATES = 2


@dataclass(frozen=True)
class Position:
    """A request in an alliance, how it stands there, and why it left, if it did."""

    request: str
    country: str
    standing: Standing
    cause: str | None = None

    @property
    def is_in(self) -> bool:
        """Whether it is a member."""
        return self.standing in IN_IT


@dataclass(frozen=True)
class Found:
    """A request that belongs to the alliance as requests are now."""

    request: str
    country: str


def states_of(positions: Iterable[Position]) -> frozenset[str]:
    """The States whose requests are in it."""
    return frozenset(one.country for one in positions if one.is_in)


def moved(
    status: str,
    positions: Iterable[Position],
    found: Iterable[Found],
    causes: dict[str, str],
) -> tuple[Position, ...]:
    """How everybody stands, once the requests are as they are now.

    `found` are the requests that belong together now, `causes` why others are open no more, by
    request. Who declined is not asked again. Who is open and no longer like the others leaves, but
    not what is settled, nor one that agreed.
    """
    wanted = {one.request: one for one in found}
    moved_: list[Position] = []
    for one in positions:
        back = wanted.pop(one.request, None)
        if one.is_in:
            cause = causes.get(one.request)
            if cause is None and back is None and not _stays(status, one):
                cause = "unlike"
            moved_.append(one if cause is None else _left(one, cause))
        elif back is not None and one.standing == "left":
            moved_.append(Position(one.request, one.country, "proposed"))
        else:
            moved_.append(one)
    joined = (Position(one.request, one.country, "proposed") for one in wanted.values())
    return (*moved_, *joined)


def _stays(status: str, one: Position) -> bool:
    return status in SETTLED or (status in RUNNING and one.standing == "agreed")


def _left(one: Position, cause: str) -> Position:
    return Position(one.request, one.country, "left", cause)


def step_due(status: str, positions: Iterable[Position], dismissed: frozenset[str]) -> str | None:
    """The step that follows from how everybody stands; None if the state is right as it is.

    `dismissed` are the States that were in it when a coordinator dismissed it: only one more
    brings it back.
    """
    every = tuple(positions)
    states = states_of(every)
    enough = len(states) >= LEAST_STATES
    if status in RUNNING and not enough:
        return "dissolve"
    if status == "dissolved" and enough:
        return "propose"
    if status == "dismissed" and enough and not states <= dismissed:
        return "propose"
    all_agreed = all(one.standing == "agreed" for one in every if one.is_in)
    if status == "endorsed" and all_agreed:
        return "agree"
    if status == "agreed" and not all_agreed:
        return "widen"
    return None


def why_dissolved(before: Iterable[Position], after: Iterable[Position]) -> str | None:
    """Why too few remain: the cause of the first that left or declined just now."""
    were_in = {one.request for one in before if one.is_in}
    for one in after:
        if one.request in were_in and not one.is_in:
            return one.cause or one.standing
    return None
