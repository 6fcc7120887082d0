"""What is stored of many pairs, read together."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

import structlog
from pymongo.errors import PyMongoError

from shared.events.outbox import Aggregate

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
