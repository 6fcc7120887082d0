"""All records of one side, in columns, and their lines by theme and kind.

A record has one row, which the pass over all candidates filters by; its lines stand in one
partition for each theme and kind, where a need (or provision) finds those that it concerns.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import closeness, serves
from services.matcher.engine.columns import Columns, Spec
from services.matcher.engine.entries import Entry, EntryLine
from services.matcher.engine.inference import FULL
from services.matcher.engine.rules import View

MOST_TERMS = 96
MOST_CONCEPTS = 48
MOST_EXCLUDED = 16
MOST_LINES = 32
_THEMES = 32
_KINDS = 8
_VECTOR = 512

RECORD: Spec = {
    "open": (np.bool_, ()),
    "coded": (np.bool_, ()),
    "from": (np.int32, ()),
    "to": (np.int32, ()),
    "themes": (np.uint32, ()),
    "language": (np.int16, ()),
    "text_themes": (np.int16, (_THEMES,)),
    "near_themes": (np.int32, (_THEMES,)),
    "theme_norm": (np.float64, ()),
    "text_kinds": (np.int16, (_KINDS,)),
    "kind_reach": (np.int16, (_KINDS,)),
    "field": (np.int16, ()),
    "concepts": (np.int16, (MOST_CONCEPTS,)),
    "concept_weights": (np.int16, (MOST_CONCEPTS,)),
    "concept_norm": (np.float64, ()),
    "excluded": (np.int16, (MOST_EXCLUDED,)),
    "terms": (np.int32, (MOST_TERMS,)),
    "term_weights": (np.int16, (MOST_TERMS,)),
    "term_norm": (np.float64, ()),
    "vector": (np.int8, (_VECTOR,)),
    "vector_norm": (np.float64, ()),
    "shares": (np.float64, (MOST_LINES,)),
}

LINE: Spec = {
    "row": (np.int32, ()),
    "place": (np.int16, ()),
    "strength": (np.float64, ()),
    "quantity": (np.int64, ()),
    "unit": (np.int32, ()),
    "amount": (np.int64, ()),
    "from": (np.int32, ()),
    "to": (np.int32, ()),
}


class Numbers:
    """Small numbers for names, given in the order of asking; 0 is for nothing.

    Which number a name has never shows in a result: numbers are only compared for being equal.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def of(self, name: str) -> int:
        """The name's number, a new one for a new name."""
        return self._numbers.setdefault(name, len(self._numbers) + 1)

    def __len__(self) -> int:
        return len(self._numbers) + 1


class Names:
    """The numbers that both sides of an engine share."""

    def __init__(self) -> None:
        self.terms = Numbers()
        self.concepts = Numbers()
        self.units = Numbers()
        self.languages = Numbers()


class Index:
    """The records of one side. Putting, changing and removing one is O(1) in their number."""

    def __init__(self, names: Names, extra: Spec) -> None:
        self.records = Columns({**RECORD, **extra})
        self.partitions: dict[tuple[int, int], Columns] = {}
        self._names = names
        self._rows: dict[str, int] = {}
        self._ids: dict[int, str] = {}
        self._lines: dict[str, list[tuple[tuple[int, int], int]]] = {}

    def __contains__(self, record: object) -> bool:
        return record in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, record: str) -> int:
        """The row of a record; KeyError if it is not here."""
        return self._rows[record]

    def id(self, row: int) -> str:
        """The record in a row; KeyError for a free one."""
        return self._ids[row]

    def view(self, rows: Sequence[int] | npt.NDArray[np.intp]) -> View:
        """All columns of some rows, copied."""
        picked = np.asarray(rows, dtype=np.intp)
        return {name: self.records.column(name)[picked] for name in self.records.names}

    def put(self, entry: Entry, extra: Mapping[str, object]) -> None:
        """Add a record or replace it; `extra` fills the columns that only this side has.

        Nothing of a record that does not fit is left; raises what NumPy does for it.
        """
        self.remove(entry.id)
        row = self.records.take(**_cells(entry, self._names), **extra)
        self._rows[entry.id] = row
        self._ids[row] = entry.id
        lines = self._lines[entry.id] = []
        try:
            for place, line in enumerate(kept_lines(entry)):
                lines.append(self._put_line(row, place, line))
        except Exception:
            self.remove(entry.id)
            raise

    def remove(self, record: str) -> None:
        """Take a record out; nothing happens if it is not here."""
        row = self._rows.pop(record, None)
        if row is None:
            return
        del self._ids[row]
        self.records.free(row)
        for partition, line_row in self._lines.pop(record):
            self.partitions[partition].free(line_row)

    def _put_line(self, row: int, place: int, line: EntryLine) -> tuple[tuple[int, int], int]:
        partition = (line.theme, line.kind)
        if partition not in self.partitions:
            self.partitions[partition] = Columns(LINE)
        taken = self.partitions[partition].take(
            **{"from": line.window[0], "to": line.window[1]},
            row=row,
            place=place,
            strength=line.strength,
            quantity=line.quantity,
            unit=self._names.units.of(line.unit) if line.unit is not None else 0,
            amount=line.amount,
        )
        return partition, taken


def kept_lines(entry: Entry) -> Sequence[EntryLine]:
    """The lines that count: the weightiest 32, which are all but in a record made to be absurd."""
    return entry.lines[:MOST_LINES]


def _cells(entry: Entry, names: Names) -> dict[str, object]:
    concepts = _heaviest(entry.concepts.items(), MOST_CONCEPTS)
    terms = _heaviest(entry.terms, MOST_TERMS)
    vector = np.zeros(_VECTOR, dtype=np.int8) if entry.vector is None else entry.vector
    shares = [line.share for line in kept_lines(entry)]
    near = np.rint(closeness() * FULL).astype(np.int64) @ np.array(entry.text_themes)
    return {
        "open": entry.open and not entry.spent,
        "coded": entry.coded,
        "from": entry.window[0],
        "to": entry.window[1],
        "themes": entry.themes,
        "language": names.languages.of(entry.language),
        "text_themes": _padded(entry.text_themes, _THEMES),
        "near_themes": _padded(near.tolist(), _THEMES),
        "theme_norm": math.sqrt(int(near @ np.array(entry.text_themes))),
        "text_kinds": _padded(entry.text_kinds, _KINDS),
        "kind_reach": _padded(_reach(serves(), entry.text_kinds), _KINDS),
        "field": entry.field,
        "concepts": _padded([names.concepts.of(name) for name, _ in concepts], MOST_CONCEPTS),
        "concept_weights": _padded([weight for _, weight in concepts], MOST_CONCEPTS),
        "concept_norm": _norm([weight for _, weight in concepts]),
        "excluded": _padded(
            [names.concepts.of(name) for name in sorted(entry.excluded)[:MOST_EXCLUDED]],
            MOST_EXCLUDED,
        ),
        "terms": _padded([names.terms.of(name) for name, _ in terms], MOST_TERMS),
        "term_weights": _padded([weight for _, weight in terms], MOST_TERMS),
        "term_norm": _norm([weight for _, weight in terms]),
        "vector": vector,
        "vector_norm": _norm(vector.astype(np.int64).tolist()),
        "shares": _padded(shares, MOST_LINES),
    }


def _heaviest(weighed: Iterable[tuple[str, int]], most: int) -> list[tuple[str, int]]:
    return sorted(sorted(weighed), key=itemgetter(1), reverse=True)[:most]


def _padded(values: Sequence[float], size: int) -> list[float]:
    return [*values, *([0] * (size - len(values)))]


def _norm(values: Sequence[int]) -> float:
    return math.sqrt(sum(value * value for value in values))


def _reach(near: npt.NDArray[np.float64], strengths: Sequence[int]) -> list[int]:
    """How far a text's kinds serve each one, in hundredths of hundredths."""
    reached = np.rint(near * FULL) * np.array(strengths)
    return [int(best) for best in reached.max(axis=1)]
