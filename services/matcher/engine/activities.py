"""Assistance under way as the engine sees it, beside the needs of the States that it is given to.

An index of its own: the other holds requests and offers, and neither knows of the other.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import KIND_NUMBERS, THEME_CODES, THEME_NUMBERS
from services.matcher.engine.columns import Columns, Spec
from services.matcher.engine.entries import MOST_LINES, usd
from services.matcher.engine.inference import strengths
from services.matcher.engine.names import Numbers
from services.matcher.engine.profiles import Line, RequestProfile, Text, day_window, line_of
from shared.language.meaning import centred
from shared.language.weighing import concept_weights
from shared.likeness.described import MOST_SITES

UNKNOWN_DAYS = (0, 0)
"""The window of an activity that states none."""
MOST_NAMED = 40
_RATE_DAY = date(2025, 1, 1)
"""Sizes are compared by one day's rates, so that what covers a need is the same every day."""
_CENTS = 100

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
    "text": (np.bool_, ()),
    "named": (np.int16, (MOST_NAMED,)),
    "named_weights": (np.int16, (MOST_NAMED,)),
    "concepts": (np.int16, (MOST_NAMED,)),
    "concept_weights": (np.int16, (MOST_NAMED,)),
    "excluded": (np.int16, (MOST_NAMED,)),
    "sites": (np.uint32, (MOST_SITES,)),
    "vector": (np.int8, (512,)),
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


class _Request(NamedTuple):
    row: int
    country: str
    lines: tuple[Line, ...]
    places: Mapping[int, frozenset[int]]


class Activities:
    """Activities in columns, and open requests, by State. O(1) to put and to remove one."""

    def __init__(self) -> None:
        self.concepts = Numbers()
        self.units = Numbers()
        self._table = Columns(ACTIVITY)
        self._rows: dict[str, int] = {}
        self._profiles: dict[str, ActivityProfile] = {}
        self._by_state: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._needs = Columns(NEED)
        self._requests: dict[str, _Request] = {}
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
            row = self._needs.take(**self._need_cells(profile))
            places = dict(profile.text.places)
            self._requests[profile.id] = _Request(row, profile.country, lines, places)
            self._needy[profile.country].add(profile.id)

    def remove_request(self, request: str) -> None:
        """Take a request out; nothing happens if it is not here."""
        if request in self._requests:
            known = self._requests.pop(request)
            self._needs.free(known.row)
            self._needy[known.country].discard(request)

    def has_company(self, request: str) -> bool:
        """Whether a request is here, and activities of its State are too."""
        return request in self._requests and bool(self.in_state(self._requests[request].country))

    def needs(self, request: str) -> Needs:
        """A request's needs; KeyError for one that is not here."""
        row, country, lines, places = self._requests[request]
        cells = {name: self._needs.column(name)[row] for name in self._needs.names}
        return Needs(
            id=request,
            country=country,
            window=(int(cells["from"]), int(cells["to"])),
            lines=lines,
            has_text=bool(cells["text"]),
            named=self._names(cells["named"], cells["named_weights"]),
            concepts=self._names(cells["concepts"], cells["concept_weights"]),
            excluded=frozenset(self._names(cells["excluded"], cells["excluded"])),
            sites=cells["sites"],
            places=places,
            vector=cells["vector"],
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

    def _cells(self, profile: ActivityProfile) -> dict[str, object]:
        line, text = profile.line, profile.text
        first, last = profile.window or UNKNOWN_DAYS
        named, _, excluded = _mentioned(text)
        return {
            "theme": THEME_NUMBERS[line.theme],
            "kind": KIND_NUMBERS[line.kind],
            "quantity": line.quantity or 0,
            "unit": self.units.of(line.unit),
            "dollars": dollars(line),
            "from": first,
            "to": last,
            "over": profile.status == "completed",
            "text_themes": list(strengths(text)[0]),
            "field": text.field,
            **self._text_cells(text, named, excluded),
        }

    def _need_cells(self, profile: RequestProfile) -> dict[str, object]:
        named, concepts, excluded = _mentioned(profile.text)
        numbers, weights = self._numbered(concepts)
        return {
            "from": profile.window[0],
            "to": profile.window[1],
            "concepts": numbers,
            "concept_weights": weights,
            **self._text_cells(profile.text, named, excluded),
        }

    def _text_cells(
        self, text: Text, named: Mapping[str, int], excluded: Collection[str]
    ) -> dict[str, object]:
        numbers, weights = self._numbered(named)
        sites = sorted(text.particulars.sites)
        return {
            "text": bool(text.language),
            "named": numbers,
            "named_weights": weights,
            "excluded": self._numbered(dict.fromkeys(excluded, 1))[0],
            "sites": [*sites, *[0] * (MOST_SITES - len(sites))],
            "vector": _NO_VECTOR if text.vector is None else centred(text.vector),
        }

    def _numbered(self, weights: Mapping[str, int]) -> tuple[list[int], list[int]]:
        """Numbers and weights of the heaviest concepts, padded with zeros."""
        kept = sorted(weights.items(), key=lambda one: (-one[1], one[0]))[:MOST_NAMED]
        padding = [0] * (MOST_NAMED - len(kept))
        numbers = [self.concepts.of(concept) for concept, _ in kept]
        return [*numbers, *padding], [*(min(w, _MOST_WEIGHT) for _, w in kept), *padding]

    def _names(
        self, numbers: npt.NDArray[np.int16], weights: npt.NDArray[np.int16]
    ) -> dict[str, int]:
        pairs = zip(numbers.tolist(), weights.tolist(), strict=True)
        return {self.concepts.name(number) or "": weight for number, weight in pairs if number}


def _mentioned(text: Text) -> tuple[dict[str, int], dict[str, int], frozenset[str]]:
    """The concepts that a text names and those with the wider ones, by weight in hundredths; and
    those that it rules out and does not name."""
    weights = concept_weights(text.concepts)
    concepts = {name: round(_CENTS * weight) for name, weight in weights.items()}
    names = {concept for concept, _ in text.concepts}
    named = {concept: weight for concept, weight in concepts.items() if concept in names}
    return named, concepts, text.excluded - names


def dollars(line: Line) -> int:
    """A line's money in US cents by one day's rates; 0 where none is stated or it has no rate."""
    return max(usd(line.amount, line.currency, _RATE_DAY), 0)
