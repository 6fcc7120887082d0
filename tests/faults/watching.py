"""Whether all that was acknowledged has been worked: what recovery means here."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pymongo
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from deploy.local.programs import service_settings
from deploy.local.running import Stack
from services.matcher.commitments import UNFINISHED
from shared.events import clients
from shared.events.reader import known_partitions
from shared.events.topics import Topics
from shared.events.versions import Version
from tests.faults.history import History

_ASK_MS = 3_000
OWNERS = ("request", "offer")


class Watching:
    """Looks at a running stack beside its proxies: `behind` says what has not been worked yet."""

    def __init__(self, stack: Stack, mongodb: str, kafka: str) -> None:
        self._stack = stack
        self._database: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
            mongodb, tz_aware=True, serverSelectionTimeoutMS=2_000, socketTimeoutMS=5_000
        )
        self._settings = replace(service_settings(stack.plan, "matcher"), kafka=kafka)
        self._asking: tuple[KafkaAdminClient, KafkaConsumer] | None = None
        self._due = 0.0
        self._ends: dict[TopicPartition, int] = {}

    def close(self) -> None:
        """Close the connections to the database and the broker."""
        self._database.close()
        self._hang_up()

    def _clients(self) -> tuple[KafkaAdminClient, KafkaConsumer]:
        """Kept from one look to the next: making them costs more than all that is asked."""
        if self._asking is None:
            admin = clients.admin(self._settings, _ASK_MS)
            self._asking = admin, clients.consumer(self._settings, None)
        return self._asking

    def _hang_up(self) -> None:
        for one in self._asking or ():
            with suppress(KafkaError):
                one.close()
        self._asking = None

    def nothing_half_done(self) -> bool:
        """Whether no commitment is left half done; a sweep finishes it after half a minute."""
        kept = self._database[self._settings.database]["commitments"]
        return kept.count_documents({"status": {"$in": list(UNFINISHED)}}) == 0

    def behind(self, history: History, since: float) -> str:
        """The first thing that must still happen after a fault at `since`; empty if nothing.

        Each owner acknowledges a write that was begun afterwards, every process is ready, and all
        that was acknowledged until then is worked: seen and ranked in that version or a newer one,
        and read by every group.
        """
        again = _written_again(history, since)
        if again is None:
            return "owners acknowledge nothing"
        if not self._stack.supervisor.ready():
            return f"waiting for {self._stack.supervisor.progress().waiting_for}"
        try:
            return self._unworked(history, again) or self._unread(again)
        except (pymongo.errors.PyMongoError, KafkaError, OSError) as error:
            return f"{type(error).__name__}: {error}"

    def _unworked(self, history: History, due: float) -> str:
        newest: dict[str, Version] = {}
        published = set()
        for one in history.operations:
            if one.outcome == "ok" and one.version is not None and one.end <= due:
                newest[one.record] = max(one.version, newest.get(one.record, one.version))
                if one.kind == "publish":
                    published.add(one.record)
        kept = self._database[self._settings.database]
        fields = dict.fromkeys(("side", "record", "epoch", "number"), 1)
        views = {
            f"{one['side']}:{one['record']}": Version(one["epoch"], one["number"])
            for one in kept["record_views"].find({}, fields)
        }
        ranked = {
            f"request:{one['request']}": Version.parse(one["request_version"])
            for one in kept["shortlists"].find({}, {"request": 1, "request_version": 1})
        }
        for record in published:
            seen = [views.get(record)] + ([ranked.get(record)] if record[0] == "r" else [])
            if any(one is None or one < newest[record] for one in seen):
                return f"{record} is at {newest[record]}, the matcher is at {seen}"
        return ""

    def _unread(self, due: float) -> str:
        """Whether a group has yet to commit what stood in the topics when this was asked first."""
        admin, consumer = self._clients()
        try:
            told = {
                group: admin.list_group_offsets(group)[group]
                for group in (one["group_id"] for one in admin.list_groups())
            }
            names = Topics(self._settings.topic_prefix).states
            ends = consumer.end_offsets(known_partitions(consumer, names))
        except KafkaError:
            self._hang_up()
            raise
        if self._due != due or any(ends[one] < end for one, end in self._ends.items()):
            self._due, self._ends = due, ends  # or the broker has lost its log
        for group, offsets in told.items():
            for partition, offset in offsets.items():
                if offset.offset < self._ends.get(partition, 0):
                    return f"{group} is behind in {partition}"
        return ""


def _written_again(history: History, since: float) -> float | None:
    """When each owner had acknowledged a write that was begun after `since`."""
    first: dict[str, float] = {}
    for one in history.operations:
        side = one.record.partition(":")[0]
        if one.kind == "write" and one.outcome == "ok" and one.start > since and side in OWNERS:
            first.setdefault(side, one.end)
    return max(first.values()) if len(first) == len(OWNERS) else None
