"""`entraide load`: a directory of records into the services."""

import os
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from deploy.cli.client import Client
from deploy.cli.goldset import GoldSet, read_set
from deploy.cli.loading import ROLE, Summary, load
from deploy.cli.options import data_dir_option
from deploy.cli.progress import progress_bar
from deploy.cli.target import find_target
from entraide.client import UnreachableError

_NAMES = {
    "organisation": "organisations",
    "offer": "offers",
    "activity": "activities",
    "request": "requests",
}


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--text-only",
    is_flag=True,
    help="Leave out needs, provisions and priority, as if only the texts were known.",
)
@data_dir_option
def command(directory: Path, text_only: bool, data_dir: Path) -> None:
    """Load requests.jsonl, offers.jsonl and activities.jsonl of DIRECTORY.

    Offers are registered, submitted and published by an operator's token. Requests are registered
    and submitted with express consent, and a coordinator's token authenticates them, which
    circulates them. What was loaded before under the same directory name and id is left as it is,
    so that the command can be repeated, or broken off and started again.

    The services are those of the local stack, or those named by ENTRAIDE_URL_REQUESTS,
    ENTRAIDE_URL_OFFERS, ENTRAIDE_URL_MATCHER, ENTRAIDE_TOKEN and ENTRAIDE_TOKEN_COORDINATOR.
    """
    console = Console()
    gold = read_set(directory, text_only=text_only)
    summary = load_with_progress(gold, Client(find_target(data_dir, os.environ), ROLE), console)
    console.print(summary_table(summary))
    for error in summary.errors:
        click.echo(str(error), err=True)
    if summary.errors:
        count = len({(error.file, error.line) for error in summary.errors})
        rows = "1 row is" if count == 1 else f"{count} rows are"
        raise click.ClickException(f"{rows} wrong; correct and load again (the rest is loaded)")


def load_with_progress(gold: GoldSet, client: Client, console: Console) -> Summary:
    """Load with a progress bar; raises click.ClickException when a service stays silent."""
    total = sum(
        len(rows) for rows in (gold.organisations, gold.offers, gold.activities, gold.requests)
    )
    with progress_bar(console, f"loading {gold.source}", total) as advance:
        try:
            return load(gold, client, lambda _: advance())
        except UnreachableError as error:
            raise click.ClickException(
                f"{error}. What was loaded stays; load again to go on."
            ) from None


def summary_table(summary: Summary) -> Table:
    """A table of what was made, was there already, or failed."""
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for heading in ("made", "already there", "refused"):
        table.add_column(heading, justify="right")
    for kind, name in _NAMES.items():
        counts = [counter[kind] for counter in (summary.made, summary.known, summary.failed)]
        if any(counts):
            table.add_row(name, *map(str, counts))
    return table
