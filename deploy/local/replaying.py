"""Publishing again all that the stores hold: decisions, then offers, then requests.

The portal publishes no state, but its worker wrote dead letters too: those are forgotten with the
others'. Run as a program (`python -m deploy.local.replaying`) by the supervisor over an empty
broker.
"""

import importlib
import os
import sys
from collections.abc import Callable

from shared.events.letters import forget_written
from shared.events.replay import replay
from shared.settings import Settings
from shared.web.database import connect_database

ORDER = ("matcher", "offers", "requests")
"""Decisions and offers come before requests, so that the matcher ranks a request once, by all."""
LISTENER = "portal"
"""Hears events and owns none: of it there is nothing to publish, and dead letters to forget."""

Report = Callable[[str, int, int], None]


def replay_service(service: str, settings: Settings, report: Report = lambda *_: None) -> int:
    """Publish the state of every document of a service that has an event; how many that were.

    The dead letters that it wrote may be lost as well: those that it meets again are written
    again. `report` gets the service, how many documents are done, and of how many. Raises
    PyMongoError and KafkaError.
    """
    aggregates = importlib.import_module(f"services.{service}.documents").AGGREGATES
    forget_written(connect_database(settings))
    return replay(settings, aggregates, lambda done, total: report(service, done, total))


def forget_letters(settings: Settings) -> None:
    """Forget which dead letters the listener wrote; to be done before the first state is published.

    A worker that goes on meanwhile may meet the same poison as soon as that is there again.
    `settings` are the listener's. Raises PyMongoError.
    """
    forget_written(connect_database(settings))


def main() -> None:
    """Replay all services in their order."""
    forget_letters(Settings.from_environment(LISTENER, os.environ))
    for service in ORDER:
        settings = Settings.from_environment(service, os.environ)
        count = replay_service(service, settings)
        sys.stdout.write(f"{service}: {count} records published again\n")


if __name__ == "__main__":
    main()
