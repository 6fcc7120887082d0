"""Lists of the embedded database read in the order of an index, no further than they go.

SecantusDB 0.7 reads and decodes every document that an index finds, sorts them all, and thinks of
the limit last: twenty of ten thousand records cost as much as all. A list by `(-created_at, id)`
stands in the order of `(status, -created_at)` and its like already, as it does for MongoDB. So here
a limited, sorted read walks an index, and ends where the list does. Of the indexes that fit it
takes the one whose entries lie furthest apart; `$in` and `$or` are several walks that are merged.
What fits no index is read as before. Every document found is held against the whole condition, and
those that are alike in as many of the sort's fields as the index has are all read and then sorted:
an index changes what a list costs and never what is in it. A collection that is gone through by its
ids is read in parts. The lock that whoever reads needs is held while a part of a walk is read, not
for all of it, and not while documents are decoded: others need not wait for a long list.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import chain, islice, product, takewhile
from typing import Any, Final

from secantus import storage as storing
from secantus.paths import get_path
from secantus.projection import meta_fields
from secantus.query import matches
from secantus.sortkey import COMPOUND_SEP, encode_id_key, encode_value_directed
from secantus.storage import (
    _IDX_ENTRIES_TABLE,
    _NAT_SEQ_TABLE,
    Storage,
    _escape_kb,
    _unpack_entry,
    wt,
)

from deploy.local.conditions import SCALAR, Condition, clauses, equal_to, may_hold, values_of
from deploy.local.stored import documents

Entry = tuple[bytes, int]
"""Where a document stands in the order, and its record id."""
_PEEKED: Final = 48
_CHUNK, _LARGEST = 16, 512
_MOST_WALKS = 128
_OF_THE_SERVER: Final = frozenset({"admin", "config", "local"})
"""Databases of which some collections are kept elsewhere."""
_SELDOM, _MOST_HELD = 4, 3_000
"""Where fewer than one of so many records read is wanted, other indexes are asked too, as long as
they have no more entries than that."""
_Index = tuple[str, list[str], dict[str, int]]
"""Its name, the fields by which it is entered, and its directions."""
_Ordered = tuple[int, Iterator[Entry], Sequence[str]]
"""A walk, of how many of the sort's fields it gives the order, and the fields that have what is
wanted in all that it meets."""
_BOUNDS = {"$gt": "low", "$gte": "low", "$lt": "high", "$lte": "high"}


def read_in_order() -> None:
    """Have limited and sorted reads walk an index where one fits."""
    whole = Storage.find_matching

    def find_matching(
        self: Storage, db: str, coll: str, condition: Any = None, **asked: Any
    ) -> list[dict[str, Any]]:
        found = None
        if asked.get("limit", 0) > 0 and asked.get("sort") and not _special(asked):
            found = _listed(self, db, coll, condition or {}, asked)
        return whole(self, db, coll, condition, **asked) if found is None else found

    Storage.find_matching = find_matching


def _special(asked: Mapping[str, Any]) -> bool:
    # Not `let`: SecantusDB gives every read at least the variable NOW.
    others = ("hint", "collation", "min_bound", "max_bound")
    shown = asked.get("projection")
    return any(asked.get(name) is not None for name in others) or bool(shown and meta_fields(shown))


def _listed(
    storage: Storage, db: str, coll: str, condition: Condition, asked: Mapping[str, Any]
) -> list[dict[str, Any]] | None:
    """The documents of the list as they are shown; None where no index gives its order."""
    sort, skip, shown = asked["sort"], asked.get("skip", 0), asked.get("projection")
    field, way = next(iter(sort.items()))
    by_id = field == "_id" and way == 1 and _onwards(condition)
    few = values_of(condition.get("_id")) is not None
    if few or db in _OF_THE_SERVER:
        return None
    storage._refresh_read_snapshot()
    found: list[dict[str, Any]] | None
    if by_id:
        found = _by_id(storage, (db, coll), condition, skip + asked["limit"])
    else:
        walk = _Walk(storage, (db, coll), list(sort.items()), condition)
        alike = walk.alike(condition, shown or {}, skip + asked["limit"])
        if alike is not None:
            return alike[skip:]
        found = walk.first(condition, skip + asked["limit"], asked.get("let"))
    if found is None:
        return None
    listed: list[dict[str, Any]] = storing.sort_docs(found, sort)[skip : skip + asked["limit"]]
    if shown:
        listed = storing.apply_projection_batch(listed, shown, condition, metas=None, has_sort=True)
    return listed


def _in_order(value: Any, way: int) -> bool:
    """Whether an index has such values in the order of the sort: not lists, nor documents, nor
    texts from the last on, of which one may begin as another does."""
    return not isinstance(value, (list, Mapping)) and not (way == -1 and isinstance(value, str))


def _onwards(condition: Condition) -> bool:
    """Whether all is asked for, or all from an id on: as a collection is gone through in parts."""
    wanted = condition.get("_id", {})
    if not isinstance(wanted, Mapping) or not condition.keys() <= {"_id"}:
        return False
    return wanted.keys() <= {"$gt", "$gte"} and all(
        isinstance(one, SCALAR) for one in wanted.values()
    )


def _by_id(
    storage: Storage, place: tuple[str, str], condition: Condition, wanted: int
) -> list[dict[str, Any]]:
    """As many as are wanted, from an id on, in the order of the ids."""
    seed = max((encode_id_key(one) for one in condition.get("_id", {}).values()), default=b"")
    ids: list[int] = []
    with storage._lock:
        cursor = storage._cursor(_NAT_SEQ_TABLE)
        cursor.set_key(*place, seed)
        near = cursor.search_near()
        more = near != wt.WT_NOTFOUND and (near >= 0 or cursor.next() == 0)
        # One more: the seed itself may be left out.
        while more and len(ids) <= wanted and tuple(cursor.get_key()[:2]) == place:
            ids.append(int(cursor.get_value()))
            more = cursor.next() == 0
        cursor.reset()
    return [one for one in documents(storage, place, ids) if matches(one, condition)][:wanted]


class _Walk:
    """Walks the indexes that give the order of a sort's first field, and may be of some after it,
    within what bounds the first."""

    def __init__(
        self,
        storage: Storage,
        place: tuple[str, str],
        sort: list[tuple[str, int]],
        condition: Condition,
    ) -> None:
        self._storage, self._place, self._sort = storage, place, sort
        self._field, self._way = sort[0]
        self._low, self._high = self._bounds(condition)
        with storage._lock:
            self._indexes, self._others = self._fitting()
            self._several = storage._multikey_index_names(*place)

    def _fitting(self) -> tuple[list[_Index], list[_Index]]:
        """The indexes that have the field in its order after others, and those by other fields."""
        options = self._storage._index_options_map(*self._place)
        partial = self._storage._partial_filters(*self._place)
        ordered, others = [], []
        for name, keys, sparse, _unique in self._storage._all_indexes(*self._place):
            plain = all(way in (1, -1) for way in keys.values())
            # A sparse index leaves out what lacks its field, and so does a bound on that.
            bounded = bool(self._low or self._high) and list(keys) == [self._field]
            told = name in partial or options.get(name, {}).get("collation")
            if plain and not told and (bounded or not sparse):
                fields = list(keys)
                if keys.get(self._field) == self._way:
                    ordered.append((name, fields[: fields.index(self._field)], dict(keys)))
                elif self._field not in keys:
                    others.append((name, fields[:1], dict(keys)))
        return ordered, others

    def _bounds(self, condition: Condition) -> tuple[bytes, bytes | None]:
        """Where entries begin and end, in the index's own order; no narrower than is asked for."""
        found: dict[str, list[bytes]] = {"low": [], "high": []}
        for field, wanted in clauses(condition):
            if field != self._field:
                continue
            asked = {"$gte": wanted, "$lte": wanted} if isinstance(wanted, SCALAR) else wanted
            for name, value in asked.items() if isinstance(asked, Mapping) else ():
                if name in _BOUNDS and isinstance(value, SCALAR) and _in_order(value, self._way):
                    bound = _escape_kb(encode_value_directed(value, self._way))
                    found[_BOUNDS[name]].append(bound)
        ends = found["low"], found["high"]
        low, high = ends if self._way == 1 else reversed(ends)
        return max(low, default=b""), min(high, default=None)

    def first(
        self, condition: Condition, wanted: int, variables: dict[str, Any] | None
    ) -> list[dict[str, Any]] | None:
        """As many as are wanted, and all that stand where the last one does.

        `variables` are those that the condition may name. None where no index has all for which
        the condition holds in the field's order.
        """
        few = self._few(condition)
        walks = [] if few is not None else [*self._ways(condition), *self._all()]
        if few is None and not walks:
            return None
        depth, entries, told = self._sparsest(walks) if few is None else (1, iter(few), ())
        found: list[dict[str, Any]] = []
        may_be_wanted = may_hold(condition)
        seen: set[int] = set()
        held: list[set[int]] | None = None
        size = wanted + 1
        while batch := list(islice(entries, size)):
            fresh = [one for one in dict.fromkeys(id_ for _, id_ in batch) if one not in seen]
            if held is None and seen and len(found) < len(seen) // _SELDOM:
                held = self._held(condition, told)
            seen.update(fresh)
            if held:
                fresh = [one for one in fresh if all(one in ids for ids in held)]
            read = documents(self._storage, self._place, fresh, may_be_wanted)
            found.extend(one for one in read if matches(one, condition, vars=variables))
            enough = few is None and len(found) > wanted
            if enough and self._of(found[-1], depth) != self._of(found[wanted - 1], depth):
                break
            size = min(max(_CHUNK, size // 2 if found else 2 * size), _LARGEST)
        ways = [way for _, way in self._sort]
        in_order = (zip(self._of(one, depth), ways, strict=False) for one in found)
        return found if all(_in_order(*one) for each in in_order for one in each) else None

    def alike(
        self, condition: Condition, shown: Mapping[str, Any], wanted: int
    ) -> list[dict[str, Any]] | None:
        """As many as are wanted where nothing is shown of them but the texts and numbers that are
        asked for, beside fields that have nothing, and an index says which they are: then none is
        read, and a number is told as it was asked for. None where they are to be read."""
        told = {field: value for field, value in condition.items() if type(value) in (str, int)}
        empty = {field for field, value in condition.items() if value is None}
        fields = {"_id": 0} | dict.fromkeys(told, 1)
        if told.keys() | empty != condition.keys():
            return None
        if shown.get("_id", 1) or not shown.items() <= fields.items():
            return None
        for name, before, keys in self._indexes:
            if condition.keys() == set(before) and name not in self._several:
                prefix = _prefix(((field, condition[field]) for field in before), keys)
                found = islice(self._entries(name, prefix), wanted)
                return [{field: told[field] for field in told if field in shown} for _ in found]
        return None

    def _few(self, condition: Condition) -> list[Entry] | None:
        """All that an index of another order has, where that is little; None where none has so."""
        equal = equal_to(condition)
        for name, before, keys in self._others:
            for values in equal.get(before[0], ()):
                begun = self._begun(name, keys, values, _PEEKED)
                if len(begun) < _PEEKED:
                    return begun
        return None

    def _held(self, condition: Condition, told: Sequence[str]) -> list[set[int]]:
        """Sets of records, by indexes of fields not `told` yet that have little of their values:
        who is wanted is in each. To look into an index costs a fiftieth of reading a record."""
        equal = equal_to(condition)
        several: list[set[int]] = []
        for name, before, keys in [*self._indexes, *self._others]:
            new = before and before[0] not in told
            for values in equal.get(before[0], ()) if new else ():
                begun = self._begun(name, keys, values, _MOST_HELD + 1)
                if len(begun) <= _MOST_HELD:
                    several.append({id_ for _, id_ in begun})
        return several

    def _begun(
        self, name: str, keys: Mapping[str, int], values: Iterable[Any], most: int
    ) -> list[Entry]:
        """The entries of an index whose first field has one of some values, so many at most."""
        walks = (self._entries(name, _first_of(keys, one), whole=True) for one in values)
        return list(islice(chain.from_iterable(walks), most))

    def _of(self, document: Mapping[str, Any], depth: int) -> list[Any]:
        """A document's values in so many of the sort's fields."""
        return [get_path(document, field) for field, _ in self._sort[:depth]]

    def _depth(self, before: Sequence[str], keys: Mapping[str, int]) -> int:
        """Of how many of the sort's fields an index gives the order, after those before them."""
        after = list(keys.items())[len(before) :]
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(after, self._sort, strict=False))
        return sum(1 for _ in alike)

    def _ways(self, condition: Condition) -> Iterator[_Ordered]:
        """Walks that each meet every document for which the condition holds."""
        equal = equal_to(condition)
        for name, wanted in clauses(condition):
            if name == "$or":
                branches = [list(self._ways(branch)) for branch in wanted]
                if branches and all(branches):
                    # Of several indexes, which go on differently after the first field.
                    yield 1, merge(*(self._sparsest(branch)[1] for branch in branches)), ()
        for name, before, keys in self._indexes:
            if before and all(field in equal for field in before):
                for chosen in product(*(equal[field] for field in before)):
                    parts = [tuple(zip(before, one, strict=True)) for one in product(*chosen)]
                    if len(parts) <= _MOST_WALKS:
                        walks = (self._entries(name, _prefix(part, keys)) for part in parts)
                        yield self._depth(before, keys), merge(*walks), before

    def _all(self) -> Iterator[_Ordered]:
        """A walk of all of the register in the field's order, by an index of no list's members."""
        for name, before, keys in self._indexes:
            if not before and name not in self._several:
                yield self._depth(before, keys), self._entries(name, b""), ()
                return

    def _sparsest(self, walks: Iterable[_Ordered]) -> _Ordered:
        """That which ends soonest, or comes furthest within as many entries."""
        best: tuple[tuple[bool, bytes, int], _Ordered] | None = None
        for depth, walk, told in walks:
            begun = list(islice(walk, _PEEKED))
            ends = len(begun) < _PEEKED
            rank = (ends, b"" if ends else begun[-1][0], -len(begun))
            if best is None or rank > best[0]:
                best = rank, (depth, chain(begun, walk), told)
        return (1, iter(()), ()) if best is None else best[1]

    def _entries(self, name: str, prefix: bytes, *, whole: bool = False) -> Iterator[Entry]:
        """The entries of an index that begin so, in its order, within the bounds or `whole`."""
        low, high = (b"", None) if whole else (self._low, self._high)
        seed, size = prefix + low, _CHUNK
        while chunk := self._chunk(name, seed, size):
            for packed in chunk:
                key, id_ = _unpack_entry(packed)
                place = key[len(prefix) :]
                beyond = high is not None and place[: len(high)] > high
                if id_ is None or not key.startswith(prefix) or beyond:
                    return
                yield place, id_
            seed, size = chunk[-1] + b"\x00", min(2 * size, _LARGEST)

    def _chunk(self, name: str, seed: bytes, size: int) -> list[bytes]:
        """So many entries from there on; a walk stands nowhere between two of them."""
        # As it is stored, three texts and then the entry: to have each key taken apart takes five
        # times as long as to read it.
        index = b"".join(text.encode() + b"\x00" for text in (*self._place, name))
        found: list[bytes] = []
        with self._storage._lock:
            cursor = self._storage._cursor(_IDX_ENTRIES_TABLE)
            cursor.set_key(*self._place, name, seed)
            near = cursor.search_near()
            more = near != wt.WT_NOTFOUND and (near >= 0 or cursor.next() == 0)
            while more and len(found) < size:
                key: bytes = cursor._get_key()
                more = key.startswith(index)
                if more:
                    found.append(key[len(index) :])
                    more = cursor.next() == 0
            cursor.reset()
        return found


def _prefix(part: Iterable[tuple[str, Any]], keys: Mapping[str, int]) -> bytes:
    values = [encode_value_directed(value, int(keys[field])) for field, value in part]
    return bytes(_escape_kb(COMPOUND_SEP.join(values) + COMPOUND_SEP))


def _first_of(keys: Mapping[str, int], value: Any) -> bytes:
    way = int(next(iter(keys.values())))
    return bytes(_escape_kb(encode_value_directed(value, way)))
