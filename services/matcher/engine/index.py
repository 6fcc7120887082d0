"""All records of one side, in columns: one row a record, and its lines beside one another.

The pass over candidates filters by rows and then reads the lines of those that are left.
"""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.matcher.engine.chains import Chains
from services.matcher.engine.columns import Blocks, Columns, Spec
from services.matcher.engine.entries import Entry, EntryLine
from services.matcher.engine.names import Names
from services.matcher.engine.packing import (
    LINE,
    MOST_CONCEPTS,
    RECORD,
    line_cells,
    line_of,
    record_cells,
)
from services.matcher.engine.profiles import Line
from services.matcher.engine.rules import View

_NAMED = ("concepts", "concept_weights", "named")


Evidence = list[tuple[int, str]]
"""Concepts, each after its weight, which is negative: in order, the weightiest is first."""


class LeftLine(NamedTuple):
    """A line with something left, as LINE has it."""

    number: int
    theme: int
    kind: int
    strength: float
    quantity: int
    unit: int
    amount: int
    first: int
    last: int


_LEFT = ("number", "theme", "kind", "strength", "quantity", "unit", "amount", "from", "to")


class Index:
    """The records of one side. Putting, changing and removing one is O(1) in their number."""

    def __init__(self, names: Names, extra: Spec) -> None:
        # What is read of many records stands at a row's beginning.
        self.records = Columns({**extra, **RECORD})
        self.lines = Blocks(LINE)
        self._names = names
        self._rows: dict[str, int] = {}
        self._ids: list[str | None] = []
        self._chains: Chains[int] = Chains()

    def __contains__(self, record: object) -> bool:
        return record in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, record: str) -> int:
        """The row of a record; KeyError if it is not here."""
        return self._rows[record]

    def id(self, row: int) -> str:
        """The record in a row; KeyError for a free one."""
        found = self._ids[row]
        if found is None:
            raise KeyError(row)
        return found

    def ids(self, rows: npt.NDArray[np.intp]) -> list[str]:
        """The records in some rows, all of them in use."""
        return list(map(self._ids.__getitem__, rows.tolist()))  # type: ignore[arg-type]

    def owned(self, owner: int) -> npt.NDArray[np.intp]:
        """The rows of an owner's records, ascending."""
        return np.array(sorted(self._chains.rows(owner)), dtype=np.intp)

    def view(self, rows: Sequence[int] | npt.NDArray[np.intp]) -> View:
        """All columns of some rows, copied."""
        picked = np.asarray(rows, dtype=np.intp)
        return {name: self.records.column(name)[picked] for name in self.records.names}

    def put(self, entry: Entry, extra: Mapping[str, object]) -> int:
        """Add a record or replace it; `extra` fills the columns that only this side has.

        Returns its row. Nothing of a record that does not fit is left; OverflowError for it.
        """
        self.remove(entry.id)
        lines = entry.lines
        first = self.lines.take(len(lines))
        try:
            self.lines.fill(first, [line_cells(line, self._names) for line in lines])
            cells = record_cells(entry, self._names)
            row = self.records.take(**cells, first_line=first, line_count=len(lines), **extra)
        except Exception:
            self.lines.free(first, len(lines))
            raise
        self._rows[entry.id] = row
        self._chains.put(int(self.records.column("owner")[row]), row)
        if row == len(self._ids):
            self._ids.append(entry.id)
        else:
            self._ids[row] = entry.id
        return row

    def refill(self, row: int, lines: Sequence[EntryLine]) -> None:
        """Replace a record's lines by as many others; OverflowError for one that does not fit."""
        first = int(self.records.column("first_line")[row])
        self.lines.fill(first, [line_cells(line, self._names) for line in lines])

    def remove(self, record: str) -> None:
        """Take a record out; nothing happens if it is not here."""
        row = self._rows.pop(record, None)
        if row is None:
            return
        self._ids[row] = None
        self._chains.remove(int(self.records.column("owner")[row]), row)
        self.records.free(row)
        self.lines.free(
            int(self.records.column("first_line")[row]),
            int(self.records.column("line_count")[row]),
        )

    def _lines_at(self, row: int) -> slice:
        """Where a record's lines stand."""
        first = int(self.records.column("first_line")[row])
        return slice(first, first + int(self.records.column("line_count")[row]))

    def lines_of(self, row: int) -> tuple[EntryLine, ...]:
        """A record's lines, the weightiest first, those used up last."""
        lines = self._lines_at(row)
        columns = [self.lines.column(name)[lines].tolist() for name in LINE]
        return tuple(line_of(list(cells), self._names) for cells in zip(*columns, strict=True))

    def themes_of(self, row: int) -> list[int]:
        """The themes of a record's lines, in their order, those used up among them."""
        themes: list[int] = self.lines.column("theme")[self._lines_at(row)].tolist()
        return themes

    def numbers_left(self, row: int) -> list[int]:
        """The numbers of a record's lines with something left, 0 for one inferred."""
        lines = self.lines.table[self._lines_at(row)]
        numbers: list[int] = lines["number"][lines["strength"] > 0.0].tolist()
        return numbers

    def left_of_all(self, rows: npt.NDArray[np.intp]) -> list[list[LeftLine]]:
        """Of some records the lines with something left, as `lines_of` orders them."""
        lines, at, _ = self.flat_lines(rows)
        left = self.lines.column("strength")[lines] > 0.0
        columns = [self.lines.column(name)[lines[left]].tolist() for name in _LEFT]
        found: list[list[LeftLine]] = [[] for _ in rows]
        for record, *cells in zip(at[left].tolist(), *columns, strict=True):
            found[record].append(LeftLine(*cells))
        return found

    def unit(self, number: int) -> str | None:
        """The unit that a line's number stands for."""
        return self._names.units.name(number)

    def written_lines(self, row: int) -> list[Line]:
        """A record's lines as they were written, in that order; none of those inferred."""
        lines = sorted(self.lines_of(row), key=attrgetter("position"))
        return [line.source for line in lines if line.source is not None]

    def flat_lines(
        self, rows: npt.NDArray[np.intp]
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Of all lines of some rows: where they stand, which row's they are, their places in it."""
        counts = self.records.column("line_count")[rows].astype(np.intp)
        ends = np.cumsum(counts)
        places = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
        firsts = np.repeat(self.records.column("first_line")[rows].astype(np.intp), counts)
        return firsts + places, np.repeat(np.arange(len(rows)), counts), places

    def evidence(self, row: int, others: "Index", rows: npt.NDArray[np.intp]) -> list[Evidence]:
        """Concepts that the texts of a record and of some of the other side both name.

        For each of the others, with the product of their weights.
        """
        products, concepts = self._named_by_both(row, others, rows)
        at, place = products.nonzero()
        found: list[Evidence] = [[] for _ in rows]
        numbers, common = concepts[at, place].tolist(), products[at, place].tolist()
        for record, number, product in zip(at.tolist(), numbers, common, strict=True):
            found[record].append((-product, self._names.concepts.name(number) or ""))
        return found

    def _named_by_both(
        self, row: int, others: "Index", rows: npt.NDArray[np.intp]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int16]]:
        """Others × concepts: products of weights, 0 for what either does not name; and numbers."""
        own = np.zeros(len(self._names.concepts), dtype=np.int64)
        concepts, weights, named = (self.records.column(name)[[row]] for name in _NAMED)
        mine = _told(named)
        own[concepts[mine]] = weights[mine]
        concepts, weights, named = (others.records.column(name)[rows] for name in _NAMED)
        return own[concepts] * weights * _told(named), concepts

    def set_open(self, row: int, is_open: bool) -> None:
        """Say whether a record may be proposed."""
        self.records.column("open")[row] = is_open

    def concepts(self, row: int) -> dict[str, int]:
        """The concepts of a record's text and those wider than they, the weightiest first."""
        columns = [self.records.column(name)[row].tolist() for name in _NAMED[:2]]
        names = self._names.concepts
        return {names.name(at) or "": weight for at, weight in zip(*columns, strict=True) if at}

    def named(self, row: int) -> dict[str, int]:
        """The concepts that a record's text names, the weightiest first."""
        bits = int(self.records.column("named")[row])
        found = self.concepts(row).items()
        return {name: w for place, (name, w) in enumerate(found) if bits >> place & 1}


def _told(named: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Records × concepts: whether the text names it."""
    places = np.arange(MOST_CONCEPTS, dtype=np.uint64)
    return ((named[:, np.newaxis] >> places) & np.uint64(1)).astype(bool)
