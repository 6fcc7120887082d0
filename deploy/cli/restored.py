"""`entraide restored`: after a backup was restored, before any process starts."""

import importlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime

import click
from kafka.errors import KafkaError
from pymongo.errors import PyMongoError

from deploy.local.stack import SERVICES
from shared.events.restoring import StillRunning, after_restore
from shared.events.topics import TopicsMissing
from shared.settings import Settings, SettingsError
from shared.web.database import connect_database


@click.command()
@click.argument("services", type=click.Choice(SERVICES), nargs=-1, required=True)
def command(services: tuple[str, ...]) -> None:
    """Let the restored databases of SERVICES win over what the topics hold.

    Raises the epoch of their records and lets their consumers start from the beginning. Run it
    while their processes are stopped, for the services whose database was restored and no other;
    again, it does no harm. Broker and database are those that ENTRAIDE_KAFKA and ENTRAIDE_MONGODB
    name. (The local stack needs none of it: its broker is filled from the database anyway.)
    """
    for service in services:
        try:
            epoch = raise_service(service, os.environ, datetime.now(UTC))
        except (SettingsError, StillRunning, TopicsMissing, KafkaError, PyMongoError) as error:
            raise click.ClickException(f"{service}: {error}") from None
        click.echo(f"{service}: its records are of epoch {epoch} now")


def raise_service(service: str, environ: Mapping[str, str], now: datetime) -> int:
    """Raise the epoch of a service's database and mark all its records; the new epoch.

    Restored state then wins over the newer-looking events that topics still hold, and the service
    hears again what others said since. Raises SettingsError and what `after_restore` raises;
    running it again does no harm.
    """
    settings = Settings.from_environment(service, environ)
    aggregates = importlib.import_module(f"services.{service}.documents").AGGREGATES
    return after_restore(settings, connect_database(settings), aggregates, now)
