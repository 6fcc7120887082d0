"""What a condition of MongoDB's says of a document, as far as an index or stored bytes tell."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from bson import ObjectId

Condition = Mapping[str, Any]
SCALAR: Final = (str, bool, int, float, datetime, ObjectId)


def may_hold(condition: Condition) -> Callable[[bytes], bool]:
    """Whether a document, as it is stored, has the texts that it has if the condition holds of it,
    wherever they stand."""
    equal = ((name, values) for name, several in equal_to(condition).items() for values in several)
    fields = (values for name, values in equal if not name.startswith("$"))  # $comment is none
    single = (values[0] for values in fields if len(values) == 1)
    texts = [one.encode() for one in single if isinstance(one, str)]
    several = [list(map(may_hold, of)) for name, of in clauses(condition) if name == "$or"]

    def holds(stored: bytes) -> bool:
        return all(text in stored for text in texts) and all(
            any(one(stored) for one in branches) for branches in several
        )

    return holds


def clauses(condition: Condition) -> Iterator[tuple[str, Any]]:
    """What all has to hold, each by itself."""
    for name, wanted in condition.items():
        if name == "$and":
            for one in wanted:
                yield from clauses(one)
        elif isinstance(wanted, Mapping) and set(wanted) == {"$elemMatch"} and _named(wanted):
            for part, value in wanted["$elemMatch"].items():
                yield f"{name}.{part}", value
        else:
            yield name, wanted


def _named(wanted: Condition) -> bool:
    """Whether what one member of a list has to be is said of its fields alone."""
    return not any(part.startswith("$") for part in wanted["$elemMatch"])


def equal_to(condition: Condition) -> dict[str, list[list[Any]]]:
    """The fields that have one of some values, as often as that is said of each."""
    found: dict[str, list[list[Any]]] = {}
    for name, wanted in clauses(condition):
        values = values_of(wanted)
        if values is not None:
            found.setdefault(name, []).append(values)
    return found


def values_of(wanted: Any) -> list[Any] | None:
    """The values of which the field has one; None where that is not what is asked for."""
    if isinstance(wanted, Mapping):
        if set(wanted) == {"$eq"}:
            wanted = wanted["$eq"]
        elif set(wanted) == {"$in"} and all(isinstance(one, SCALAR) for one in wanted["$in"]):
            return list(wanted["$in"])
    return [wanted] if isinstance(wanted, SCALAR) else None
