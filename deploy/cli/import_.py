"""`entraide import`: what others publish, into the services."""

import os
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from deploy.cli.client import Client, UnreachableError
from deploy.cli.importing import Summary, import_iati
from deploy.cli.options import data_dir_option
from deploy.cli.progress import progress_bar
from deploy.cli.target import find_target
from services.offers.iati.faults import FileError

_ROLE = "operator"
_OUTCOMES = ("read", "created", "changed", "unchanged", "outside", "refused")


@click.group()
def command() -> None:
    """Bring in what others publish."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--organisation", metavar="ID", help="Whose activities they are; a donor's own else.")
@click.option("--preview", is_flag=True, help="Show what would be done, and write nothing.")
@data_dir_option
def iati(file: Path, organisation: str | None, preview: bool, data_dir: Path) -> None:
    """Bring in the activities of an IATI FILE (2.01 to 2.03, plain or gzip, of any size).

    Each becomes one record for every country it names. What cannot be taken is named with the
    reason, the rest is taken. Sending a file again makes nothing twice and changes what it says
    otherwise by now, so the command can be repeated, or broken off and started again.

    The services are those of the local stack, or those named by ENTRAIDE_URL_REQUESTS,
    ENTRAIDE_URL_OFFERS, ENTRAIDE_URL_MATCHER and ENTRAIDE_TOKEN. Exit code 1 where something of
    the file was refused.
    """
    console = Console()
    client = Client(find_target(data_dir, os.environ), _ROLE)
    with (
        file.open("rb") as content,
        progress_bar(console, file.name, file.stat().st_size, of_bytes=True) as advance,
    ):
        try:
            summary = import_iati(content, client, organisation, preview=preview, advance=advance)
        except FileError as error:
            raise click.ClickException(f"{file}: {error}") from None
        except UnreachableError as error:
            raise click.ClickException(
                f"{error}. What was brought in stays; import again to go on."
            ) from None
    if preview:
        console.print(_records(summary))
    console.print(_counts(summary))
    _tell(file, summary)


def _records(summary: Summary) -> Table:
    table = Table(box=None, pad_edge=False)
    names = ("identifier", "country", "outcome", "theme", "kind", "status")
    for name in names:
        table.add_column(name)
    table.add_column("amount", justify="right")
    table.add_column("")
    for record in summary.activities:
        amount = "" if record["amount"] is None else f"{record['amount']:,.2f}"
        table.add_row(*(record[name] for name in names), amount, record["currency"] or "")
    return table


def _counts(summary: Summary) -> Table:
    table = Table(box=None, pad_edge=False)
    for outcome in _OUTCOMES:
        table.add_column(outcome, justify="right")
    table.add_row(*(str(summary.counts[outcome]) for outcome in _OUTCOMES))
    return table


def _tell(file: Path, summary: Summary) -> None:
    for refusal in summary.refusals:
        named = refusal.identifier or "without identifier"
        place = f" ({refusal.country})" if refusal.country else ""
        told = f"activity {refusal.number}, {named}{place}: {refusal.field}: {refusal.message}"
        click.echo(told, err=True)
    if summary.incomplete is not None:
        raise click.ClickException(f"{file} breaks off: {summary.incomplete} (the rest is in)")
    if not summary.whole:
        count = summary.counts["refused"]
        activities = "1 activity is" if count == 1 else f"{count} activities are"
        raise click.ClickException(f"{activities} refused; correct and import again")
