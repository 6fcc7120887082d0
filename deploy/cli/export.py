"""`entraide export`: what the services hold, as files for others."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click
from rich.console import Console

from deploy.cli.client import Client
from deploy.cli.export_iati import iati
from deploy.cli.options import LANGUAGES, data_dir_option
from deploy.cli.progress import progress_bar
from deploy.cli.saving import pages_of, pieces
from deploy.cli.target import find_target
from services.portal.lists.files import CSV, TYPES, XLSX
from services.portal.lists.matching import MATCHING
from services.portal.lists.registers import REGISTERS

_ROLE = "operator"
_LISTS = {name: one for name, one in {**REGISTERS, **MATCHING}.items() if "{}" not in one.path}


@click.group()
def command() -> None:
    """Write what the services hold to files."""


command.add_command(iati)


@command.command("list")
@click.argument("name", type=click.Choice(sorted(_LISTS)))
@click.option(
    "--format", "ending", type=click.Choice(sorted(TYPES)), default=CSV, show_default=True
)
@click.option(
    "--where",
    metavar="NAME=VALUE",
    multiple=True,
    help="A filter as the service's API has it, such as theme=marking; may be given several times.",
)
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="The file to write, whole or not at all, over what stands there. Else it is printed.",
)
@data_dir_option
def list_(
    name: str,
    ending: str,
    where: tuple[str, ...],
    language: str,
    out: Path | None,
    data_dir: Path,
) -> None:
    """Write the list NAME as CSV with HXL tags, as JSON Lines or as xlsx, of any length.

    A list holds what the token may see, as on the portal's page of files. The services are those of
    the local stack, or those named by ENTRAIDE_URL_REQUESTS, ENTRAIDE_URL_OFFERS,
    ENTRAIDE_URL_MATCHER and ENTRAIDE_TOKEN.
    """
    if out is None and ending == XLSX:
        raise click.UsageError("an xlsx is no text: say --out FILE")
    client = Client(find_target(data_dir, os.environ), _ROLE)
    listing, filters = _LISTS[name], dict(_filter(one) for one in where)
    if name == "proposals":  # of which the API wants to be asked for something
        filters = {"status": "proposed", **filters}
    console = Console(stderr=True)
    with (
        progress_bar(console, name, None) as advance,
        _written(out) as file,
    ):
        found = pages_of(client, listing, filters, advance)
        for piece in pieces(client, listing, ending, found, language):
            file.write(piece)


@contextmanager
def _written(out: Path | None) -> Iterator[IO[bytes]]:
    """What to write into; a list that breaks off leaves the file as it was."""
    if out is None:
        yield sys.stdout.buffer
        return
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(out)
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)


def _filter(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise click.UsageError(f"--where {text}: write it as NAME=VALUE")
    return name, value
