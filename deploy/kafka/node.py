"""`python -m deploy.kafka.node PORT DIRECTORY [ADVERTISED_PORT]`: prepares and becomes a node."""

import os
import sys
from pathlib import Path

from deploy.kafka.server import KafkaUnavailableError, prepare_node


def main(port: str, directory: str, advertised: str | None = None) -> None:
    """Replace this process by the node, so that whoever stops it stops Kafka itself."""
    try:
        command = prepare_node(int(port), Path(directory), int(advertised or port))
    except KafkaUnavailableError as unavailable:
        sys.exit(f"no Apache Kafka: {unavailable}")
    os.execvp(command[0], command)  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main(*sys.argv[1:])
