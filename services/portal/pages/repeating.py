"""A form that is sent again because its first answer was lost is no conflict with itself."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from shared.web.schemas import as_kept


def holds(record: Mapping[str, Any], body: Mapping[str, Any], given: Collection[str] = ()) -> bool:
    """Whether a record says already what `body` would make it say: the same was sent before.

    What only the record has does not count, nor what is `given` a value by the service that keeps
    it: names of members at any depth. Lists of codes are alike in any order.
    """
    names = [name for name in body if name not in given]
    return all(name in record and _alike(record[name], body[name], given) for name in names)


def _alike(kept: Any, sent: Any, given: Collection[str]) -> bool:
    if isinstance(sent, Mapping):
        return isinstance(kept, Mapping) and holds(kept, sent, given)
    if isinstance(sent, str):
        return kept in (as_kept(sent), as_kept(sent, single_line=True))
    if isinstance(sent, Sequence):
        if not isinstance(kept, Sequence) or len(kept) != len(sent):
            return False
        if all(isinstance(one, str) for one in (*kept, *sent)):
            return sorted(kept) == sorted(sent)
        return all(_alike(*pair, given) for pair in zip(kept, sent, strict=True))
    return bool(kept == sent)
