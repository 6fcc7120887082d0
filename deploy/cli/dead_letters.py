"""`entraide dead-letters`: events that nobody could understand."""

import os
from pathlib import Path

import click
from kafka.errors import KafkaError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.cli.options import data_dir_option
from deploy.cli.target import find_settings
from shared.events.dead_letters import DeadLetter, UnknownDeadLetter, list_dead_letters, retry
from shared.events.topics import TopicsMissing
from shared.settings import Settings


@click.group()
def command() -> None:
    """Events that could not be understood: see why, and try them again.

    On the broker of the local stack, or the one that ENTRAIDE_KAFKA names.
    """


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that were sent back before.")
@data_dir_option
def show(everything: bool, data_dir: Path) -> None:
    """List dead letters, the oldest first, each with the reason."""
    settings = find_settings(data_dir, os.environ, "local")
    try:
        letters = list_dead_letters(settings, retried=everything)
    except (KafkaError, TopicsMissing) as error:
        raise _broker_error(settings, error) from None
    if not letters:
        click.echo("no dead letters")
        return
    console = Console()
    for letter in letters:
        console.print(_letter(letter))


@command.command("retry")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="All that were not sent back yet.")
@data_dir_option
def send_back(ids: tuple[str, ...], everything: bool, data_dir: Path) -> None:
    """Send dead letters back to their topics, once what they died of has been mended.

    One that fails again becomes a new dead letter.
    """
    if everything == bool(ids):
        raise click.UsageError("name the dead letters' ids, or give --all")
    settings = find_settings(data_dir, os.environ, "local")
    try:
        done = retry(settings, None if everything else ids)
    except UnknownDeadLetter as error:
        raise click.UsageError(str(error)) from None
    except (KafkaError, TopicsMissing) as error:
        raise _broker_error(settings, error) from None
    click.echo(f"sent back: {len(done.sent)}")
    for identifier, why in done.refused.items():
        click.echo(f"not sent back: {identifier}: {why}", err=True)
    if done.refused:
        raise SystemExit(1)


def _letter(letter: DeadLetter) -> Table:
    key = (letter.key or b"").decode("utf-8", "replace")
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 1, 0))
    table.add_row(
        Text(letter.time.isoformat(sep=" ", timespec="seconds")),
        Text.assemble(
            (letter.reason, "bold"),
            f": {letter.detail}\n",
            f"{letter.topic}, partition {letter.partition}, offset {letter.offset}, key {key}\n",
            f"given up by {letter.consumer}" + (", sent back since" if letter.retried else ""),
            (f"\n{letter.id}", "dim"),
        ),
    )
    return table


def _broker_error(settings: Settings, error: Exception) -> click.ClickException:
    return click.ClickException(f"the broker at {settings.kafka}: {error}")
