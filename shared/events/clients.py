"""The only place that builds Kafka clients: every setting that matters is said here.

Make clients in the process that uses them, after any fork; they run a thread of their own.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import structlog
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient
from kafka.structs import MemberState

from shared.events.response_classes import keep_response_classes
from shared.events.unreadable import tolerate
from shared.settings import Settings

SESSION_TIMEOUT_MS: Final = 6_000
HEARTBEAT_MS: Final = 2_000
DELIVERY_TIMEOUT_MS: Final = 10_000
MAX_REQUEST_BYTES: Final = 2 * 1024 * 1024
BOOTSTRAP_MS: Final = 10_000
_PAUSE_SECONDS: Final = 1.0
Made = TypeVar("Made")

keep_response_classes()

log = structlog.get_logger(__name__)


def awaited(make: Callable[[], Made], stop: threading.Event) -> Made | None:
    """What `make` makes over the broker, tried again while that is away; None once `stop` is set.

    A worker that is started meanwhile waits, as one does that runs already: whoever starts it again
    would do so ever more seldom. Raises the KafkaError that no repetition mends.
    """
    while not stop.is_set():
        try:
            return make()
        except KafkaError as error:
            if not error.retriable:
                raise
            log.warning("waiting for the broker", error=str(error))
            stop.wait(_PAUSE_SECONDS)
    return None


def producer(settings: Settings) -> KafkaProducer:
    """An idempotent producer that counts a record as sent once all in-sync replicas have it.

    `send` blocks up to 5 s for metadata. A record that is not acknowledged within
    DELIVERY_TIMEOUT_MS fails, and the caller sends it again.
    """
    return KafkaProducer(
        **_common(settings, 5_000),
        acks="all",
        enable_idempotence=True,
        max_in_flight_requests_per_connection=5,
        delivery_timeout_ms=DELIVERY_TIMEOUT_MS,
        request_timeout_ms=5_000,
        max_block_ms=5_000,
        linger_ms=2,
        compression_type=None,
        max_request_size=MAX_REQUEST_BYTES,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )


def close_producer(producer: KafkaProducer) -> None:
    """Close a producer; blocks for a second or two, and drops what is not acknowledged by then.

    Its own `close` raises for that, and leaves a thread that goes on sending.
    """
    try:
        producer.close(timeout=1)
    except KafkaError as error:
        log.warning("a producer was closed with records left", error=str(error))
        producer._sender.force_close()
        producer._sender.join(1)


def consumer(settings: Settings, group: str | None) -> KafkaConsumer:
    """A consumer that commits only when told to; subscribe or assign it yourself.

    In a group, poll it by `poll_group`. It keeps its position in partitions that a rebalance gives
    back to it: who drops records that it was handed must seek back to them. What it cannot unpack
    it hands out as Unreadable (see unreadable.py), which `decode` refuses as any other poison.

    `group`: the group's name without the deployment's prefix; None for a reader without a group.
    """
    begun: list[KafkaNetClient] = []

    def client(**config: Any) -> KafkaNetClient:
        begun.append(KafkaNetClient(**config))
        return begun[-1]

    try:
        made = KafkaConsumer(
            **_common(settings),
            group_id=None if group is None else f"{settings.topic_prefix}{group}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=SESSION_TIMEOUT_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            max_poll_interval_ms=300_000,
            request_timeout_ms=20_000,
            max_partition_fetch_bytes=MAX_REQUEST_BYTES,
            allow_auto_create_topics=False,
            metrics_enabled=False,
            kafka_client=client,
        )
    except BaseException:
        # Its thread would go on asking for a broker, with nobody left to close it.
        for one in begun:
            one.close()
        raise
    tolerate(made)
    return made


def poll_group(
    consumer: KafkaConsumer, timeout_ms: int, max_records: int
) -> dict[TopicPartition, list[Any]]:
    """Poll as a member of a group; use this instead of `consumer.poll`.

    It mends two things of kafka-python 3.0.12 (docs/decisions/0011). A join that a poll's timeout
    cut short is forgotten, if changed metadata and not the coordinator had asked for it: the member
    would hold its partitions and never read them. And a poll with every partition paused turns
    without a pause while a heartbeat is overdue: here a settled member sleeps, after one turn.
    """
    coordinator, state = consumer._coordinator, consumer.group_metadata().state
    if state == MemberState.REBALANCING:
        coordinator.request_rejoin()  # goes on with the join under way
    assigned = consumer.assignment()
    resting = (
        state == MemberState.STABLE
        and not coordinator.coordinator_unknown()
        and assigned == consumer.paused()
    )
    polled: dict[TopicPartition, list[Any]] = consumer.poll(
        timeout_ms=0 if resting else timeout_ms, max_records=max_records
    )
    if resting and not polled:
        time.sleep(timeout_ms / 1000)
    return polled


def close_member(consumer: KafkaConsumer, timeout_ms: int) -> None:
    """Close a member of a group; blocks up to `timeout_ms`. A settled one leaves the group by that.

    One that is joining does not: the embedded broker would wait for ever for a leader that leaves
    before it has shared out, but ends one whose session has run out (docs/decisions/0148).
    """
    if consumer.group_metadata().state != MemberState.STABLE:
        consumer._coordinator.reset_generation()
    consumer.close(timeout_ms=timeout_ms)


def admin(settings: Settings, timeout_ms: int = 10_000) -> KafkaAdminClient:
    """A client for the cluster's own affairs; connecting and asking take up to `timeout_ms`."""
    return KafkaAdminClient(**_common(settings, timeout_ms), request_timeout_ms=timeout_ms)


def _common(settings: Settings, bootstrap_timeout_ms: int | None = None) -> dict[str, Any]:
    return {
        "bootstrap_servers": settings.kafka.split(","),
        "client_id": f"entraide-{settings.service}",
        "bootstrap_timeout_ms": bootstrap_timeout_ms or BOOTSTRAP_MS,
        "retry_backoff_ms": 100,
        "reconnect_backoff_ms": 50,
        "reconnect_backoff_max_ms": 1_000,
        "metadata_max_age_ms": 60_000,
        "security_protocol": "PLAINTEXT",
    }
