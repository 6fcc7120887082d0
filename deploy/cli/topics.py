"""`entraide topics`: make what is missing."""

import os
from pathlib import Path

import click

from deploy.cli.options import data_dir_option
from deploy.cli.target import find_settings
from shared.events.topics import BrokerUnavailable, TopicsDiffer, ensure_topics


@click.command()
@data_dir_option
def command(data_dir: Path) -> None:
    """Make the topics that are missing, with their explicit settings.

    On the broker of the local stack, or the one that ENTRAIDE_KAFKA names. Existing topics are
    left as they are.
    """
    settings = find_settings(data_dir, os.environ, "local")
    try:
        created = ensure_topics(settings)
    except (BrokerUnavailable, TopicsDiffer) as error:
        raise click.ClickException(str(error)) from None
    for name in created:
        click.echo(f"made {name}")
    if not created:
        click.echo("all topics are there")
