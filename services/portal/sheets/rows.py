"""Rows of a spreadsheet read by their columns: what each says, and every fault by its cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any

from services.portal.sheets.columns import CellError, Column, find_columns, text_of
from services.portal.sheets.faults import Fault, SheetError, cell_name
from services.portal.sheets.limits import Cells
from services.portal.sheets.reading import Sheet
from shared.vocabulary.currencies import has_rate

OF_THE_RECORD = (
    *("title", "description", "language", "from", "to"),
    *("countries", "regions", "groups", "partners", "public"),
    *("request_priority", "report", "report_year", "action_plan", "level"),
)
"""What rows with the same reference say of their record: in the first of them, or in each alike."""


_NEEDED_BY = (
    *(("from", "to"), ("to", "from"), ("theme", "kind"), ("kind", "theme")),
    *(("theme", "quantity"), ("theme", "amount"), ("report", "report_year")),
    ("condition", "condition_kind"),
    *(("objective", name) for name in ("indicator", "baseline", "target", "reached_by")),
)
"""A column that must be filled in where the second of the pair is."""


@dataclass
class Told:
    """What a spreadsheet says: rows by column key.

    Those that name a record's `id` are in `changed`, for what was changed in them since they came
    out, each with the names of its cells as `cell`; of `rows` these are in `cells`. Nothing is to
    be used where there are faults. `notes` are what else to know of cells, and hold nothing up.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    cells: list[Cells] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)


def read_rows(sheet: Sheet, columns: Sequence[Column], language: str, *, lines: bool) -> Told:
    """Read rows; `lines` where several rows may be lines of one record. Raises SheetError."""
    if not sheet.rows:
        raise SheetError("empty")
    told = Told()
    found, told.faults = find_columns(sheet.rows[0], columns, language)
    told.faults += [Fault("merged", cell_name(*start)) for start in sheet.merged]
    places = {column.key: at for at, column in found.items()}
    first: dict[str, tuple[int, dict[str, Any]]] = {}
    names = {column.key: column.name(language) for column in columns}
    filled = 0
    for number, values in enumerate(sheet.rows[1:], start=1):
        cells = {at: values[at] for at in found if at < len(values)}
        formulas = [at for at in found if cell_name(number, at) in sheet.formulas]
        if all(value is None for value in cells.values()) and not formulas:
            continue
        filled += 1
        named = {key: cell_name(number, at) for key, at in places.items()}
        row = _Row(named, names, told.faults, language)
        said = row.read(found, cells, formulas)
        if said.get("id"):
            told.changed.append({**said, "cell": named})
            continue
        mark = said.get("reference")
        if mark in first and lines:
            row.same(first[mark], said)
        elif mark in first:
            row.fault("reference-twice", "reference", row=first[mark][0] + 1)
        elif mark:
            first[mark] = (number, said)
        row.check(said, columns, first=not lines or first.get(mark or "", (number,))[0] == number)
        if said.get("currency") and not has_rate(said["currency"]):
            told.notes.append(Fault("no-rate", named["currency"], {"text": said["currency"]}))
        told.rows.append(said)
        told.cells.append(named)
    if not filled and not told.faults:
        raise SheetError("empty")
    return told


def check_changed(
    told: Sequence[tuple[Cells, Mapping[str, Any]]],
    edited: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    language: str,
) -> list[Fault]:
    """What is missing in a record's rows as a file changes them, by what it changes alone.

    `told` are the rows' cells, each with what it says otherwise than the record; `edited` the rows
    whole, with what stands in columns that the file has not. What a further row says otherwise of
    the record itself, the first must say too: from that one it is taken.
    """
    names = {column.key: column.name(language) for column in columns}
    begins = int(told[0][0]["id"].lstrip(ascii_uppercase))
    faults = [
        Fault("differs-here", cells.get(key, cells["id"]), {"row": begins})
        for cells, otherwise in told[1:]
        for key in OF_THE_RECORD
        if key in otherwise and otherwise[key] != edited[0].get(key)
    ]
    for (cells, otherwise), whole in zip(told, edited, strict=True):
        _Row(cells, names, faults, language, among=set(otherwise)).check(whole, columns, first=True)
    return faults


class _Row:
    """One row: its faults go to the list of all, of `among` those alone that have to do with one
    of these columns."""

    def __init__(
        self,
        cells: Cells,
        names: Mapping[str, str],
        faults: list[Fault],
        language: str,
        among: set[str] | None = None,
    ) -> None:
        self._cells, self._faults, self._among = cells, faults, among
        self._names, self._language = names, language
        self._wrong: set[str] = set()

    def fault(self, code: str, key: str, **values: object) -> None:
        """Tell of a fault in a column; of one that is not there, once for all rows."""
        self._wrong.add(key)
        if key in self._cells:
            self._faults.append(Fault(code, self._cells[key], values))
            return
        absent = Fault("no-column", "", {"column": self._names[key]})
        if absent not in self._faults:
            self._faults.append(absent)

    def read(
        self, found: Mapping[int, Column], cells: Mapping[int, Any], formulas: Sequence[int]
    ) -> dict[str, Any]:
        """What the row says by column key; None where nothing, or nothing right, stands."""
        said: dict[str, Any] = {}
        for at, column in found.items():
            value = cells.get(at)
            text = text_of(value)
            said[column.key] = None
            if not text:
                if at in formulas:
                    self.fault("formula", column.key)
                continue
            try:
                said[column.key] = column.read(value, text, self._language)
            except CellError as error:
                told = {"column": column.name(self._language), **error.values_told}
                self.fault(error.code, column.key, **told)
        return said

    def same(self, first: tuple[int, Mapping[str, Any]], said: dict[str, Any]) -> None:
        """A further line of a record: what it says of the record must be what the first says."""
        number, before = first
        for key in OF_THE_RECORD:
            if said.get(key) and said[key] != before.get(key) and key not in self._wrong:
                self.fault("differs", key, row=number + 1)

    def check(self, said: Mapping[str, Any], columns: Sequence[Column], *, first: bool) -> None:
        """Whether what must be there is, and what belongs together stands together."""
        for column in columns:
            needed = column.required and (first or column.key not in OF_THE_RECORD)
            absent = said.get(column.key) is None and column.key not in self._wrong
            if needed and absent and column.key in self._cells and self._about(column.key):
                self.fault("missing", column.key, column=column.name(self._language))
        self._together(said, "unit", "quantity", "unit")
        self._together(said, "amount", "currency", "currency")
        self._together(said, "currency", "amount", "amount")
        apart = self._among is None  # what must be there at all has been looked for
        names = {
            one.key: one.name(self._language) for one in columns if not (apart and one.required)
        }
        for key, other in _NEEDED_BY:
            needed = said.get(other) is not None and key in names
            wrong = {key, other} & self._wrong
            if needed and said.get(key) is None and not wrong and self._about(key, other):
                self.fault("missing", key, column=names[key])
        first_day, last_day = said.get("from"), said.get("to")
        backwards = first_day and last_day and last_day < first_day
        if backwards and self._about("from", "to"):
            self.fault("order", "to")

    def _together(self, said: Mapping[str, Any], key: str, needs: str, code: str) -> None:
        alone = said.get(key) is not None and said.get(needs) is None
        if alone and needs not in self._wrong and self._about(key, needs):
            self.fault(code, needs)

    def _about(self, *keys: str) -> bool:
        return self._among is None or not self._among.isdisjoint(keys)
