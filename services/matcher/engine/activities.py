"""Assistance under way as the engine sees it, beside the needs of the States that it is given to.

An index of its own: the other holds requests and offers, and neither knows of the other.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import KIND_CODES, KIND_NUMBERS, THEME_CODES, THEME_NUMBERS
from services.matcher.engine.columns import Blocks, Columns, Spec
from services.matcher.engine.entries import MOST_LINES, UNKNOWN, heaviest, said, usd
from services.matcher.engine.names import Numbers
from services.matcher.engine.profiles import Line, RequestProfile, Text, day_window, line_of
from services.matcher.engine.texts import Texts
from shared.likeness.described import MOST_SITES

UNKNOWN_DAYS = (0, 0)
"""The window of an activity that states none."""
MOST_NAMED = 40
_RATE_DAY = date(2025, 1, 1)
"""Sizes are compared by one day's rates, so that what covers a need is the same every day."""

ACTIVITY: Spec = {
    "theme": (np.int16, ()),
    "kind": (np.int16, ()),
    "quantity": (np.int64, ()),
    "unit": (np.int32, ()),
    "dollars": (np.int64, ()),
    "from": (np.int32, ()),
    "to": (np.int32, ()),
    "over": (np.bool_, ()),
    "text": (np.bool_, ()),
    "text_themes": (np.int16, (len(THEME_CODES),)),
    "field": (np.int16, ()),
    "named": (np.int16, (MOST_NAMED,)),
    "named_weights": (np.int16, (MOST_NAMED,)),
    "excluded": (np.int16, (MOST_NAMED,)),
    "sites": (np.uint32, (MOST_SITES,)),
    "vector": (np.int8, (512,)),
}
NEED: Spec = {
    "from": (np.int32, ()),
    "to": (np.int32, ()),
    "state": (np.int32, ()),
    "text": (np.int32, ()),
    "first_line": (np.int32, ()),
    "line_count": (np.uint8, ()),
    "sites": (np.uint32, (MOST_SITES,)),
}
"""`text` is a row of Texts."""
NEED_LINE: Spec = {
    "number": (np.int32, ()),
    "theme": (np.uint8, ()),
    "kind": (np.uint8, ()),
    "unit": (np.int32, ()),
    "currency": (np.int32, ()),
    "from": (np.int32, ()),
    "to": (np.int32, ()),
    "quantity": (np.int64, ()),
    "amount": (np.int64, ()),
}
_NO_VECTOR = np.zeros(512, dtype=np.int8)
_MOST_WEIGHT = 30_000


@dataclass(frozen=True, slots=True)
class ActivityProfile:
    """Assistance that is planned, under way or done in a State; `line` is what it gives.

    `window` holds first and last day as proleptic day numbers, None where it states none.
    """

    id: str
    status: str
    country: str
    line: Line
    window: tuple[int, int] | None
    text: Text

    @classmethod
    def of_event(cls, data: Mapping[str, Any]) -> Self:
        """From the data of an `entraide.activity.v1` event that its schema has passed."""
        return cls(
            id=data["id"],
            status=data["status"],
            country=data["country"],
            line=line_of({**data, "line": 1, "window": None}, "quantity"),
            window=day_window(data["window"]),
            text=Text.of_signature(data["signature"]),
        )

    def is_usable(self) -> bool:
        """Whether it may cover anything: neither cancelled nor of codes that nobody knows."""
        known = self.line.theme in THEME_NUMBERS and self.line.kind in KIND_NUMBERS
        return known and self.status != "cancelled"


@dataclass(frozen=True, slots=True)
class Needs:
    """An open request as its needs are compared: the lines with known codes, and its texts.

    `sites` are all that it names; `places` by a line's number those that the line is for, none
    where they are not known by name.
    """

    id: str
    country: str
    window: tuple[int, int]
    lines: tuple[Line, ...]
    has_text: bool
    named: Mapping[str, int]
    concepts: Mapping[str, int]
    excluded: frozenset[str]
    sites: npt.NDArray[np.uint32]
    places: Mapping[int, frozenset[int]]
    vector: npt.NDArray[np.int8]


class Activities:
    """Activities in columns, and open requests, by State. O(1) to put and to remove one."""

    def __init__(self, texts: Texts | None = None) -> None:
        """`texts` are those that others share, its own unless given."""
        self._texts = Texts() if texts is None else texts
        self.concepts = self._texts.concepts
        self.units = Numbers()
        self._currencies = Numbers()
        self._states = Numbers()
        self._table = Columns(ACTIVITY)
        self._rows: dict[str, int] = {}
        self._profiles: dict[str, ActivityProfile] = {}
        self._by_state: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._needs = Columns(NEED)
        self._lines = Blocks(NEED_LINE)
        self._requests: dict[str, int] = {}
        self._places: dict[str, Mapping[int, frozenset[int]]] = {}
        self._needy: defaultdict[str, set[str]] = defaultdict(set)

    def put_activity(self, profile: ActivityProfile) -> None:
        """Add an activity or replace it; one that can cover nothing is only taken out."""
        self.remove_activity(profile.id)
        if not profile.is_usable():
            return
        row = self._table.take(**self._cells(profile))
        self._rows[profile.id] = row
        self._profiles[profile.id] = profile
        self._by_state[profile.country][profile.id] = row

    def remove_activity(self, activity: str) -> None:
        """Take an activity out; nothing happens if it is not here."""
        row = self._rows.pop(activity, None)
        if row is not None:
            self._table.free(row)
            del self._by_state[self._profiles.pop(activity).country][activity]

    def put_request(self, profile: RequestProfile) -> None:
        """Add a request or replace it; one without open needs is only taken out."""
        self.remove_request(profile.id)
        lines = tuple(
            line
            for line in profile.lines
            if line.theme in THEME_NUMBERS and line.kind in KIND_NUMBERS
        )[:MOST_LINES]
        if profile.open and lines:
            self._requests[profile.id] = self._put_needs(profile, lines)
            self._needy[profile.country].add(profile.id)
            if profile.text.places:
                self._places[profile.id] = dict(profile.text.places)

    def remove_request(self, request: str) -> None:
        """Take a request out; nothing happens if it is not here."""
        row = self._requests.pop(request, None)
        if row is not None:
            self._needy[self._country(row)].discard(request)
            self._places.pop(request, None)
            one = self._needs.table[row]
            self._lines.free(int(one["first_line"]), int(one["line_count"]))
            self._texts.free(int(one["text"]))
            self._needs.free(row)

    def has_company(self, request: str) -> bool:
        """Whether a request is here, and activities of its State are too."""
        row = self._requests.get(request)
        return row is not None and bool(self.in_state(self._country(row)))

    def needs(self, request: str) -> Needs:
        """A request's needs; KeyError for one that is not here."""
        row = self._requests[request]
        one, texts = self._needs.table[row], self._texts
        text = int(one["text"])
        return Needs(
            id=request,
            country=self._country(row),
            window=(int(one["from"]), int(one["to"])),
            lines=self._lines_of(int(one["first_line"]), int(one["line_count"])),
            has_text=bool(texts.column("stated")[text]),
            named=texts.named(text),
            concepts=texts.concepts_of(text),
            excluded=texts.excluded(text),
            sites=one["sites"],
            places=self._places.get(request, {}),
            vector=texts.column("vector")[text],
        )

    def activity(self, activity: str) -> ActivityProfile:
        """An activity; KeyError for one that is not here."""
        return self._profiles[activity]

    def __contains__(self, activity: object) -> bool:
        return activity in self._profiles

    def in_state(self, country: str) -> Mapping[str, int]:
        """The rows of a State's activities by id."""
        return self._by_state.get(country, {})

    def requests_of(self, country: str) -> frozenset[str]:
        """The open requests of a State."""
        return frozenset(self._needy.get(country, ()))

    def comparable(self) -> list[str]:
        """The open requests of all States that activities are in."""
        needy = (self._needy.get(country, ()) for country, of in self._by_state.items() if of)
        return sorted(request for requests in needy for request in requests)

    def column(self, name: str) -> npt.NDArray[Any]:
        """A column of the activities' table; valid until the next one is put."""
        return self._table.column(name)

    def spread(self, weights: Mapping[str, int]) -> npt.NDArray[np.int64]:
        """Weights of concepts by their numbers."""
        numbers = {self.concepts.of(concept): weight for concept, weight in weights.items()}
        spread = np.zeros(len(self.concepts), dtype=np.int64)
        spread[list(numbers)] = list(numbers.values())
        return spread

    def _country(self, row: int) -> str:
        return self._states.name(int(self._needs.column("state")[row])) or ""

    def _put_needs(self, profile: RequestProfile, lines: Sequence[Line]) -> int:
        """The row that a request's needs are put into; of what does not fit nothing is left."""
        text = self._texts.take(profile.text)
        first = self._lines.take(len(lines))
        try:
            self._lines.fill(first, [self._line_cells(line, profile.window) for line in lines])
            return self._needs.take(
                **{"from": profile.window[0], "to": profile.window[1]},
                state=self._states.of(profile.country),
                text=text,
                first_line=first,
                line_count=len(lines),
                sites=_sites(profile.text),
            )
        except Exception:
            self._lines.free(first, len(lines))
            self._texts.free(text)
            raise

    def _line_cells(self, line: Line, window: tuple[int, int]) -> dict[str, object]:
        first, last = line.window or window
        return {
            "number": line.number,
            "theme": THEME_NUMBERS[line.theme],
            "kind": KIND_NUMBERS[line.kind],
            "unit": self.units.of(line.unit),
            "currency": self._currencies.of(line.currency),
            "from": first,
            "to": last,
            "quantity": UNKNOWN if line.quantity is None else line.quantity,
            "amount": UNKNOWN if line.amount is None else line.amount,
        }

    def _lines_of(self, first: int, count: int) -> tuple[Line, ...]:
        rows = self._lines.table[first : first + count].tolist()
        return tuple(
            Line(
                number=number,
                theme=THEME_CODES[theme],
                kind=KIND_CODES[kind],
                quantity=None if quantity == UNKNOWN else quantity,
                unit=self.units.name(unit),
                amount=None if amount == UNKNOWN else amount,
                currency=self._currencies.name(currency),
                window=(begin, end),
            )
            for number, theme, kind, unit, currency, begin, end, quantity, amount in rows
        )

    def _cells(self, profile: ActivityProfile) -> dict[str, object]:
        line, text, told = profile.line, profile.text, said(profile.text)
        first, last = profile.window or UNKNOWN_DAYS
        numbers, weights = self._numbered(told.named)
        return {
            "theme": THEME_NUMBERS[line.theme],
            "kind": KIND_NUMBERS[line.kind],
            "quantity": line.quantity or 0,
            "unit": self.units.of(line.unit),
            "dollars": dollars(line),
            "from": first,
            "to": last,
            "over": profile.status == "completed",
            "text": bool(text.language),
            "text_themes": list(told.themes),
            "field": text.field,
            "named": numbers,
            "named_weights": weights,
            "excluded": self._numbered(dict.fromkeys(told.excluded, 1))[0],
            "sites": _sites(text),
            "vector": _NO_VECTOR if told.vector is None else told.vector,
        }

    def _numbered(self, weights: Mapping[str, int]) -> tuple[list[int], list[int]]:
        """Numbers and weights of the heaviest concepts, padded with zeros."""
        kept = heaviest(weights.items())[:MOST_NAMED]
        padding = [0] * (MOST_NAMED - len(kept))
        numbers = [self.concepts.of(concept) for concept, _ in kept]
        return [*numbers, *padding], [*(min(w, _MOST_WEIGHT) for _, w in kept), *padding]


def _sites(text: Text) -> list[int]:
    sites = sorted(text.particulars.sites)
    return [*sites, *[0] * (MOST_SITES - len(sites))]


def dollars(line: Line) -> int:
    """A line's money in US cents by one day's rates; 0 where none is stated or it has no rate."""
    return max(usd(line.amount, line.currency, _RATE_DAY), 0)
