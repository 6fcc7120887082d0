"""`entraide restore`: a backup, in the place of what the services hold now."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from kafka.errors import KafkaError
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.backup import manifest
from deploy.backup.bringing_back import bring_back, require_services
from deploy.cli.backup import SERVICES
from deploy.cli.restored import raise_service
from deploy.local.stack import SERVICES as OWNERS
from services.portal import accounts
from shared.events.restoring import (
    MARK_SEEN_SECONDS,
    StillRunning,
    forget_positions,
    marked_restoring,
)
from shared.events.topics import TopicsMissing
from shared.settings import Settings, SettingsError
from shared.web.database import connect_database


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("services", type=click.Choice(SERVICES), nargs=-1)
def command(directory: Path, services: tuple[str, ...]) -> None:
    """Put the backup in DIRECTORY in the place of what SERVICES hold now; usual: all of them.

    Its digests are checked before anything is written. What was registered since the backup is
    gone afterwards: records win by a higher epoch, those that the backup has not get a
    tombstone, and consumers hear again what others said. Of the portal every session, link for a
    new password and signed token ends. Stop all processes of the services first: it refuses to
    begin while workers run, and APIs that run refuse all calls until it is done; where it was
    broken off after it began to delete, until it was run again, which does no harm. Broker and
    database are those that ENTRAIDE_KAFKA and ENTRAIDE_MONGODB name.
    """
    chosen = services or SERVICES
    try:
        found = manifest.read(directory)
        manifest.verify(directory, found)
        require_services(chosen, directory, found)
        settings = [Settings.from_environment(service, os.environ) for service in chosen]
        client: MongoClient[dict[str, Any]] = MongoClient(settings[0].mongodb)
        own = [client[one.database] for one in settings]
        with client, marked_restoring(own, datetime.now(UTC)) as begin:
            for one in settings:
                forget_positions(one)
            time.sleep(MARK_SEEN_SECONDS)
            begin()
            databases = {one.service: one.database for one in settings}
            counts = bring_back(client, databases, directory, found)
            for one in settings:
                told = f"{one.service}: {counts[one.service]} documents as of {found.made_at}"
                if one.service in OWNERS:
                    epoch = raise_service(one.service, os.environ, datetime.now(UTC))
                    told += f", of epoch {epoch} now"
                else:
                    told += f", {_end_everything(one)} account(s) have to sign in again"
                click.echo(told)
    except (
        *(manifest.BackupError, SettingsError, StillRunning, TopicsMissing),
        *(KafkaError, PyMongoError, OSError),
    ) as error:
        raise click.ClickException(str(error)) from None


def _end_everything(settings: Settings) -> int:
    # As of the others (after_restore): its worker may have come while nobody looked.
    forget_positions(settings)
    connect_database(settings)
    return accounts.end_everything()
