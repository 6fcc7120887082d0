"""`entraide export iati`: what is committed, for others' registers."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from deploy.cli.client import Client
from deploy.cli.options import data_dir_option
from deploy.cli.progress import Advance, progress_bar
from deploy.cli.target import find_target
from services.portal.iati.files import PAGE, PATH, NothingError, pieces

_ROLE = "operator"
_LISTS = {
    "requests": ("requests", "/v1/requests"),
    "offers": ("offers", "/v1/offers"),
    "organisations": ("offers", "/v1/organisations"),
}


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--organisation", metavar="ID", help="Whose file it is: others' are second hand.")
@click.option(
    "--confidential", is_flag=True, help="With matches of confidential requests and lines too."
)
@data_dir_option
def iati(file: Path, organisation: str | None, confidential: bool, data_dir: Path) -> None:
    """Write every committed match as an activity into an IATI FILE (2.03).

    Those that the token may see; what is confidential is left out unless asked for. FILE is there
    whole or not at all. `entraide import iati` of another installation takes it.

    The services are those of the local stack, or those named by ENTRAIDE_URL_REQUESTS,
    ENTRAIDE_URL_OFFERS, ENTRAIDE_URL_MATCHER and ENTRAIDE_TOKEN.
    """
    console = Console()
    client = Client(find_target(data_dir, os.environ), _ROLE)
    part = file.with_name(f"{file.name}.part")
    try:
        with (
            progress_bar(console, file.name, None) as advance,
            part.open("wb") as out,
        ):
            source = Reading(client, confidential, advance)
            for piece in pieces(source, datetime.now(UTC), own=organisation):
                out.write(piece)
        part.replace(file)
    except NothingError:
        raise click.ClickException("nothing is committed that this token may see") from None
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)
    console.print(f"{source.count} matches in {file}")


class Reading:
    """The services as the source of a file; `advance` is told of each match."""

    def __init__(self, client: Client, confidential: bool, advance: Advance) -> None:
        self._client = client
        self._confidential = "true" if confidential else None
        self._advance = advance
        self.count = 0

    def page(self, cursor: str | None) -> Mapping[str, Any]:
        """A page of matches."""
        query = {"cursor": cursor, "limit": PAGE, "confidential": self._confidential}
        found = self._client.get("matcher", PATH, **query).body
        self.count += len(found["items"])
        self._advance(len(found["items"]))
        return found

    def find(
        self, requests: Sequence[str], offers: Sequence[str], organisations: Sequence[str]
    ) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        """The records, many with each call."""
        ids = {"requests": requests, "offers": offers, "organisations": organisations}
        return {kind: self._records(kind, some) for kind, some in ids.items()}

    def _records(self, kind: str, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        service, path = _LISTS[kind]
        found: dict[str, Mapping[str, Any]] = {}
        for at in range(0, len(ids), PAGE):
            some = list(ids[at : at + PAGE])
            answer = self._client.get(service, path, id=some, limit=PAGE)
            found |= {one["id"]: one for one in answer.body["items"]}
        return found
