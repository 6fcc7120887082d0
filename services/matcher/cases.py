"""The stored cases of pairs: read together, and brought up to what their pairs are."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

import structlog
from pymongo.errors import PyMongoError

from shared.events.outbox import Aggregate, NotFound, change

Case = TypeVar("Case", bound=Aggregate)
Found = TypeVar("Found")

_AT_ONCE = 200

log = structlog.get_logger(__name__)


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


def bring_up_to_date(
    kind: type[Case],
    id_: str,
    mutate: Callable[[Case], object],
    fence: int,
    now: datetime,
    case: Case | None,
) -> bool:
    """Change a case by `mutate` under the fence of its partition's owner; whether it is another.

    `case` is the one that has just been read, if any. Raises NotFound where there is none, and what
    `mutate` and outbox.change raise.
    """
    if case is None:
        case = kind.objects(id=id_).first()
    if case is None:
        raise NotFound(id_)
    before = case.version
    after = change(kind, id_, None, mutate, now, owned_by(fence), case)
    return bool(after.version != before)


def owned_by(fence: int) -> dict[str, Any]:
    """The condition that no newer owner of its partition has written a case."""
    return {"fence": {"$lte": fence}}
