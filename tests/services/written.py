"""Which collections this process has written to, for to empty one, or to look at it, takes a call;
what it wrote there; and how often it has read."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from pymongo import monitoring
from pymongo.database import Database

from shared.events.restoring import MARK

_WRITES = frozenset({"insert", "update", "delete", "findAndModify"})
_READS = frozenset({"find", "getMore", "aggregate", "count", "distinct"})


class Write(NamedTuple):
    """One call that writes: into which collection, and the fields that it sets in records that are
    there; none for a call that does more or other."""

    name: str
    sets: frozenset[str]


class _Written(monitoring.CommandListener):
    def __init__(self) -> None:
        self.names: set[tuple[str, str]] = set()
        self.reads: list[str] = []
        self.writes: list[Write] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Note what a write is about, and each read."""
        read = f"{event.command.get(event.command_name)}"
        if event.command_name in _READS and read != MARK:  # which is looked for now and then
            self.reads.append(read)
        if event.command_name in _WRITES:
            name = event.command[event.command_name]
            self.names.add((event.database_name, name))
            self.writes.append(Write(name, _sets(event.command.get("updates", ()))))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Told by the driver; a write counts from its start."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Told by the driver; what failed may have been written."""


def _sets(updates: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    changes = [one["u"] for one in updates if not one.get("upsert")]
    if len(changes) < len(updates) or any(not _is_setting(one) for one in changes):
        return frozenset()
    return frozenset(field for one in changes for field in one["$set"])


def _is_setting(change: object) -> bool:
    return isinstance(change, Mapping) and change.keys() == {"$set"}


_WRITTEN = _Written()
monitoring.register(_WRITTEN)  # by every client that is made from now on


def written(database: Database[Any]) -> list[str]:
    """The database's collections that were written to since they were last forgotten."""
    assert _WRITTEN in database.client.options.event_listeners, "the client was made too early"
    return sorted(name for base, name in _WRITTEN.names if base == database.name)


def forget(database: Database[Any]) -> None:
    """What was written until now is no longer told."""
    _WRITTEN.names = {one for one in _WRITTEN.names if one[0] != database.name}


@contextmanager
def reads() -> Iterator[list[str]]:
    """The collections that are read from within the block, one for each call of the database."""
    before, found = len(_WRITTEN.reads), list[str]()
    yield found
    found.extend(_WRITTEN.reads[before:])


@contextmanager
def writes() -> Iterator[list[Write]]:
    """The calls within the block that write, also those that found nothing to change."""
    before, found = len(_WRITTEN.writes), list[Write]()
    yield found
    found.extend(_WRITTEN.writes[before:])


def empty(database: Database[Any]) -> None:
    """Take out what this process has written. What another has, it does not know of."""
    for name in written(database):
        database[name].delete_many({})
    forget(database)
