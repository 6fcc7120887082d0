"""`entraide import`: what others publish, into the services."""

import os
from pathlib import Path
from typing import Final, Literal, get_args

import click
from rich.console import Console
from rich.table import Table

from deploy.cli.client import Client
from deploy.cli.importing import Summary, import_iati, readable_twice
from deploy.cli.national_reports import Bodies, ReportError, Sent, read_report, send_report
from deploy.cli.options import LANGUAGES, data_dir_option
from deploy.cli.progress import progress_bar
from deploy.cli.target import find_target
from entraide.client import UnreachableError
from services.offers.iati.faults import FileError

_ROLE = "operator"
_Told = Literal["identifier", "country", "outcome", "theme", "kind", "status"]
_TOLD: Final[tuple[_Told, ...]] = get_args(_Told)
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
    reason, the rest is taken; of a file that cannot be read to its end nothing is. Sending a file
    again makes nothing twice and changes what it says otherwise by now, so the command can be
    repeated, or broken off and started again.

    The services are those of the local stack, or those named by ENTRAIDE_URL_REQUESTS,
    ENTRAIDE_URL_OFFERS, ENTRAIDE_URL_MATCHER and ENTRAIDE_TOKEN. Exit code 1 where something of
    the file was refused.
    """
    console = Console()
    client = Client(find_target(data_dir, os.environ), _ROLE)
    size = file.stat().st_size
    with (
        file.open("rb") as given,
        readable_twice(given) as content,
        progress_bar(console, file.name, 2 * size, of_bytes=True) as advance,
    ):
        try:
            steps = {"checked": advance, "advance": advance}
            summary = import_iati(content, client, organisation, preview=preview, **steps)
        except FileError as error:
            raise click.ClickException(f"{file}: nothing was brought in. {error}") from None
        except UnreachableError as error:
            raise click.ClickException(
                f"{error}. What was brought in stays; import again to go on."
            ) from None
    if preview:
        console.print(_records(summary))
    console.print(_counts(summary))
    _tell(summary)


@command.command("national-report")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--state", metavar="XXX", required=True, help="Whose report it is, ISO 3166 alpha-3.")
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="As which numbers such as 1,200 are read, and faults told.",
)
@click.option("--preview", is_flag=True, help="Show what would be done, and write nothing.")
@data_dir_option
def national_report(file: Path, state: str, language: str, preview: bool, data_dir: Path) -> None:
    """Bring in the needs of a State's national report out of a spreadsheet FILE (xlsx or CSV).

    The portal gives templates in six languages (Requests, Bring in a national report). Rows with
    the same reference become one draft, which its State confirms and submits. Where a cell is
    wrong, all are named and nothing is brought in; a reference that is known already changes
    nothing, so the command can be repeated. Exit code 1 where something was wrong or refused.
    """
    console = Console()
    try:
        bodies, notes = read_report(file, state.upper(), language)
    except ReportError as wrong:
        for fault in wrong.faults:
            click.echo(f"{fault.cell or file.name}: {fault.sentence(language)}", err=True)
        raise click.ClickException(f"{file}: nothing was brought in; put these right") from None
    for note in notes:
        click.echo(f"{note.cell}: {note.sentence(language)}", err=True)
    if preview:
        console.print(_requests(bodies))
        return
    client = Client(find_target(data_dir, os.environ), _ROLE)
    with progress_bar(console, file.name, len(bodies)) as advance:
        try:
            sent = send_report(bodies, client, advance)
        except UnreachableError as error:
            raise click.ClickException(
                f"{error}. What was brought in stays; import again to go on."
            ) from None
    _tell_sent(console, sent)


def _requests(bodies: Bodies) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("reference", "title", "theme", "kind"):
        table.add_column(name)
    for body in bodies:
        lines = body["needs"] or [{"theme": "", "kind": "(told by the text)"}]
        for line in lines:
            mark = body["external_id"]["id"] if line is lines[0] else ""
            table.add_row(mark, body["title"] if mark else "", line["theme"], line["kind"])
    return table


def _tell_sent(console: Console, sent: Sent) -> None:
    table = Table(box=None, pad_edge=False)
    outcomes = ("created", "known", "refused")
    for outcome in outcomes:
        table.add_column(outcome, justify="right")
    table.add_row(*(str(sent.counts[outcome]) for outcome in outcomes))
    console.print(table)
    for mark, why in sent.refusals:
        click.echo(f"{mark}: {why}", err=True)
    if sent.refusals:
        raise click.ClickException("not all was brought in; correct and import again")


def _records(summary: Summary) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in _TOLD:
        table.add_column(name)
    table.add_column("amount", justify="right")
    table.add_column("")
    for record in summary.activities:
        amount = "" if record["amount"] is None else f"{record['amount']:,.2f}"
        table.add_row(*(record[name] for name in _TOLD), amount, record["currency"] or "")
    return table


def _counts(summary: Summary) -> Table:
    table = Table(box=None, pad_edge=False)
    for outcome in _OUTCOMES:
        table.add_column(outcome, justify="right")
    table.add_row(*(str(summary.counts[outcome]) for outcome in _OUTCOMES))
    return table


def _tell(summary: Summary) -> None:
    for (number, note), identifier in summary.notes.items():
        click.echo(f"activity {number}, {identifier}: {note}", err=True)
    if summary.more_notes:
        click.echo(f"... and {summary.more_notes} more such notes", err=True)
    for refusal in summary.refusals:
        named = refusal.identifier or "without identifier"
        place = f" ({refusal.country})" if refusal.country else ""
        told = f"activity {refusal.number}, {named}{place}: {refusal.field}: {refusal.message}"
        click.echo(told, err=True)
    if not summary.whole:
        count = summary.counts["refused"]
        activities = "1 activity is" if count == 1 else f"{count} activities are"
        raise click.ClickException(f"{activities} refused; correct and import again")
