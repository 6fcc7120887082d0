"""The stored cases of pairs: read together, and brought up to what their pairs are."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from itertools import islice
from typing import Any, Generic, TypeVar

import structlog
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from services.matcher.apart import apart
from shared.bulk import Write, write_each
from shared.events.epochs import current_epoch
from shared.events.outbox import Aggregate, NotFound, change
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


def each_with_case(
    kind: type[Case], found: Iterable[Found], id_of: Callable[[Found], str]
) -> Iterator[tuple[Found, Case | None]]:
    """What is found of pairs, each with its case, whose id `id_of` tells.

    None for one that has none yet, and for some where one of them cannot be understood, which must
    not hold up the others. Raises pymongo's errors.
    """
    left = iter(found)
    while some := list(islice(left, _AT_ONCE)):
        try:
            stored = {case.id: case for case in kind.objects(id__in=[id_of(one) for one in some])}
        except PyMongoError:
            raise
        except Exception as error:
            log.error("stored cases not read together", kind=kind.__name__, exc_info=error)
            stored = {}
        for one in some:
            yield one, stored.get(id_of(one))


def keep_together(
    kind: type[Case],
    found: Iterable[tuple[Found, Case | None]],
    write_of: Callable[[Found, Case | None, int], Write | None],
    keep: Callable[[Found], object],
    noting: Callable[[Found], AbstractContextManager[None]],
) -> list[tuple[Found, Case | None]]:
    """Make the cases of pairs what the pairs are, in bulks of writes; returns what those wrote.

    `write_of` tells the write of a pair for its case and the epoch that new ones are made in, None
    for nothing; it raises NotFound where no case was read and none is to be made, for there may be
    one that could not be read. `keep` does the same alone: of those, and of all where not the whole
    bulk is done: one by one they tell which of them are another's by now. What either raises of
    a pair is for `noting` that pair. Raises pymongo's errors that pass by themselves.
    """
    left = iter(found)
    written: list[tuple[Found, Case | None]] = []
    while some := list(islice(left, _AT_ONCE)):
        written += _keep_some(kind, some, write_of, keep, noting)
    return written


def _keep_some(
    kind: type[Case],
    found: Sequence[tuple[Found, Case | None]],
    write_of: Callable[[Found, Case | None, int], Write | None],
    keep: Callable[[Found], object],
    noting: Callable[[Found], AbstractContextManager[None]],
) -> list[tuple[Found, Case | None]]:
    collection = kind._get_collection()
    epoch = current_epoch(collection.database)
    writes: list[Write] = []
    written: list[tuple[Found, Case | None]] = []
    alone: list[Found] = []
    for one, case in found:
        with noting(one):
            try:
                write = write_of(one, case, epoch)
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


def _all_done(collection: Collection[dict[str, Any]], writes: Sequence[Write]) -> bool:
    try:
        return write_each(collection, writes) == len(writes)
    except Exception as error:
        if passes(error):
            raise
        return False  # whose fault it is, one by one tells


def bring_up_to_date(
    kind: type[Case],
    id_: str,
    mutate: Callable[[Case], object],
    fence: int,
    now: datetime,
) -> bool:
    """Change a case by `mutate` under the fence of its partition's owner; whether it is another.

    Raises NotFound where there is none, and what `mutate` and outbox.change raise.
    """
    case = kind.objects(id=id_).first()
    if case is None:
        raise NotFound(id_)
    before = case.version
    after = change(kind, id_, None, mutate, now, owned_by(fence), case)
    return bool(after.version != before)


def owned_by(fence: int) -> dict[str, Any]:
    """The condition that no newer owner of its partition has written a case."""
    return {"fence": {"$lte": fence}}
