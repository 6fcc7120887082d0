"""`entraide backup`: what the services hold, as of one moment, in a folder."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.backup.manifest import BackupError
from deploy.backup.saving import save
from deploy.cli.options import data_dir_option
from deploy.cli.target import find_settings

SERVICES = ("requests", "offers", "matcher", "portal")
"""Whose databases a backup holds."""


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@data_dir_option
def command(directory: Path, data_dir: Path) -> None:
    """Write what all services hold, as of one moment, into the new folder DIRECTORY.

    Services go on meanwhile. Of the stack of this machine, or of what ENTRAIDE_MONGODB names. What
    is confidential stands in the folder too: keep it as you keep the database. Kafka needs no
    backup; keep the keys and the environment's secrets yourself.
    """
    settings = [find_settings(data_dir, os.environ, service) for service in SERVICES]
    databases = {one.service: one.database for one in settings}
    if len(set(databases.values())) < len(databases):
        raise click.UsageError("unset ENTRAIDE_DATABASE: every service has a database of its own")
    try:
        client: MongoClient[dict[str, Any]] = MongoClient(settings[0].mongodb)
        with client:
            made = save(client, databases, directory, datetime.now(UTC))
    except (BackupError, OSError, PyMongoError) as error:
        raise click.ClickException(str(error)) from None
    for service, parts in made.services.items():
        documents = sum(part.documents for part in parts.values())
        click.echo(f"{service}: {documents} documents of {len(parts)} collections")
