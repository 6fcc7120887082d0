"""After a backup was restored: `python -m deploy.docker.restored SERVICE…`, before any process."""

import importlib
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from pymongo.errors import PyMongoError

from deploy.local.stack import SERVICES
from shared.events.epochs import raise_epoch
from shared.settings import Settings, SettingsError
from shared.web.database import connect_database


def raise_service(service: str, environ: Mapping[str, str], now: datetime) -> int:
    """Raise the epoch of a service's database and mark all its records; the new epoch.

    Restored state then wins over the newer-looking events that topics still hold. Raises
    SettingsError and PyMongoError; running it again does no harm.
    """
    database = connect_database(Settings.from_environment(service, environ))
    aggregates = importlib.import_module(f"services.{service}.documents").AGGREGATES
    return raise_epoch(database, aggregates, now)


def main(services: list[str], environ: Mapping[str, str]) -> int:
    """Do it for the services named; 0, or 1 with a message, or 2 unless they are ours."""
    if not services or not set(services) <= set(SERVICES):
        sys.stderr.write(f"name the services that were restored: {', '.join(SERVICES)}\n")
        return 2
    for service in services:
        try:
            epoch = raise_service(service, environ, datetime.now(UTC))
        except (SettingsError, PyMongoError) as error:
            sys.stderr.write(f"{service}: {error}\n")
            return 1
        sys.stdout.write(f"{service}: its records are of epoch {epoch} now\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
