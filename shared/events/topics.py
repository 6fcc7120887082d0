"""The topics: their names, what may stand in them, their explicit settings, their making."""

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from kafka.errors import KafkaError, TopicAlreadyExistsError

from shared.events import clients
from shared.events.envelope import (
    ACTIVITY,
    ALLIANCE,
    APPLICATION,
    CALL,
    COMMITMENT,
    COVERAGE,
    DRAFT,
    DUPLICATE,
    EMBARGO,
    JOINING,
    MATCH,
    OFFER,
    REQUEST,
    SHORTLIST,
)
from shared.settings import Settings

REQUESTS: Final = "requests.v1"
OFFERS: Final = "offers.v1"
ACTIVITIES: Final = "activities.v1"
MATCHES: Final = "matches.v1"

TYPES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        REQUESTS: frozenset({REQUEST}),
        OFFERS: frozenset({OFFER, CALL}),
        ACTIVITIES: frozenset({ACTIVITY}),
        MATCHES: frozenset(
            {
                *(SHORTLIST, MATCH, COMMITMENT, JOINING, ALLIANCE, DUPLICATE, COVERAGE),
                *(EMBARGO, APPLICATION, DRAFT),
            }
        ),
    }
)
"""The event types that stand in each topic."""

_DEAD = ".dead-letters"
_HOUR_MS = 3_600_000
_MAX_EVENT_BYTES = 1024 * 1024


class BrokerUnavailable(ConnectionError):  # noqa: N818 (named for what happened)
    """The broker cannot be reached, or does not answer in time."""


class TopicsDiffer(RuntimeError):  # noqa: N818
    """Topics are not as the settings say; the message names them."""


class TopicsMissing(TopicsDiffer):
    """Topics have not been created; the message names them."""


@dataclass(frozen=True)
class Topics:
    """The topics' full names in a deployment: each begins with its prefix."""

    prefix: str = ""

    @property
    def requests(self) -> str:
        """State of requests."""
        return self.prefix + REQUESTS

    @property
    def offers(self) -> str:
        """State of offers, and of the calls that they are made under."""
        return self.prefix + OFFERS

    @property
    def activities(self) -> str:
        """State of activities."""
        return self.prefix + ACTIVITIES

    @property
    def matches(self) -> str:
        """Shortlists, matches, commitments, alliances, cases, embargoes."""
        return self.prefix + MATCHES

    @property
    def states(self) -> tuple[str, ...]:
        """The compacted topics."""
        return tuple(self.prefix + name for name in TYPES)

    @property
    def dead_letters(self) -> tuple[str, ...]:
        """The dead-letter topics, one for each of `states`."""
        return tuple(name + _DEAD for name in self.states)

    def of_type(self, type_: str) -> str:
        """The topic that events of this type go to; raises KeyError for an unknown type."""
        for name, types in TYPES.items():
            if type_ in types:
                return self.prefix + name
        raise KeyError(type_)

    def types_in(self, topic: str) -> frozenset[str]:
        """The event types that may stand in a topic; raises KeyError for an unknown topic."""
        return TYPES[topic.removeprefix(self.prefix)]


def dead_letter_topic(topic: str) -> str:
    """Where the events of `topic` go that nobody can understand."""
    return topic + _DEAD


def topic_configs(settings: Settings, topic: str) -> dict[str, str]:
    """The explicit settings of a topic, as Kafka writes them."""
    shared = {
        "min.insync.replicas": str(settings.topic_min_insync),
        "unclean.leader.election.enable": "false",
        # Whatever codec somebody writes with, readers need none.
        "compression.type": "uncompressed",
        "message.timestamp.type": "CreateTime",
        "segment.bytes": str(64 * 1024 * 1024),
    }
    if topic.endswith(_DEAD):
        return shared | {
            "cleanup.policy": "delete",
            "retention.ms": "-1",
            "retention.bytes": "-1",
            # A dead letter is the record and why it died.
            "max.message.bytes": str(_MAX_EVENT_BYTES + 64 * 1024),
        }
    return shared | {
        "cleanup.policy": "compact",
        "min.compaction.lag.ms": str(_HOUR_MS),
        "delete.retention.ms": str(7 * 24 * _HOUR_MS),
        "segment.ms": str(24 * _HOUR_MS),
        "min.cleanable.dirty.ratio": "0.3",
        "max.message.bytes": str(_MAX_EVENT_BYTES),
    }


def ensure_topics(settings: Settings) -> list[str]:
    """Create the topics that are missing; returns their names. Blocks until they are there.

    Raises TopicsDiffer for a topic with another number of partitions (keys would move between
    them), BrokerUnavailable when the broker cannot be reached.
    """
    topics = Topics(settings.topic_prefix)
    wanted = (*topics.states, *topics.dead_letters)
    try:
        with closing(clients.admin(settings)) as admin:
            missing = [name for name in wanted if name not in admin.list_topics()]
            new = {
                name: {
                    "num_partitions": settings.topic_partitions,
                    "replication_factor": settings.topic_replication,
                    "configs": topic_configs(settings, name),
                }
                for name in missing
            }
            if new:
                try:
                    admin.create_topics(new)
                except TopicAlreadyExistsError:  # another process was quicker
                    return ensure_topics(settings)
            wait_for_topics(settings, wanted, 30)
    except KafkaError as error:
        raise BrokerUnavailable(f"the broker at {settings.kafka}: {error}") from error
    return missing


def check_topics(settings: Settings, wanted: Sequence[str]) -> None:
    """Raise TopicsMissing or TopicsDiffer unless every topic has the settings' partitions.

    Raises BrokerUnavailable when the broker cannot be reached.
    """
    try:
        with closing(clients.admin(settings)) as admin:
            found = {
                topic["name"]: len(topic["partitions"])
                for topic in admin.describe_topics()
                if topic["name"] in wanted
            }
    except KafkaError as error:
        raise BrokerUnavailable(f"the broker at {settings.kafka}: {error}") from error
    missing = [name for name in wanted if name not in found]
    if missing:
        raise TopicsMissing(f"topics are missing, run ensure_topics: {', '.join(missing)}")
    other = [f"{name} ({n})" for name, n in found.items() if n != settings.topic_partitions]
    if other:
        raise TopicsDiffer(
            f"topics must have {settings.topic_partitions} partitions "
            f"(ENTRAIDE_TOPIC_PARTITIONS): {', '.join(other)}"
        )


def check_broker(settings: Settings, timeout_seconds: float) -> None:
    """Raise BrokerUnavailable unless the broker answers within `timeout_seconds`."""
    try:
        with closing(clients.admin(settings, int(timeout_seconds * 1000))) as admin:
            admin.describe_cluster()
    except KafkaError as error:
        raise BrokerUnavailable(f"the broker at {settings.kafka}: {error}") from error


def wait_for_broker(
    settings: Settings, timeout_seconds: float, stop: threading.Event | None = None
) -> None:
    """Block until the broker answers; raises BrokerUnavailable after `timeout_seconds`.

    Returns early, without the broker, when `stop` is set.
    """
    deadline = time.monotonic() + timeout_seconds
    while stop is None or not stop.is_set():
        try:
            check_broker(settings, min(2.0, timeout_seconds))
            return
        except BrokerUnavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def wait_for_topics(settings: Settings, wanted: Sequence[str], timeout_seconds: float) -> None:
    """Block until the topics are there; raises TopicsMissing after `timeout_seconds`.

    Raises TopicsDiffer and BrokerUnavailable at once.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            check_topics(settings, wanted)
            return
        except TopicsMissing:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
