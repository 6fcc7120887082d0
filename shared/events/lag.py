"""How far a consumer group is behind what stands in its topics."""

from collections.abc import Sequence
from contextlib import closing

from shared.events import clients
from shared.events.reader import known_partitions
from shared.settings import Settings


def lag(settings: Settings, group: str, topics: Sequence[str]) -> int:
    """How many records the group has yet to take in, as far as it has told the broker.

    `group` without the deployment's prefix. What it never told of counts from the beginning. Blocks
    for the broker's answers; raises TopicsMissing or KafkaError.
    """
    with closing(clients.consumer(settings, group)) as consumer:
        partitions = known_partitions(consumer, topics)
        begins = consumer.beginning_offsets(partitions)
        ends = consumer.end_offsets(partitions)
        told = {one: consumer.committed(one) for one in partitions}
        return sum(max(0, ends[one] - max(begins[one], told[one] or 0)) for one in partitions)
