"""After a backup was restored: `python -m deploy.docker.restored SERVICE…`, before any process."""

import importlib
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from kafka.errors import KafkaError
from pymongo.errors import PyMongoError

from deploy.local.stack import SERVICES
from shared.events.restoring import StillRunning, after_restore
from shared.events.topics import TopicsMissing
from shared.settings import Settings, SettingsError
from shared.web.database import connect_database


def raise_service(service: str, environ: Mapping[str, str], now: datetime) -> int:
    """Raise the epoch of a service's database and mark all its records; the new epoch.

    Restored state then wins over the newer-looking events that topics still hold, and the service
    hears again what others said since. Raises SettingsError and what `after_restore` raises;
    running it again does no harm.
    """
    settings = Settings.from_environment(service, environ)
    aggregates = importlib.import_module(f"services.{service}.documents").AGGREGATES
    return after_restore(settings, connect_database(settings), aggregates, now)


def main(services: list[str], environ: Mapping[str, str]) -> int:
    """Do it for the services named; 0, or 1 with a message, or 2 unless they are ours."""
    if not services or not set(services) <= set(SERVICES):
        sys.stderr.write(f"name the services that were restored: {', '.join(SERVICES)}\n")
        return 2
    for service in services:
        try:
            epoch = raise_service(service, environ, datetime.now(UTC))
        except (SettingsError, StillRunning, TopicsMissing, KafkaError, PyMongoError) as error:
            sys.stderr.write(f"{service}: {error}\n")
            return 1
        sys.stdout.write(f"{service}: its records are of epoch {epoch} now\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
