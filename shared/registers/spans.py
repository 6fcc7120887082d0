"""Going through a register span by span of time: few reads are of more than some hundred records.

One read of everything would hold a database up, and time out, once a register is large; the
embedded one reads and decodes all that an index finds before it answers (docs/decisions/0081).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from shared.registers.conditions import Condition, joined

T = TypeVar("T")
FIRST: Final = timedelta(hours=6)
GROWTH: Final = 8
WHOLE: Final = timedelta(days=1_000)
"""What would be a longer span reaches back to the first record."""
_AT_ONCE = 300


def between(lower: datetime | None, upper: datetime | None) -> Condition:
    """Made at `lower` or later, and before `upper`."""
    bounds = {"$gte": lower, "$lt": upper}
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    return {"created_at": given} if given else {}


def every(records: Any, condition: Condition, fields: Mapping[str, int]) -> Iterator[Any]:
    """The records, as they are stored, for which the condition holds; the newest spans first."""

    def read(there: Condition) -> list[Any]:
        return list(records._get_collection().find(there, fields))

    for part in _parts(condition, read, len):
        yield from part


def count(records: Any, condition: Condition) -> int:
    """For how many records the condition holds."""
    return sum(_parts(condition, records._get_collection().count_documents, int))


def _parts(
    condition: Condition, ask: Callable[[Condition], T], size: Callable[[T], int]
) -> Iterator[T]:
    upper, lower, span = None, datetime.now(UTC), FIRST
    while span <= WHOLE:
        lower -= span
        found = ask(joined([between(lower, upper), condition]))
        yield found
        upper, span = lower, span * min(GROWTH, _AT_ONCE / max(size(found), 1))
    yield ask(joined([between(None, upper), condition]))
