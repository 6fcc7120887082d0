"""What of a request tells with whose it could become one project, and a table of such.

Of a request's lines those that are not confidential count: who is proposed to whom tells nobody
what a State keeps to itself. What is committed does not count, nor does any rate of exchange: whom
a request belongs with must not change by somebody's promise to one of them, or by the day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from services.matcher.engine.bonds import Bonds
from services.matcher.engine.codes import KIND_CODES, KIND_NUMBERS, THEME_CODES, THEME_NUMBERS
from services.matcher.engine.columns import Columns, Spec
from services.matcher.engine.entries import MOST_LINES, request_entry
from services.matcher.engine.names import Numbers
from services.matcher.engine.packing import MOST_CONCEPTS, length_of, vector_of
from services.matcher.engine.profiles import RequestProfile

WHOLE = 1000
"""Shares are whole thousandths, so that their sums are exact."""

_NO_DAY = date.max.toordinal()
_CONFIDENTIAL = frozenset({"parties", "coordinators"})
"""Levels of requests that other States do not hear of."""
_ANY_DAY = date(2000, 1, 1)

ASK: Spec = {
    "state": (np.int16, ()),
    "since": (np.int32, ()),
    "from": (np.int32, ()),
    "to": (np.int32, ()),
    "open": (np.bool_, ()),
    "anchor": (np.bool_, ()),
    "themes": (np.int16, (len(THEME_CODES),)),
    "kinds": (np.int16, (len(KIND_CODES),)),
    "text_themes": (np.int16, (len(THEME_CODES),)),
    "theme_norm": (np.float64, ()),
    "concepts": (np.int16, (MOST_CONCEPTS,)),
    "concept_weights": (np.int16, (MOST_CONCEPTS,)),
    "concept_norm": (np.float64, ()),
    "vector": (np.int8, (512,)),
    "vector_norm": (np.float64, ()),
}


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as a possible member of a joint project.

    `since` is the day number on which it was first submitted: with the id it decides who was there
    before whom. `usable` is false for one all whose lines are confidential.
    """

    profile: RequestProfile
    since: int
    usable: bool

    @property
    def id(self) -> str:
        """The request's id."""
        return self.profile.id

    @property
    def key(self) -> tuple[int, str]:
        """Who was there first."""
        return self.since, self.profile.id

    @classmethod
    def of_event(cls, data: Mapping[str, Any]) -> Self:
        """From the data of an `entraide.request.v1` event that its schema has passed."""
        told = [need for need in data["needs"] if not need["confidential"]]
        return cls(
            profile=RequestProfile.of_event({**data, "needs": told}),
            since=_first_day(data["history"]),
            usable=bool(told) or not (data["needs"] or data.get("visibility") in _CONFIDENTIAL),
        )


def _first_day(history: Iterable[Mapping[str, Any]]) -> int:
    days = [
        datetime.fromisoformat(step["at"]).date().toordinal()
        for step in history
        if step["target"] == "submitted"
    ]
    return min(days, default=_NO_DAY)


class Asks:
    """Asks in columns. Adding, changing and removing one is O(1) in their number."""

    def __init__(self, bonds: Bonds) -> None:
        self.table = Columns(ASK)
        self.bonds = bonds
        self.concepts = Numbers()
        self._rows: dict[str, int] = {}
        self._asks: dict[int, tuple[str, str, int]] = {}

    def __contains__(self, request: object) -> bool:
        return request in self._rows

    def row(self, request: str) -> int:
        """The row of a request; KeyError if it is not here."""
        return self._rows[request]

    def id(self, row: int) -> str:
        """The request in a row."""
        return self._asks[row][0]

    def country(self, request: str) -> str:
        """The State whose request it is."""
        return self._asks[self._rows[request]][1]

    def key(self, request: str) -> tuple[int, str]:
        """Who was there first: see Ask."""
        return self._asks[self._rows[request]][2], request

    def column(self, name: str) -> npt.NDArray[Any]:
        """A column of the table; valid until the next `put`."""
        return self.table.column(name)

    def put(self, ask: Ask) -> None:
        """Add a request or replace it; raises what keeps it from being read."""
        self.remove(ask.id)
        row = self.table.take(**self._cells(ask))
        self._rows[ask.id] = row
        self._asks[row] = (ask.id, ask.profile.country, ask.since)

    def remove(self, request: str) -> None:
        """Take a request out; nothing happens if it is not here."""
        row = self._rows.pop(request, None)
        if row is not None:
            self.table.free(row)
            del self._asks[row]

    def _cells(self, ask: Ask) -> dict[str, object]:
        profile = ask.profile
        entry = request_entry(profile, {}, _ANY_DAY)
        themes, kinds = _shares(profile)
        if not any(themes):
            themes = _parts(entry.text_themes)
            kinds = _parts(entry.text_kinds)
        concepts = sorted(entry.concepts.items(), key=lambda one: (-one[1], one[0]))[:MOST_CONCEPTS]
        weights = [weight for _, weight in concepts]
        vector = vector_of(entry)
        return {
            "state": self.bonds.number(profile.country),
            "since": ask.since,
            "from": profile.window[0],
            "to": profile.window[1],
            "open": profile.open,
            "anchor": False,
            "themes": themes,
            "kinds": kinds,
            "text_themes": list(entry.text_themes),
            "theme_norm": entry.theme_norm,
            "concepts": _padded([self.concepts.of(name) for name, _ in concepts]),
            "concept_weights": _padded(weights),
            "concept_norm": _length(weights),
            "vector": vector,
            "vector_norm": length_of(vector),
        }


def _shares(profile: RequestProfile) -> tuple[list[int], list[int]]:
    """What of a request is about each theme and of each kind, in thousandths, by its lines.

    A line counts by the State's own priority for it and by its place: the first is the main one.
    """
    themes, kinds = [0.0] * len(THEME_CODES), [0.0] * len(KIND_CODES)
    known = [
        one for one in profile.lines if one.theme in THEME_NUMBERS and one.kind in KIND_NUMBERS
    ]
    for place, line in enumerate(known[:MOST_LINES], start=1):
        themes[THEME_NUMBERS[line.theme]] += line.weight / place
        kinds[KIND_NUMBERS[line.kind]] += line.weight / place
    return _parts(themes), _parts(kinds)


def _parts(values: Sequence[float]) -> list[int]:
    total = sum(values)
    return [round(WHOLE * value / total) if total else 0 for value in values]


def _padded(values: Sequence[int]) -> list[int]:
    return [*values, *([0] * (MOST_CONCEPTS - len(values)))]


def _length(values: Iterable[int]) -> float:
    return float(np.sqrt(float(sum(value * value for value in values))))
