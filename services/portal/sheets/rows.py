"""Rows of a spreadsheet read by their columns: what each says, and every fault by its cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.portal.sheets.columns import CellError, Column, find_columns, text_of
from services.portal.sheets.faults import Fault, SheetError, cell_name
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
    *(("objective", name) for name in ("indicator", "baseline", "target", "reached_by")),
)
"""A column that must be filled in where the second of the pair is."""


@dataclass
class Told:
    """What a spreadsheet says: rows by column key.

    Those that name a record's `id` are in `changed`, for what was changed in them since they came
    out, with the `cell` of the id beside. Nothing is to be used where there are faults. `notes`
    are what else to know of cells, and hold nothing up.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
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
        row = _Row(number, places, names, told.faults, language)
        said = row.read(found, cells, formulas)
        if said.get("id"):
            row.check(said, (), first=False)
            told.changed.append({**said, "cell": cell_name(number, places["id"])})
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
            cell = cell_name(number, places["currency"])
            told.notes.append(Fault("no-rate", cell, {"text": said["currency"]}))
        told.rows.append(said)
    if not filled and not told.faults:
        raise SheetError("empty")
    return told


class _Row:
    """One row as it is read: its faults go to the list of all."""

    def __init__(
        self,
        number: int,
        places: Mapping[str, int],
        names: Mapping[str, str],
        faults: list[Fault],
        language: str,
    ) -> None:
        self._number, self._places, self._faults = number, places, faults
        self._names, self._language = names, language
        self._wrong: set[str] = set()

    def fault(self, code: str, key: str, **values: object) -> None:
        """Tell of a fault in a column; of one that is not there, once for all rows."""
        self._wrong.add(key)
        if key in self._places:
            cell = cell_name(self._number, self._places[key])
            self._faults.append(Fault(code, cell, values))
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
            if needed and absent and column.key in self._places:
                self.fault("missing", column.key, column=column.name(self._language))
        self._together(said, "unit", "quantity", "unit")
        self._together(said, "amount", "currency", "currency")
        self._together(said, "currency", "amount", "amount")
        names = {one.key: one.name(self._language) for one in columns if not one.required}
        for key, other in _NEEDED_BY:
            needed = said.get(other) is not None and key in names
            if needed and said.get(key) is None and not {key, other} & self._wrong:
                self.fault("missing", key, column=names[key])
        if said.get("from") and said.get("to") and said["to"] < said["from"]:
            self.fault("order", "to")

    def _together(self, said: Mapping[str, Any], key: str, needs: str, code: str) -> None:
        if said.get(key) is not None and said.get(needs) is None and needs not in self._wrong:
            self.fault(code, needs)
