"""The rows of allocations in the store: after an event only those are written that are otherwise.

What is shown of an allocation are its pairs and its unmet needs. One that was repaired after an
event differs in few of them from the one before; it is stored as the rows of that one, without
those that it replaces, and with its own. Rows are never changed, so all that are built on them stay
what they were.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import InsertOne
from pymongo.errors import BulkWriteError

from services.matcher.allocation_documents import AllocatedPair, KeptAllocation, UnmetNeed
from shared.bulk import raise_unless_duplicates
from shared.ids import derived_id, new_id

KEPT = timedelta(days=1)
"""How long an allocation that nobody accepts is kept."""
LONGER = timedelta(hours=1)
"""Rows stay so much longer, for what is built on them later: repairs go on for ten minutes."""
MOST_REPLACED = 500
"""With more rows replaced than this an allocation is written as a whole."""

Kind = type[AllocatedPair] | type[UnmetNeed]
Content = Mapping[str, Any]
Contents = Mapping[Kind, Sequence[Content]]
"""Of each kind of row what stands in it, but for what tells of which allocation it is."""
_Key = tuple[str, str]


@dataclass(frozen=True)
class _Row:
    id: str
    content: Content


@dataclass(frozen=True)
class Laid:
    """An allocation's rows by kind and key, and the parts of the store that they stand in.

    `replaced` are those of these parts that are not the allocation's.
    """

    id: str
    of: str
    parts: tuple[str, ...]
    rows: Mapping[Kind, Mapping[_Key, _Row]]
    replaced: tuple[str, ...]

    def is_there(self) -> bool:
        """Whether the store has the allocation just so: another's, or a store made anew, has not.

        Raises pymongo's errors.
        """
        if KeptAllocation._get_collection().full_name != self.of:
            return False
        found = KeptAllocation.objects(id=self.id, parts=self.parts[-1]).only("id").first()
        return found is not None


class Laying:
    """Writes allocations' rows, and knows those of the last one. For several threads."""

    def __init__(self) -> None:
        """Nothing was written yet."""
        self._last: Laid | None = None

    def lay(self, id_: str, contents: Contents, now: datetime, *, follows: bool) -> Laid:
        """Write an allocation's rows; `follows` where it was repaired from the one before.

        Call `keep` once the allocation itself is written. Raises pymongo's errors.
        """
        before = self._last if follows else None
        if before is not None and not before.is_there():
            before = None
        part = new_id()
        laid = _laid(id_, contents, part, before)
        if len(laid.replaced) > MOST_REPLACED:
            laid = _laid(id_, contents, part, None)
        for kind, rows in laid.rows.items():
            known = before.rows[kind] if before is not None and len(laid.parts) > 1 else {}
            new = (row for key, row in rows.items() if known.get(key) is not row)
            insert(kind, documents(kind, new, part, now))
        return laid

    def keep(self, laid: Laid) -> None:
        """What follows may be built on this one."""
        self._last = laid


def all_documents(contents: Contents, now: datetime) -> dict[Kind, list[Any]]:
    """All rows of an allocation as documents, of a part of their own, written nowhere."""
    part = new_id()
    laid = _laid("", contents, part, None)
    return {kind: documents(kind, rows.values(), part, now) for kind, rows in laid.rows.items()}


def documents(kind: Kind, rows: Iterable[_Row], part: str, now: datetime) -> list[Any]:
    """Rows as documents of a part."""
    until = now + KEPT + LONGER
    return [kind(id=row.id, parts=part, forget_at=until, **row.content) for row in rows]


def insert(kind: type[Any], documents: Sequence[Any]) -> None:
    """Insert what is not there yet.

    Another may have found the same allocation, and that one counts; or the driver repeats a write.
    """
    if not documents:
        return
    operations = [InsertOne(one.to_mongo().to_dict()) for one in documents]
    try:
        kind._get_collection().bulk_write(operations, ordered=False)
    except BulkWriteError as error:
        raise_unless_duplicates(error)


def _laid(id_: str, contents: Contents, part: str, before: Laid | None) -> Laid:
    found: dict[Kind, dict[_Key, _Row]] = {}
    replaced = [] if before is None else list(before.replaced)
    for kind, every in contents.items():
        known = {} if before is None else before.rows[kind]
        rows = found[kind] = {}
        for content in every:
            key = _key(kind, content)
            row = known.get(key)
            if row is None or row.content != content:
                row = _Row(derived_id(kind._get_collection_name(), part, *key), content)
            rows[key] = row
        replaced += [row.id for key, row in known.items() if rows.get(key) is not row]
    parts = (part,) if before is None else (*before.parts, part)
    return Laid(id_, KeptAllocation._get_collection().full_name, parts, found, tuple(replaced))


def _key(kind: Kind, content: Content) -> _Key:
    return content["request"], str(content["offer" if kind is AllocatedPair else "line"])
