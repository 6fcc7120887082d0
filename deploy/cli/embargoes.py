"""`entraide embargoes`: the register of arms embargoes, and filling it from a dated list."""

import os
from datetime import UTC, datetime
from pathlib import Path

import click
from pymongo.errors import PyMongoError
from rich.console import Console
from rich.table import Table

from deploy.cli.options import data_dir_option
from deploy.cli.target import find_settings
from services.matcher.embargo_documents import Embargo
from services.matcher.embargoes import load
from shared.vocabulary.embargoes import ListedEmbargo, listed_embargoes, listed_on
from shared.web.database import connect_database
from shared.web.identity import Identity

_LOADER = Identity(subject="entraide embargoes load", role="operator")


@click.group(invoke_without_command=True)
@data_dir_option
@click.pass_context
def command(context: click.Context, data_dir: Path) -> None:
    """Show the register of arms embargoes.

    In the local stack's database, or the one that ENTRAIDE_MONGODB names.
    """
    if context.invoked_subcommand is not None:
        return
    try:
        connect_database(find_settings(data_dir, os.environ, "matcher"))
        embargoes = list(Embargo.objects.order_by("country", "id"))
    except PyMongoError as error:
        raise click.ClickException(f"the database: {error}") from None
    if not embargoes:
        click.echo("the register is empty")
        return
    Console().print(_table(embargoes))


@command.command("load")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_dir_option
def load_list(yes: bool, data_dir: Path) -> None:
    """Enter the Security Council's arms embargoes of a dated list into the register.

    They bar at once and are unconfirmed until a coordinator confirms each. What the register has
    already is left as it is.
    """
    entries, stated = listed_embargoes(), listed_on()
    for entry in entries:
        allowed = ", ".join(entry.allowed) or "nothing"
        click.echo(f"{entry.country}  {entry.resolution}  allows {allowed}: {entry.source}")
    click.echo(
        f"\nThis is what is known as of {stated:%d %B %Y}. A coordinator has to confirm each; "
        "until then it bars all help that it is not said to allow."
    )
    if not yes:
        click.confirm("Enter these into the register?", abort=True)
    try:
        connect_database(find_settings(data_dir, os.environ, "matcher"))
        entered, known = load([_body(entry) for entry in entries], _LOADER, datetime.now(UTC))
    except PyMongoError as error:
        raise click.ClickException(f"the database: {error}") from None
    click.echo(f"entered: {entered}, in the register before: {known}")


def _body(entry: ListedEmbargo) -> dict[str, object]:
    stated = listed_on()
    return {
        "country": entry.country,
        "resolution": entry.resolution,
        "allowed": list(entry.allowed),
        "from": entry.since,
        "to": None,
        "source": entry.source,
        "stated_on": stated,
        "review_by": entry.review_by,
        "exemptions": [],
        "reason": f"Entered from the list as of {stated.isoformat()}, {_read(entry)}. To be "
        "confirmed against the resolution and the pages of its sanctions committee.",
    }


def _read(entry: ListedEmbargo) -> str:
    """How far the list's facts were read up, as its head says."""
    if "SC/" in entry.source:
        return "whose last renewal was read in the press release that the source names"
    return "from general knowledge, without reading it up"


def _table(embargoes: list[Embargo]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("State", "under", "", "from", "to", "allows", "exemptions", "review by"):
        table.add_column(heading)
    for one in embargoes:
        table.add_row(
            *(one.country, one.resolution, one.status, one.start, one.end or ""),
            ", ".join(one.allowed) or "nothing",
            str(len(one.exemptions)),
            one.review_by or "",
        )
    return table
