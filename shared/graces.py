"""Who is left alone with what they began, and for how long, where clocks may be wrong."""

from datetime import datetime, timedelta
from typing import Any


def over(field: str, now: datetime, grace: timedelta) -> dict[str, Any]:
    """The condition on documents whose time in `field`, at which something began, is `grace` ago.

    What began later than `grace` from now was begun by a clock that is wrong, or is looked at by
    one: it is over too, for else it would be left alone for as long as that clock was ahead.
    """
    return {"$or": [{field: {"$lte": now - grace}}, {field: {"$gt": now + grace}}]}


def holds(until: datetime, now: datetime, lease: timedelta) -> bool:
    """Whether a lease that runs out at `until` holds; one twice as long as leases are does not.

    It was taken by a clock that is ahead of this one. A little ahead is everybody's who looked at
    the clock a moment later.
    """
    return now < until <= now + 2 * lease
