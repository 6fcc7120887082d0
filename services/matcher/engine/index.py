"""All records of one side, in columns: one row a record, and its lines beside one another.

The pass over candidates filters by rows and then reads the lines of those that are left.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import KIND_CODES, THEME_CODES
from services.matcher.engine.columns import Blocks, Columns, Spec
from services.matcher.engine.entries import MOST_LINES, UNKNOWN, Entry, EntryLine, heaviest
from services.matcher.engine.names import Names
from services.matcher.engine.particulars import PARTICULARS, particular_cells
from services.matcher.engine.profiles import Line
from services.matcher.engine.rules import View

MOST_TERMS = 64
MOST_CONCEPTS = 40
MOST_EXCLUDED = 12
_VECTOR = 512

RECORD: Spec = {
    "published": (np.bool_, ()),
    "open": (np.bool_, ()),
    "coded": (np.bool_, ()),
    "dated": (np.bool_, ()),
    "from": (np.int32, ()),
    "to": (np.int32, ()),
    "themes": (np.uint32, ()),
    "text_themes": (np.uint8, (len(THEME_CODES),)),
    "theme_norm": (np.float64, ()),
    "text_kinds": (np.uint8, (len(KIND_CODES),)),
    "field": (np.uint8, ()),
    "concepts": (np.int16, (MOST_CONCEPTS,)),
    "concept_weights": (np.int16, (MOST_CONCEPTS,)),
    "named": (np.uint64, ()),
    "concept_norm": (np.float64, ()),
    "excluded": (np.int16, (MOST_EXCLUDED,)),
    "terms": (np.int32, (MOST_TERMS,)),
    "term_weights": (np.int16, (MOST_TERMS,)),
    "term_norm": (np.float64, ()),
    "vector": (np.int8, (_VECTOR,)),
    "vector_norm": (np.float64, ()),
    "first_line": (np.int32, ()),
    "line_count": (np.uint8, ()),
    **PARTICULARS,
}

LINE: Spec = {
    "number": (np.int32, ()),
    "theme": (np.uint8, ()),
    "kind": (np.uint8, ()),
    "strength": (np.float64, ()),
    "share": (np.float64, ()),
    "quantity": (np.int64, ()),
    "unit": (np.int32, ()),
    "amount": (np.int64, ()),
    "from": (np.int32, ()),
    "to": (np.int32, ()),
    "position": (np.uint8, ()),
    "written": (np.bool_, ()),
    "written_quantity": (np.int64, ()),
    "written_amount": (np.int64, ()),
    "currency": (np.int32, ()),
    "weight": (np.float64, ()),
}
"""What is left of a line, then the line as it was written, from which another day is made."""


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
        self._owned: defaultdict[int, set[int]] = defaultdict(set)

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

    def owned(self, owner: int) -> npt.NDArray[np.intp]:
        """The rows of an owner's records, ascending."""
        return np.array(sorted(self._owned.get(owner, ())), dtype=np.intp)

    def view(self, rows: Sequence[int] | npt.NDArray[np.intp]) -> View:
        """All columns of some rows, copied."""
        picked = np.asarray(rows, dtype=np.intp)
        return {name: self.records.column(name)[picked] for name in self.records.names}

    def put(self, entry: Entry, extra: Mapping[str, object]) -> int:
        """Add a record or replace it; `extra` fills the columns that only this side has.

        Returns its row. Nothing of a record that does not fit is left; raises what NumPy does for
        it.
        """
        self.remove(entry.id)
        lines = entry.lines
        first = self.lines.take(len(lines))
        try:
            self.lines.fill(first, [self._line_cells(line) for line in lines])
            cells = _cells(entry, self._names)
            row = self.records.take(**cells, first_line=first, line_count=len(lines), **extra)
        except Exception:
            self.lines.free(first, len(lines))
            raise
        self._rows[entry.id] = row
        self._owned[int(self.records.column("owner")[row])].add(row)
        if row == len(self._ids):
            self._ids.append(entry.id)
        else:
            self._ids[row] = entry.id
        return row

    def refill(self, row: int, lines: Sequence[EntryLine]) -> None:
        """Replace a record's lines by as many others; raises what NumPy does."""
        first = int(self.records.column("first_line")[row])
        self.lines.fill(first, [self._line_cells(line) for line in lines])

    def remove(self, record: str) -> None:
        """Take a record out; nothing happens if it is not here."""
        row = self._rows.pop(record, None)
        if row is None:
            return
        self._ids[row] = None
        self._owned[int(self.records.column("owner")[row])].discard(row)
        self.records.free(row)
        self.lines.free(
            int(self.records.column("first_line")[row]),
            int(self.records.column("line_count")[row]),
        )

    def lines_of(self, row: int) -> tuple[EntryLine, ...]:
        """A record's lines, the weightiest first, those used up last."""
        first = int(self.records.column("first_line")[row])
        lines = slice(first, first + int(self.records.column("line_count")[row]))
        columns = [self.lines.column(name)[lines].tolist() for name in LINE]
        return tuple(self._line(list(cells)) for cells in zip(*columns, strict=True))

    def themes_of(self, row: int) -> list[int]:
        """The themes of a record's lines, in their order, those used up among them."""
        first = int(self.records.column("first_line")[row])
        count = int(self.records.column("line_count")[row])
        themes: list[int] = self.lines.column("theme")[first : first + count].tolist()
        return themes

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

    def concept_cosines(self, row: int, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """The cosines of what the texts of a record and of some others of its side name."""
        products, _ = self._named_by_both(row, self, rows)
        weights, named = (self.records.column(name)[rows].astype(np.uint64) for name in _NAMED[1:])
        squares = (np.where(_told(named), weights, 0) ** 2).sum(axis=1)
        own = self._named_by_both(row, self, np.array([row], dtype=np.intp))[0].sum()
        lengths = np.sqrt(own) * np.sqrt(squares)
        return np.where(lengths > 0.0, products.sum(axis=1) / np.where(lengths > 0, lengths, 1), 0)

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

    def _line_cells(self, line: EntryLine) -> Mapping[str, Any]:
        source = line.source
        return {
            "number": line.number,
            "theme": line.theme,
            "kind": line.kind,
            "strength": line.strength,
            "share": line.share,
            "quantity": line.quantity,
            "unit": self._names.units.of(line.unit),
            "amount": line.amount,
            "from": line.window[0],
            "to": line.window[1],
            "position": line.position,
            "written": source is not None,
            "written_quantity": UNKNOWN if source is None else _or_unknown(source.quantity),
            "written_amount": UNKNOWN if source is None else _or_unknown(source.amount),
            "currency": 0 if source is None else self._names.currencies.of(source.currency),
            "weight": 1.0 if source is None else source.weight,
        }

    def _line(self, cells: list[Any]) -> EntryLine:
        (number, theme, kind, strength, share, quantity, unit_number, amount, first, last) = cells[
            :10
        ]
        position, written, written_quantity, written_amount, currency, weight = cells[10:]
        unit = self._names.units.name(unit_number)
        source = None
        if written:
            source = Line(
                number=number,
                theme=THEME_CODES[theme],
                kind=KIND_CODES[kind],
                quantity=_or_none(written_quantity),
                unit=unit,
                amount=_or_none(written_amount),
                currency=self._names.currencies.name(currency),
                window=(first, last),
                weight=weight,
            )
        return EntryLine(
            number=number,
            theme=theme,
            kind=kind,
            strength=strength,
            share=share,
            quantity=quantity,
            unit=unit,
            amount=amount,
            window=(first, last),
            source=source,
            position=position,
        )


def _told(named: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Records × concepts: whether the text names it."""
    places = np.arange(MOST_CONCEPTS, dtype=np.uint64)
    return ((named[:, np.newaxis] >> places) & np.uint64(1)).astype(bool)


def padded_shares(lines: Iterable[EntryLine]) -> list[float]:
    """The lines' shares by place, zeros after them."""
    return _padded([line.share for line in lines], MOST_LINES)


def _cells(entry: Entry, names: Names) -> dict[str, object]:
    concepts = weightiest(entry)
    terms = heaviest(entry.terms)[:MOST_TERMS]
    vector = vector_of(entry)
    excluded = sorted(entry.excluded)[:MOST_EXCLUDED]
    return {
        "published": entry.open,
        "open": entry.open and not entry.spent,
        "coded": entry.coded,
        "dated": entry.dated,
        "from": entry.window[0],
        "to": entry.window[1],
        "themes": entry.themes,
        "text_themes": list(entry.text_themes),
        "theme_norm": entry.theme_norm,
        "text_kinds": list(entry.text_kinds),
        "field": entry.field,
        "concepts": _padded(names.concepts.of_all([name for name, _ in concepts]), MOST_CONCEPTS),
        "concept_weights": _padded([weight for _, weight in concepts], MOST_CONCEPTS),
        "named": sum(1 << at for at, (name, _) in enumerate(concepts) if name in entry.named),
        "concept_norm": _norm([weight for _, weight in concepts]),
        "excluded": _padded(names.concepts.of_all(excluded), MOST_EXCLUDED),
        "terms": _padded(names.terms.of_all([name for name, _ in terms]), MOST_TERMS),
        "term_weights": _padded([weight for _, weight in terms], MOST_TERMS),
        "term_norm": _norm([weight for _, weight in terms]),
        "vector": vector,
        "vector_norm": _length(vector),
        **particular_cells(entry.particulars, entry.channel, entry.language),
    }


def weightiest(entry: Entry) -> list[tuple[str, int]]:
    """The concepts of a record that count, the weightiest first, with their weights."""
    return list(islice(entry.concepts.items(), MOST_CONCEPTS))


def vector_of(entry: Entry) -> npt.NDArray[np.int8]:
    """A record's vector, zeros for none."""
    return np.zeros(_VECTOR, dtype=np.int8) if entry.vector is None else entry.vector


def _or_unknown(value: int | None) -> int:
    return UNKNOWN if value is None else value


def _or_none(value: int) -> int | None:
    return None if value == UNKNOWN else value


def _padded(values: Sequence[float], size: int) -> list[float]:
    return [*values, *([0] * (size - len(values)))]


def _norm(values: Sequence[int]) -> float:
    return math.sqrt(sum([value * value for value in values]))


def _length(vector: npt.NDArray[np.int8]) -> float:
    # Exact in single precision: 512 squares of signed bytes stay below 2**24.
    single = vector.astype(np.float32)
    return math.sqrt(float(single @ single))
