"""Marking everything that the stores hold for the relay: decisions, then offers, then requests.

Run as a program (`python -m deploy.local.replaying`) by the supervisor over an empty broker.
"""

import importlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from shared.events.letters import forget_written
from shared.events.pending import waiting_since
from shared.events.replay import replay
from shared.settings import Settings
from shared.web.database import connect_database

ORDER = ("matcher", "offers", "requests")
"""Decisions and offers come before requests, so that the matcher ranks a request once, by all."""

_DRAIN_SECONDS = 120.0

Report = Callable[[str, int, int], None]


def replay_service(
    service: str, settings: Settings, report: Report = lambda *_: None, drain: float = 0.0
) -> int:
    """Mark every document of a service that has an event; how many that were.

    The dead letters that it wrote may be lost as well: those that it meets again are written
    again. Waits up to `drain` seconds until the service's relay has published the documents.
    `report` gets the service, how many are done, and of how many.
    """
    aggregates = importlib.import_module(f"services.{service}.documents").AGGREGATES
    forget_written(connect_database(settings))
    count = replay(aggregates, lambda done, total: report(service, done, total))
    deadline = time.monotonic() + drain
    while time.monotonic() < deadline and waits(aggregates):
        time.sleep(0.1)
    return count


def waits(aggregates: Sequence[Any]) -> bool:
    """Whether any document of the connected service waits for the relay."""
    return any(waiting_since(aggregate._get_collection()) for aggregate in aggregates)


def main() -> None:
    """Replay all services in their order, each once the one before has been published."""
    for service in ORDER:
        settings = Settings.from_environment(service, os.environ)
        count = replay_service(service, settings, drain=_DRAIN_SECONDS)
        sys.stdout.write(f"{service}: {count} records marked for the relay\n")


if __name__ == "__main__":
    main()
