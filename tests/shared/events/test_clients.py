"""Clients of the broker as they end."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from kafka.errors import KafkaError
from kafka.record.util import crc32c_c

from deploy.local.servers import LOOPBACK, broker_command, free_port
from shared.events import clients
from shared.events.topics import Topics, ensure_topics
from shared.settings import Settings
from tests.serving import serve, stop


def test_checksums_are_counted_in_c() -> None:
    assert crc32c_c is not None, "kafka-python found no crc32c, and takes 3,000 times as long"


def test_a_producer_that_cannot_send_is_closed_all_the_same(
    settings: Settings, tmp_path: Path
) -> None:
    port = free_port()
    own = replace(settings, kafka=f"{LOOPBACK}:{port}")
    broker = serve(broker_command(port), port, tmp_path / "broker.log")
    try:
        ensure_topics(own)
        topic = Topics(own.topic_prefix).requests
        producer = clients.producer(own)
        producer.send(topic, key=b"a", value=b"1").get(timeout=30)
    finally:
        stop(broker)
    kept = producer.send(topic, key=b"a", value=b"2")
    clients.close_producer(producer)
    assert not producer._sender.is_alive()
    assert kept.failed()


def test_a_consumer_that_cannot_be_made_leaves_no_thread(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "BOOTSTRAP_MS", 200)
    nobody = replace(settings, kafka=f"{LOOPBACK}:{free_port()}")
    before = set(threading.enumerate())
    with pytest.raises(KafkaError):
        clients.consumer(nobody, None)
    left = [one for one in threading.enumerate() if one not in before]
    for one in left:
        one.join(10)
    assert not any(one.is_alive() for one in left)
