"""Container health: `python -m deploy.docker.healthy api|worker` ends with 0 when it is well."""

import http.client
import os
import sys
import time
from pathlib import Path

API_PORT = 8000
LIVELY_SECONDS = 60.0


def api_is_ready() -> bool:
    """Whether the API in this container answers /readyz with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", API_PORT, timeout=4)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def worker_is_ready() -> bool:
    """Whether the worker in this container has said that it is ready, and still says so.

    It makes its ready file once its consumers have their partitions and touches it every few
    seconds while each of its loops comes round (shared/events/turns.py); a file that nobody touched
    for LIVELY_SECONDS is of a process that hangs, or has a loop that does.
    """
    try:
        touched = Path(os.environ["ENTRAIDE_READY_FILE"]).stat().st_mtime
    except FileNotFoundError:
        return False
    return time.time() - touched < LIVELY_SECONDS


def main(arguments: list[str]) -> int:
    """Check what is named; returns 0 when healthy, 1 when not, 2 for an unknown name."""
    checks = {"api": api_is_ready, "worker": worker_is_ready}
    if len(arguments) != 1 or arguments[0] not in checks:
        return 2
    return 0 if checks[arguments[0]]() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
