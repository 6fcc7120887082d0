"""Knowing that a scratch stack has worked through everything that was given to it."""

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pymongo
from kafka.errors import KafkaError

from services.matcher.documents import shortlist_id
from shared.events import clients
from shared.events.pending import waiting_since
from shared.events.reader import assign_all
from shared.events.topics import Topics
from shared.settings import Settings

Client = pymongo.MongoClient[dict[str, Any]]
_PAUSE = 0.25
_POLL_MS = 200


@dataclass(frozen=True)
class Watch:
    """What to look at: a service's settings by its name, and the requests to be ranked."""

    settings: Mapping[str, Settings]
    requests: Collection[str]


def wait_until_settled(watch: Watch, quiet: float, seconds: float) -> None:
    """Wait until the stack has nothing left to do; raises TimeoutError naming what is left.

    Settled means: every outbox is empty, every group has committed up to the end of its topics,
    every request has a shortlist of its last version, and neither a shortlist nor a case of
    duplicates or of coverage has changed for `quiet` seconds. Each alone could be true too early.
    """
    deadline = time.monotonic() + seconds
    since, before = time.monotonic(), None
    uri = watch.settings["matcher"].mongodb
    client: Client = pymongo.MongoClient(uri, tz_aware=True)
    with closing(client), closing(_Unread(watch.settings["matcher"])) as unread:
        while True:
            left = _first_left(
                lambda: _unpublished(client, watch),
                lambda: _unranked(client, watch),
                unread.first,
            )
            state = _versions(client, watch)
            if left or state != before:
                since, before = time.monotonic(), state
            elif time.monotonic() - since > quiet:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(left or "shortlists or cases still change")
            time.sleep(_PAUSE)


def _first_left(*checks: Callable[[], str]) -> str:
    return next((left for check in checks if (left := check())), "")


def _unpublished(client: Client, watch: Watch) -> str:
    for service, settings in watch.settings.items():
        database = client[settings.database]
        for name in database.list_collection_names():
            if waiting_since(database[name]) is not None:
                return f"events of {service} are not published yet"
    return ""


def _unranked(client: Client, watch: Watch) -> str:
    versions = {
        document["_id"]: f"{document['epoch']}.{document['number']}"
        for document in client[watch.settings["requests"].database]["requests"].find(
            {"_id": {"$in": list(watch.requests)}}, {"epoch": 1, "number": 1}
        )
    }
    ranked = {
        document["_id"]: document["request_version"]
        for document in _collection(client, watch, "shortlists").find({}, {"request_version": 1})
    }
    missing = sum(ranked.get(shortlist_id(r)) != versions.get(r) for r in watch.requests)
    return f"{missing} requests are not ranked in their last version yet" if missing else ""


class _Unread:
    """Which group has yet to read something of the state topics.

    The topics' ends are where reading them ends: the end that a broker names when asked may lie
    within its last batch (see shared.events.reader.Ends).
    """

    def __init__(self, settings: Settings) -> None:
        self._admin = clients.admin(settings)
        self._reader = clients.consumer(settings, None)
        assign_all(self._reader, Topics(settings.topic_prefix).states)

    def first(self) -> str:
        """The first such group, as a sentence; empty if there is none.

        A broker that has just begun says so itself, until it has loaded what groups have committed.
        """
        try:
            return self._first()
        except KafkaError as error:
            if not error.retriable:
                raise
            return f"the broker cannot say yet what is read: {type(error).__name__}"

    def _first(self) -> str:
        while self._reader.poll(timeout_ms=_POLL_MS):
            pass
        for group in self._admin.list_groups():
            name = group["group_id"] if isinstance(group, dict) else group[0]
            for partition, offset in self._admin.list_group_offsets(name)[name].items():
                if partition not in self._reader.assignment():
                    continue
                if self._reader.position(partition) > offset.offset:
                    return f"{name} has not read all of {partition.topic} yet"
        return ""

    def close(self) -> None:
        """Close the connections to the broker."""
        self._reader.close()
        self._admin.close()


def _versions(client: Client, watch: Watch) -> dict[str, tuple[int, int]]:
    return {
        document["_id"]: (document["epoch"], document["number"])
        for name in ("shortlists", "duplicate_cases", "coverage_cases")
        for document in _collection(client, watch, name).find({}, {"epoch": 1, "number": 1})
    }


def _collection(client: Client, watch: Watch, name: str) -> Any:
    return client[watch.settings["matcher"].database][name]
