"""The process behind a register's API: it publishes what changes, and hears of matches."""

import os
import socket
from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType

from shared.attachments.documents import Attachment
from shared.attachments.keeping import keep_scanning
from shared.attachments.telling import keep_telling
from shared.events.anti_entropy import AntiEntropy
from shared.events.auditing import Auditor
from shared.events.consumer import Consumer, Handler
from shared.events.letters import DeadLetters
from shared.events.outbox import Aggregate
from shared.events.relay import Relay
from shared.events.running import Loop, run_worker
from shared.events.topics import Topics
from shared.registers.context import system_clock
from shared.registers.filed import files_of
from shared.settings import Settings
from shared.web.database import connect_database, current_database
from shared.web.logging import configure_logging
from shared.web.prepared import prepare_worker


def run_register(
    settings: Settings,
    aggregates_by_type: Mapping[str, type[Aggregate]],
    on_matches: Handler,
    filed: type[Aggregate],
    more: Mapping[str, Loop] = MappingProxyType({}),
) -> int:
    """Run a register's worker until it is told to stop; returns the exit code.

    `aggregates_by_type` are the register's documents by the type of their events; `on_matches`
    gets the events of matches.v1; `filed` are the documents that have files; `more` are
    loops of the register's own. Blocks; call it in the main thread of the process.
    """
    configure_logging(settings)
    connect_database(settings)
    prepare_worker(settings)
    dead_letters = DeadLetters(settings)
    matches = Topics(settings.topic_prefix).matches
    consumer = Consumer(settings, [matches], settings.service, on_matches, dead_letters)
    files = files_of(filed)
    audited = (*aggregates_by_type.values(), Attachment)
    loops = {
        **register_loops(settings, aggregates_by_type),
        "matches": consumer.run,
        "audit": Auditor(settings.service, audited, current_database).run,
        "attachments": lambda stop: keep_scanning(settings.clamd, stop, system_clock),
        "files told": lambda stop: keep_telling(files, settings.clamd, stop, system_clock),
        **more,
    }
    try:
        return run_worker(settings.service, settings, loops, consumer.has_assignment)
    finally:
        dead_letters.close()


def register_loops(
    settings: Settings, aggregates_by_type: Mapping[str, type[Aggregate]]
) -> dict[str, Loop]:
    """The loops that publish: the relay, and the anti-entropy of each of the register's topics."""
    topics = Topics(settings.topic_prefix)
    owner = f"{settings.service}@{socket.gethostname()}:{os.getpid()}"
    relay = Relay(settings, tuple(aggregates_by_type.values()), owner, system_clock)
    loops: dict[str, Loop] = {"relay": relay.run}
    by_topic: defaultdict[str, dict[str, type[Aggregate]]] = defaultdict(dict)
    for type_, aggregate in aggregates_by_type.items():
        by_topic[topics.of_type(type_)][type_] = aggregate
    for topic, published in by_topic.items():
        tail = AntiEntropy(settings, topic, published, system_clock)
        loops[f"anti-entropy of {topic}"] = tail.run
    return loops
