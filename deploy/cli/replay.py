"""`entraide replay`: what the stores hold, published again."""

import os
from pathlib import Path

import click
from kafka.errors import KafkaError
from pymongo.errors import PyMongoError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from deploy.cli.options import data_dir_option
from deploy.cli.target import find_settings
from deploy.local.replaying import LISTENER, ORDER, forget_letters, replay_service
from shared.settings import Settings


@click.command()
@click.option(
    "--service",
    "services",
    type=click.Choice((LISTENER, *ORDER)),
    multiple=True,
    help="Only this service; may be repeated. Usual: all.",
)
@data_dir_option
def command(services: tuple[str, ...], data_dir: Path) -> None:
    """Publish everything in the stores again.

    Harmless at any time: whoever has seen a record's version already ignores it. Needed where the
    broker has lost events, and again where it was interrupted. Dead letters may be lost as well:
    what cannot be understood now is put aside again. The portal has these alone. Works on the
    local stack, or on what ENTRAIDE_KAFKA and ENTRAIDE_MONGODB name.
    """
    counts: dict[str, int] = {}
    wanted = services or (LISTENER, *ORDER)
    if LISTENER in wanted:
        _forget(find_settings(data_dir, os.environ, LISTENER))
    chosen = [service for service in ORDER if service in wanted]
    console = Console()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        tasks: dict[str, TaskID] = {}

        def report(service: str, done: int, total: int) -> None:
            if service not in tasks:
                tasks[service] = bar.add_task(service)
            bar.update(tasks[service], completed=done, total=total)

        for service in chosen:
            settings = find_settings(data_dir, os.environ, service)
            try:
                counts[service] = replay_service(service, settings, report)
            except PyMongoError as error:
                raise click.ClickException(f"the database of {service}: {error}") from None
            except KafkaError as error:
                why = str(error) or type(error).__name__
                raise click.ClickException(
                    f"the broker did not take all of {service}: {why}. Replay again once it does"
                ) from None
    for service, count in counts.items():
        click.echo(f"{service}: {count} records published again")


def _forget(settings: Settings) -> None:
    try:
        forget_letters(settings)
    except PyMongoError as error:
        raise click.ClickException(f"the database of {LISTENER}: {error}") from None
    click.echo(f"{LISTENER}: it puts aside again what it cannot understand")
