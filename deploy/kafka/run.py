"""Runs a command with ENTRAIDE_TEST_KAFKA naming a fresh Apache Kafka node.

Where Kafka cannot be had, says so and ends with success: a plain skip.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.kafka.server import KafkaUnavailableError, kafka_node


def main(command: list[str]) -> int:
    """Run `command`; returns its exit code, or 0 where Apache Kafka is not to be had."""
    with tempfile.TemporaryDirectory(prefix="entraide-kafka-") as directory:
        try:
            with kafka_node(Path(directory)) as address:
                print(f"Apache Kafka listens on {address}", flush=True)  # noqa: T201
                environment = {**os.environ, "ENTRAIDE_TEST_KAFKA": address}
                return subprocess.run(command, env=environment, check=False).returncode
        except KafkaUnavailableError as unavailable:
            print(f"skipped: no Apache Kafka to test with ({unavailable})")  # noqa: T201
            return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
