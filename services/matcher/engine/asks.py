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
from services.matcher.engine.entries import MOST_LINES, said
from services.matcher.engine.profiles import RequestProfile
from services.matcher.engine.texts import Texts

WHOLE = 1000
"""Shares are whole thousandths, so that their sums are exact."""

_NO_DAY = date.max.toordinal()
_CONFIDENTIAL = frozenset({"parties", "coordinators"})
"""Levels of requests that other States do not hear of."""

ASK: Spec = {
    "state": (np.int16, ()),
    "since": (np.int32, ()),
    "from": (np.int32, ()),
    "to": (np.int32, ()),
    "open": (np.bool_, ()),
    "anchor": (np.bool_, ()),
    "themes": (np.int16, (len(THEME_CODES),)),
    "kinds": (np.int16, (len(KIND_CODES),)),
    "text": (np.int32, ()),
}
"""`text` is a row of Texts."""


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
        own = data if len(told) == len(data["needs"]) else {**data, "needs": told}
        return cls(
            profile=RequestProfile.of_event(own),
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

    def __init__(self, bonds: Bonds, texts: Texts | None = None) -> None:
        """`texts` are those that others share, its own unless given."""
        self.table = Columns(ASK)
        self.bonds = bonds
        self.texts = Texts() if texts is None else texts
        self._rows: dict[str, int] = {}
        self._ids: list[str] = []

    def __contains__(self, request: object) -> bool:
        return request in self._rows

    def row(self, request: str) -> int:
        """The row of a request; KeyError if it is not here."""
        return self._rows[request]

    def id(self, row: int) -> str:
        """The request in a row that is in use."""
        return self._ids[row]

    def country(self, request: str) -> str:
        """The State whose request it is."""
        return self.bonds.name(int(self.column("state")[self._rows[request]]))

    def key(self, request: str) -> tuple[int, str]:
        """Who was there first: see Ask."""
        return int(self.column("since")[self._rows[request]]), request

    def column(self, name: str) -> npt.NDArray[Any]:
        """A column of the table; valid until the next `put`."""
        return self.table.column(name)

    def put(self, ask: Ask) -> None:
        """Add a request or replace it; raises what keeps it from being read."""
        self.remove(ask.id)
        text = self.texts.take(ask.profile.text)
        try:
            row = self.table.take(**self._cells(ask), text=text)
        except Exception:
            self.texts.free(text)
            raise
        self._rows[ask.id] = row
        if row == len(self._ids):
            self._ids.append(ask.id)
        else:
            self._ids[row] = ask.id

    def remove(self, request: str) -> None:
        """Take a request out; nothing happens if it is not here."""
        row = self._rows.pop(request, None)
        if row is not None:
            self.texts.free(int(self.column("text")[row]))
            self.table.free(row)

    def told(self, name: str, rows: int | npt.NDArray[np.intp]) -> npt.NDArray[Any]:
        """A column of the texts of some rows, or its cell of one."""
        told: npt.NDArray[Any] = self.texts.column(name)[self.column("text")[rows]]
        return told

    def _cells(self, ask: Ask) -> dict[str, object]:
        profile = ask.profile
        themes, kinds = _shares(profile)
        if not any(themes):
            told = said(profile.text)
            themes, kinds = _parts(told.themes), _parts(told.kinds)
        return {
            "state": self.bonds.number(profile.country),
            "since": ask.since,
            "from": profile.window[0],
            "to": profile.window[1],
            "open": profile.open,
            "anchor": False,
            "themes": themes,
            "kinds": kinds,
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
