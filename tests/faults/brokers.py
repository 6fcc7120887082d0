"""Faults of a broker with several nodes: of those that lead, whichever do at the moment."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from shared.events import clients
from shared.events.topics import Topics
from tests.faults.house import House
from tests.faults.injecting import Inject, direct, kill, stop

Find = Callable[[House], list[str]]
"""Gives the names of nodes' processes."""


def nodes(house: House) -> list[str]:
    """The names of all nodes, in the order of their numbers. A skip where there is but one."""
    plan = house.stack.plan
    names = list(plan.broker.ports(plan.ports.broker))
    if len(names) == 1:
        pytest.skip("the broker is a single node here")
    return names


def leading(house: House) -> list[str]:
    """The node that everybody writes to and reads from of one partition of the requests' topic."""
    names = nodes(house)
    settings = direct(house)
    with closing(clients.admin(settings)) as admin:
        (topic,) = admin.describe_topics([Topics(settings.topic_prefix).requests])
    return [names[topic["partitions"][0]["leader_id"] - 1]]


def controlling(house: House) -> list[str]:
    """The node that decides which of them lead."""
    names = nodes(house)
    with closing(clients.admin(direct(house))) as admin:
        told: dict[str, Any] = admin.describe_metadata_quorum()
    return [names[told["topics"][0]["partitions"][0]["leader_id"] - 1]]


def all_but_one(house: House) -> list[str]:
    """As many that what is left may acknowledge nothing."""
    return nodes(house)[1:]


def of(find: Find, do: Callable[..., Inject]) -> Inject:
    """Do it to what is found then."""
    return lambda house, seconds: do(*find(house))(house, seconds)


NODES: dict[str, Inject] = {
    "kill leading broker": of(leading, kill),
    "kill controlling broker": of(controlling, kill),
    "kill all brokers but one": of(all_but_one, kill),
    "kill all brokers": of(nodes, kill),
    "stop leading broker": of(leading, stop),
    "stop all brokers but one": of(all_but_one, stop),
}
