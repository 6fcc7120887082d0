"""What is to be done once a service's database was taken back in time by a backup."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from pymongo.database import Database
from pymongo.errors import PyMongoError

from shared.events import clients
from shared.events.envelope import InvalidEvent, decode
from shared.events.epochs import raise_epoch
from shared.events.reader import read_to_end
from shared.events.topics import Topics
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.events.outbox import Aggregate

_PATIENCE_SECONDS = clients.SESSION_TIMEOUT_MS / 1000 + 6
MARK: Final = "restoring"
"""The collection that has a document while a database is brought back, and else none."""
MARK_SEEN_SECONDS: Final = 5.0
"""After so long every API has seen the mark, and is done with what it had begun before."""
_HARMLESS = ("OK", "GroupIdNotFoundError")


class StillRunning(RuntimeError):  # noqa: N818 (named for what happened)
    """Workers of the service are members of its groups; the message names them."""


@contextmanager
def marked_restoring(
    databases: Sequence[Database[dict[str, Any]]], now: datetime
) -> Iterator[Callable[[], None]]:
    """Let the services' APIs refuse all calls, and their workers not begin, until the end.

    Yields what is to be called before anything is deleted. What breaks off earlier leaves all as it
    was, and takes the marks off; what breaks off later leaves them, for then a database is neither
    the old nor the new.
    """
    try:
        for database in databases:
            mark = {"$setOnInsert": {"at": now, "whole": True}}
            database[MARK].update_one({"_id": MARK}, mark, upsert=True)
        yield lambda: _note_broken(databases)
    except BaseException:
        with suppress(PyMongoError):
            for database in databases:
                database[MARK].delete_many({"whole": True})
        raise
    for database in databases:
        database[MARK].delete_many({})


def _note_broken(databases: Sequence[Database[dict[str, Any]]]) -> None:
    for database in databases:
        database[MARK].update_one({"_id": MARK}, {"$set": {"whole": False}})


def is_being_restored(database: Database[dict[str, Any]]) -> bool:
    """Whether it is being brought back, or a run that did so was broken off."""
    return database[MARK].find_one({}, {"_id": 1}) is not None


def after_restore(
    settings: Settings,
    database: Database[dict[str, Any]],
    aggregates: Sequence["type[Aggregate]"],
    now: datetime,
) -> int:
    """Make a restored database win, and let it hear again what it has forgotten; its new epoch.

    Every document gets an epoch above all that the topics hold and is marked for the relay. The
    service's consumers start from the topics' beginnings, for what others said since the backup
    stands in its topic and is not said again. Run it before the service's processes start; running
    it again does no harm. Raises StillRunning, TopicsMissing, KafkaError and PyMongoError.
    """
    forget_positions(settings)
    return raise_epoch(database, aggregates, now, highest_epoch(settings))


def forget_positions(settings: Settings) -> None:
    """Make all groups of the service start from the beginning of their topics.

    A service's groups are called as it is, or begin with its name and a hyphen. Waits 12 s for
    members that were killed to be missed, then raises StillRunning; as long for a broker that has
    just begun to have loaded its groups, then raises its KafkaError.
    """
    name = f"{settings.topic_prefix}{settings.service}"
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with closing(clients.admin(settings)) as admin:
        while True:
            try:
                busy = _not_deleted(admin, name)
            except KafkaError as error:
                if not error.retriable or time.monotonic() > deadline:
                    raise
            else:
                if not busy:
                    return
                if time.monotonic() > deadline:
                    told = ", ".join(f"{group} ({said})" for group, said in sorted(busy.items()))
                    raise StillRunning(f"stop the workers of {settings.service} first: {told}")
            time.sleep(0.5)


def _not_deleted(admin: KafkaAdminClient, name: str) -> dict[str, str]:
    """The groups of a service that the broker keeps, with what it says of each."""
    known = [group["group_id"] for group in admin.list_groups()]
    groups = [group for group in known if group == name or group.startswith(f"{name}-")]
    answers = admin.delete_groups(groups) if groups else {}
    return {group: said for group, said in answers.items() if said not in _HARMLESS}


def highest_epoch(settings: Settings) -> int:
    """The highest epoch of an event in any topic; 0 where there is none.

    Reads all state topics. An earlier restore of the same backup raised the epoch in a database
    that is gone now, so only the topics know.
    """
    topics = Topics(settings.topic_prefix)
    highest = 0
    for record in read_to_end(settings, topics.states):
        try:
            event = decode(record, topics.types_in(record.topic))
        except InvalidEvent:
            continue
        highest = max(highest, event.version.epoch)
    return highest
