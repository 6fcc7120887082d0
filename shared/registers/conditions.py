"""Conditions of MongoDB that all have to hold, as one."""

from collections.abc import Iterable, Mapping
from typing import Any

Condition = dict[str, Any]


def joined(conditions: Iterable[Mapping[str, Any]]) -> Condition:
    """One condition that holds where all of these do; plain as far as that can be.

    The embedded database finds by no index what stands in `$and` (docs/decisions/0118), so it is
    used only for what says the same of one field twice.
    """
    plain: Condition = {}
    others: list[Condition] = []
    for condition in conditions:
        for name, value in condition.items():
            if name not in plain or plain[name] == value:
                plain[name] = value
                continue
            both = _both(plain[name], value)
            if both is None:
                others.append({name: value})
            else:
                plain[name] = both
    if "_id" in plain:
        plain["_id"] = _one_of(plain["_id"])
    return {**plain, "$and": others} if others else plain


def _one_of(ids: Any) -> Any:
    """Ids of some and none of others, as those of the some that are left: by them records are found
    at once."""
    operators = _operators(ids) or {}
    if operators.keys() != {"$in", "$nin"}:
        return ids
    left = set(operators["$in"]) - set(operators["$nin"])
    return {"$in": [one for one in operators["$in"] if one in left]}


def _both(one: Any, other: Any) -> Condition | None:
    """The operators of both together; None where they do not go together as they are."""
    left, right = _operators(one), _operators(other)
    if left is None or right is None or left.keys() & right.keys():
        return None
    return {**left, **right}


def _operators(value: Any) -> Condition | None:
    if isinstance(value, Mapping):
        return dict(value) if value and all(name.startswith("$") for name in value) else None
    return None if isinstance(value, list) else {"$eq": value}
