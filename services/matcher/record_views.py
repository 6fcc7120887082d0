"""What the matcher's API knows of records, as it is read: see documents.RecordView.

A page shows proposals of many records, and to make a document of each takes longer than to read it
from the store. So who only reads gets these.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.matcher.documents import RecordView, view_id
from shared.events.versions import Version


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a record, as documents.ViewLine has it."""

    line: int
    measure: str
    unit: str
    limit: int
    confidential: bool = False
    for_parties: bool = False
    worth_cents: int | None = None
    worth_currency: str | None = None
    portions: int | None = None
    priority: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What is known of a record, as documents.RecordView has it; each is equal to itself alone."""

    id: str
    side: str
    record: str
    epoch: int
    number: int
    status: str
    owner: str | None = None
    donor_type: str | None = None
    donor_country: str | None = None
    conditions: Sequence[str] = ()
    condition_hashes: Sequence[str] = ()
    lines: Sequence[Line] = ()
    ceiling_cents: int | None = None
    ceiling_currency: str | None = None
    call: str | None = None
    stated: str | None = None
    material: str | None = None
    priority: str | None = None
    eligibility: Mapping[str, Any] = field(default_factory=dict)
    terms: Mapping[str, Any] = field(default_factory=dict)
    visibility: str | None = None

    @property
    def version(self) -> Version:
        """The version of the record that this was read from."""
        return Version(self.epoch, self.number)

    @property
    def ceiling(self) -> tuple[int, str] | None:
        """The most for one project, in hundredths of a currency, and that; None for no bound."""
        if self.ceiling_cents is None or self.ceiling_currency is None:
            return None
        return self.ceiling_cents, self.ceiling_currency

    @property
    def hidden_lines(self) -> frozenset[int]:
        """The lines that only the owner and overseers may see."""
        return frozenset(line.line for line in self.lines if line.confidential)


Views = Mapping[str, View]
"""Views by their ids (`view_id`), or by those of their records."""


def view_of(stored: Mapping[str, Any]) -> View:
    """The view that a document of the store holds; what an earlier version wrote may lack fields,
    and have others."""
    cells = {name: value for name, value in stored.items() if name in _FIELDS}
    lines = [
        Line(**{name: value for name, value in line.items() if name in _OF_LINES})
        for line in stored.get("lines", ())
    ]
    return View(**{**cells, "id": stored["_id"], "lines": lines})


_FIELDS = frozenset(View.__dataclass_fields__) - {"id"}
_OF_LINES = frozenset(Line.__dataclass_fields__)


def stored_view(side: str, record: str) -> View | None:
    """What is known of a record; None for nothing."""
    found = RecordView._get_collection().find_one({"_id": view_id(side, record)})
    return None if found is None else view_of(found)


def stored_views(ids: Collection[str]) -> dict[str, View]:
    """Views by their ids (`view_id`), those that there are."""
    if not ids:
        return {}
    return {view.id: view for view in read_views({"_id": {"$in": sorted(set(ids))}})}


def stored_versions(ids: Collection[str]) -> dict[str, Version]:
    """The versions that views were read from, by the views' ids, of those that there are."""
    if not ids:
        return {}
    collection, wanted = RecordView._get_collection(), {"_id": {"$in": sorted(set(ids))}}
    found = collection.find(wanted, {"epoch": 1, "number": 1})
    return {one["_id"]: Version(one["epoch"], one["number"]) for one in found}


def views_by_record(side: str, records: Iterable[str]) -> dict[str, View]:
    """Views of one side's records by the records' ids, those that there are."""
    found = stored_views({view_id(side, record) for record in records})
    return {view.record: view for view in found.values()}


def read_views(condition: Mapping[str, Any]) -> Iterator[View]:
    """The views of which a condition holds."""
    for one in RecordView._get_collection().find(condition):
        yield view_of(one)
