"""Where a match stands, as a line of steps made from its history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STAGES = (
    *("endorsed", "donor", "state", "committed", "delivering", "delivered"),
    *("follow-up", "closed"),
)
"""The steps that a match takes if all goes well."""

STOPS = ("reject", "decline", "lapse", "fall", "release")
"""Steps that end it, or set it back to where nothing is held."""

_REACHED: Mapping[str, str] = {
    "endorse": "endorsed",
    "donor-agree": "donor",
    "state-agree": "state",
    "commit": "committed",
    "start": "delivering",
    "deliver": "delivered",
    "follow-up": "follow-up",
    "close": "closed",
}
_SIDES = {"donor": "donor", "requester": "state"}

History = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Stage:
    """One step of the line: `state` is done, now, ahead or stopped; `step` who took it, if any."""

    name: str
    state: str
    step: Mapping[str, Any] | None = None


def line_of_steps(history: History, status: str) -> list[Stage]:
    """The line of steps; what stopped it stands after what was done, the rest is not ahead then."""
    done, stop = _walk(history)
    if stop is not None and status != "released":
        reached = [Stage(name, "done", done[name]) for name in STAGES if name in done]
        return [*reached, Stage(str(stop["action"]), "stopped", stop)]
    line = [Stage(name, "done" if name in done else "ahead", done.get(name)) for name in STAGES]
    if stop is not None:
        place = STAGES.index("committed")
        line.insert(place, Stage("release", "stopped", stop))
    return [_marked(one, place, line, status) for place, one in enumerate(line)]


def agreement_behind(step: Mapping[str, Any], history: History) -> Mapping[str, Any] | None:
    """The second yes by which what was held already is committed, in one write; None for none."""
    if step["action"] != "commit" or step["role"] != "matcher":
        return None
    place = next((n for n, one in enumerate(history) if one is step), 0)
    before = history[place - 1] if place else None
    together = before is not None and (before["action"], before["at"]) == ("agree", step["at"])
    return before if together else None


def _walk(history: History) -> tuple[dict[str, Mapping[str, Any]], Mapping[str, Any] | None]:
    """The newest step that reached each stage and counts still, and the one that stopped it."""
    done: dict[str, Mapping[str, Any]] = {}
    stop: Mapping[str, Any] | None = None
    for step in history:
        action = step["action"]
        if action in ("endorse", "reopen"):
            done, stop = {}, None
        if action in ("reconsider", "reconsider-agreed"):
            done.pop("state", None)
        if action == "agree":
            done[_SIDES.get(step["role"], "state")] = step
        if action in _REACHED:
            done[_REACHED[action]] = step
            stop = None
        if action in STOPS:
            stop = step
        if action == "release":
            done = {name: one for name, one in done.items() if name in STAGES[:3]}
    return done, stop


def _marked(one: Stage, place: int, line: Sequence[Stage], status: str) -> Stage:
    """The first that is ahead is what it is about now; of two answers that are waited for, both."""
    if one.state != "ahead":
        return one
    first = next(index for index, other in enumerate(line) if other.state == "ahead")
    answers = status == "endorsed" and {one.name, line[first].name} <= {"donor", "state"}
    return Stage(one.name, "now" if place == first or answers else "ahead")
