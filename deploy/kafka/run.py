"""Runs a command with ENTRAIDE_TEST_KAFKA naming a fresh Apache Kafka node.

Where Java, Maven or Maven Central is not to be had, says so and ends with success: a plain skip.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from deploy.kafka.server import KafkaUnavailableError, kafka_node

GRACE = 60.0
"""Seconds that a command has to tidy up."""


def main(command: Sequence[str]) -> int:
    """Run `command`; returns its exit code, or 0 where Apache Kafka is not to be had.

    Raises RuntimeError where Kafka does not start: that is a failure, not a skip. On SIGTERM both
    the command and the node are stopped, and the process ends as the signal asks.
    """
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    # A shell that starts this in the background has it ignored, and the command would too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="entraide-kafka-") as directory:
        try:
            with kafka_node(Path(directory)) as address:
                print(f"Apache Kafka listens on {address}", flush=True)  # noqa: T201
                return _run(command, {**os.environ, "ENTRAIDE_TEST_KAFKA": address})
        except KafkaUnavailableError as unavailable:
            print(f"skipped: no Apache Kafka to test with ({unavailable})")  # noqa: T201
            return 0


def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    # While the command starts there is nothing yet to tell: whoever ends this waits so long.
    asked: list[int] = []
    ends = signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    process = subprocess.Popen(command, env=environment)
    try:
        signal.signal(signal.SIGTERM, ends)
        if asked:
            sys.exit(128 + asked[0])
        return _wait(process)
    except KeyboardInterrupt:
        process.wait()  # the terminal has told it too
        raise
    except SystemExit:
        # pytest takes down what its fixtures have started on SIGINT, not on SIGTERM.
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
        process.kill()
        process.wait()
        raise


def _wait(process: subprocess.Popen[bytes]) -> int:
    # Asked again and again: a signal that comes just before the system waits is heeded only after.
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
