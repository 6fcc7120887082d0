"""`python -m deploy.kafka.node PORT DIRECTORY ADVERTISED NUMBER CONTROLLER…`: becomes a node.

It is prepared first. `NUMBER` is its place among as many nodes as there are ports of controllers;
it is alone where there are none.
"""

import os
import sys
from pathlib import Path

from deploy.kafka.server import KafkaUnavailableError, Place, prepare_node


def main(port: str, directory: str, advertised: str, number: str, *controllers: str) -> None:
    """Replace this process by the node, so that whoever stops it stops Kafka itself."""
    place = Place(int(number), [int(one) for one in controllers]) if controllers else None
    try:
        command = prepare_node(int(port), Path(directory), int(advertised), place)
    except KafkaUnavailableError as unavailable:
        sys.exit(f"no Apache Kafka: {unavailable}")
    os.execvp(command[0], command)  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main(*sys.argv[1:])
