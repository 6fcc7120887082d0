"""The stored cases of pairs: read together, and brought up to what their pairs are."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Generic, TypeVar

import structlog
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from services.matcher.apart import apart
from shared.bulk import Write, write_each
from shared.events.epochs import current_epoch
from shared.events.outbox import (
    Aggregate,
    DuplicateId,
    NotFound,
    change,
    change_of,
    create,
    creation_of,
)
from shared.events.work import passes

Case = TypeVar("Case", bound=Aggregate)
Found = TypeVar("Found")
Record = TypeVar("Record")

_AT_ONCE = 200

log = structlog.get_logger(__name__)


class Fenced(Exception):  # noqa: N818 (named for what happened)
    """The partition has another owner by now."""


class NotYet(Exception):  # noqa: N818
    """What the matcher's own projection says of a record is older than its event."""


class Outcome(Generic[Record]):
    """What became of the cases of some pairs; `what` says in words that one was not kept.

    `fenced` are the partitions of which another is the owner by now, `late` the records to be
    compared again, of which the projection has not heard yet.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self.fenced: set[int] = set()
        self.late: set[Record] = set()

    @contextmanager
    def noting(self, id_: str, partition: int, records: Iterable[Record]) -> Iterator[None]:
        """Note what becomes of a case of these records in the block, and log what else fails."""
        with apart(self._what, id_, swept=False):
            try:
                yield
            except Fenced:
                self.fenced.add(partition)
            except NotYet:
                self.late.update(records)


@dataclass(frozen=True)
class Wanted(Generic[Case]):
    """What a pair's case is to become, written by the partition's owner of this fence.

    `mutate` brings one that there is up to date, `new` makes one; None where none is to be made.
    """

    kind: type[Case]
    id: str
    fence: int
    mutate: Callable[[Case], object]
    new: Callable[[], Case] | None

    def write(self, case: Case | None, now: datetime, epoch: int) -> Write | None:
        """What `keep` would write, for keep_together. Raises NotFound, and what `mutate` does."""
        if case is not None:
            return change_of(case, self.mutate, now, self._owned)
        if self.new is None:
            raise NotFound(self.id)
        return creation_of(self.new(), now, epoch)

    def keep(self, now: datetime) -> bool:
        """Make it that; whether anything was written. Raises what `mutate` does, Contention and
        pymongo's errors; repeating is safe."""
        try:
            return self._bring_up_to_date(now)
        except NotFound:
            if self.new is None:
                return False
            try:
                create(self.new(), now)
            except DuplicateId:  # another has found it in this moment
                return self.keep(now)
            return True

    def _bring_up_to_date(self, now: datetime) -> bool:
        case = self.kind.objects(id=self.id).first()
        if case is None:
            raise NotFound(self.id)
        before = case.version
        after = change(self.kind, self.id, None, self.mutate, now, self._owned, case)
        return bool(after.version != before)

    @property
    def _owned(self) -> dict[str, Any]:
        """The condition that no newer owner of its partition has written a case."""
        return {"fence": {"$lte": self.fence}}


def keep_together(
    found: Iterable[Found],
    wanted: Callable[[Found], Wanted[Case]],
    keep: Callable[[Found], object],
    noting: Callable[[Found], AbstractContextManager[None]],
    now: datetime,
) -> list[tuple[Found, Case | None]]:
    """Make the cases of pairs what they are to become, in bulks of writes; returns what those
    wrote, each with the case that was there before.

    `keep` does it alone: where one was not read and none is to be made, for there may be one that
    could not be read, and where not the whole bulk is done: one by one they tell which of them are
    another's by now. What becomes of a pair is for `noting` that pair. Raises pymongo's errors that
    pass by themselves.
    """
    left = iter(found)
    written: list[tuple[Found, Case | None]] = []
    while some := list(islice(left, _AT_ONCE)):
        written += _keep_some([(one, wanted(one)) for one in some], keep, noting, now)
    return written


def _keep_some(
    found: Sequence[tuple[Found, Wanted[Case]]],
    keep: Callable[[Found], object],
    noting: Callable[[Found], AbstractContextManager[None]],
    now: datetime,
) -> list[tuple[Found, Case | None]]:
    kind = found[0][1].kind
    collection = kind._get_collection()
    stored = _stored(kind, [wanted.id for _, wanted in found])
    epoch = current_epoch(collection.database)
    writes: list[Write] = []
    written: list[tuple[Found, Case | None]] = []
    alone: list[Found] = []
    for one, wanted in found:
        case = stored.get(wanted.id)
        with noting(one):
            try:
                write = wanted.write(case, now, epoch)
            except NotFound:
                alone.append(one)
            else:
                if write is not None:
                    writes.append(write)
                    written.append((one, case))
    if writes and not _all_done(collection, writes):
        alone.extend(one for one, _ in written)
        written = []
    for one in alone:
        with noting(one):
            keep(one)
    return written


def _stored(kind: type[Case], ids: Sequence[str]) -> dict[str, Case]:
    """The cases of these ids, by id; none where one of them cannot be understood, which must not
    hold up the others. Raises pymongo's errors."""
    try:
        return {case.id: case for case in kind.objects(id__in=ids)}
    except PyMongoError:
        raise
    except Exception as error:
        log.error("stored cases not read together", kind=kind.__name__, exc_info=error)
        return {}


def _all_done(collection: Collection[dict[str, Any]], writes: Sequence[Write]) -> bool:
    try:
        return write_each(collection, writes) == len(writes)
    except Exception as error:
        if passes(error):
            raise
        return False  # whose fault it is, one by one tells
