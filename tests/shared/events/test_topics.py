"""Topics: made once, with explicit settings, and checked."""

import threading
from dataclasses import replace

import pytest

from deploy.local.servers import LOOPBACK, free_port
from shared.events.envelope import COMMITMENT, REQUEST
from shared.events.topics import (
    BrokerUnavailable,
    Topics,
    TopicsDiffer,
    TopicsMissing,
    check_broker,
    check_topics,
    ensure_topics,
    topic_configs,
    wait_for_broker,
)
from shared.settings import Settings


def test_made_once(settings: Settings) -> None:
    topics = Topics(settings.topic_prefix)
    wanted = [*topics.states, *topics.dead_letters]
    with pytest.raises(TopicsMissing, match=r"requests\.v1"):
        check_topics(settings, wanted)
    assert ensure_topics(settings) == wanted
    assert ensure_topics(settings) == []
    check_topics(settings, wanted)


def test_another_number_of_partitions(settings: Settings) -> None:
    ensure_topics(settings)
    with pytest.raises(TopicsDiffer, match="ENTRAIDE_TOPIC_PARTITIONS"):
        ensure_topics(replace(settings, topic_partitions=4))


def test_names() -> None:
    topics = Topics("p.")
    assert topics.states == (topics.requests, topics.offers, topics.activities, topics.matches)
    assert topics.requests == "p.requests.v1"
    assert topics.dead_letters[0] == "p.requests.v1.dead-letters"
    assert topics.of_type(COMMITMENT) == topics.matches
    assert topics.types_in(topics.requests) == {REQUEST}
    with pytest.raises(KeyError):
        topics.of_type("entraide.wish.v1")


def test_settings_are_explicit(settings: Settings) -> None:
    topics = Topics(settings.topic_prefix)
    settings = replace(settings, topic_min_insync=2)
    for name in topics.states:
        configs = topic_configs(settings, name)
        assert configs["cleanup.policy"] == "compact"
        assert configs["min.insync.replicas"] == "2"
    for name in topics.dead_letters:
        configs = topic_configs(settings, name)
        assert (configs["cleanup.policy"], configs["retention.ms"]) == ("delete", "-1")


def test_a_broker_that_is_away(settings: Settings) -> None:
    check_broker(settings, 5)
    wait_for_broker(settings, 5)
    away = replace(settings, kafka=f"{LOOPBACK}:{free_port()}")
    with pytest.raises(BrokerUnavailable, match=away.kafka):
        check_broker(away, 0.3)
    with pytest.raises(BrokerUnavailable):
        wait_for_broker(away, 0.5)
    stop = threading.Event()
    stop.set()
    wait_for_broker(away, 60, stop)
