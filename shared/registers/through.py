"""Going through a register in parts, the newest first: no read is of more than a few hundred.

One read of everything would hold a database up, and time out, once a register is large. In the
order of an index a part ends where it ends, also for the embedded database (docs/decisions/0083).
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.registers.conditions import Condition, joined
from shared.unhurried import part_done

_AT_ONCE: Final = 300
_ORDER: Final = [("created_at", -1), ("_id", 1)]


def every(records: Any, condition: Condition, fields: Mapping[str, int]) -> Iterator[Any]:
    """The records for which the condition holds, as they are stored; of them these fields, and
    `created_at`."""
    shown = {**fields, "created_at": 1}

    def read(there: Condition) -> list[Any]:
        found = records._get_collection().find(joined([condition, there]), shown)
        return list(found.sort(_ORDER).limit(_AT_ONCE))

    began = time.monotonic()
    part = read({})
    while part:
        yield from part
        part_done(began)
        began = time.monotonic()
        at, id_ = part[-1]["created_at"], part[-1]["_id"]
        # Records of one moment are in the order of their ids.
        part = read({"created_at": at, "_id": {"$gt": id_}}) or read({"created_at": {"$lt": at}})


def count(records: Any, condition: Condition) -> int:
    """For how many records the condition holds."""
    return sum(1 for _ in every(records, condition, {"_id": 1}))
