"""`entraide proposals`: a request's ranked offers, readable."""

import os
import re
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Final, Literal

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from deploy.cli.client import Client
from deploy.cli.options import LANGUAGES, data_dir_option
from deploy.cli.target import find_target
from entraide.client import ProblemError
from entraide.client.records.matcher import ProposalView, ProposalViewPage
from entraide.client.records.offers import OfferView, OrganisationView
from entraide.client.records.requests import RequestView
from shared.lifecycle import REQUEST

ROLE = "coordinator"
_OWN_ID = re.compile(r"[0-9a-f]{24}")
_Field = Literal["reasons", "against", "lacking"]
# Sign, field and style of what is told of a proposal, in this order.
_TOLD: Final[tuple[tuple[str, _Field, str], ...]] = (
    *(("+", "reasons", ""), ("–", "against", "")),
    ("○", "lacking", "dim"),
)


@click.command()
@click.argument("request_id")
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="Language of the reasons.",
)
@click.option(
    "--limit", type=click.IntRange(1, 50), default=10, show_default=True, help="How many to show."
)
@data_dir_option
def command(request_id: str, language: str, limit: int, data_dir: Path) -> None:
    """Show the ranked proposals for REQUEST_ID.

    REQUEST_ID is the service's own id, or the id that a loaded set gave it, such as E-R01; where
    several sets have the same id, SET/ID says which, such as examples/E-R01.

    Each offer has its reasons: what speaks for it (+) and against it (–), and what it lacks (○).
    Where an author's codes and text contradict one another, it says so (!).
    """
    client = Client(find_target(data_dir, os.environ), ROLE, patience=10)
    request = find_request(client, request_id)
    show_proposals(client, request, Console(), language=language, limit=limit)


def find_request(client: Client, name: str) -> RequestView:
    """The request of that id, own or external; raises click.UsageError when there is not one."""
    if _OWN_ID.fullmatch(name):
        try:
            return client.get("requests", f"/v1/requests/{name}").of(RequestView)
        except ProblemError as problem:
            if problem.status != HTTPStatus.NOT_FOUND:
                raise
    source, _, external = name.rpartition("/")
    query = {"external_id": external, "external_source": source or None}
    found = list(client.items_of(RequestView, "requests", "/v1/requests", **query))
    if not found:
        raise click.UsageError(f"there is no request with the id {name}")
    if len(found) > 1:
        names = ", ".join(sorted({_name(one) for one in found}))
        raise click.UsageError(f"several requests have the id {external}; say which: {names}")
    return found[0]


def fetch_proposals(client: Client, request: str, language: str, limit: int) -> list[ProposalView]:
    """The best `limit` proposals (50 at most) of a request, in their order."""
    query = {"request": request, "language": language, "limit": limit}
    return client.get("matcher", "/v1/proposals", **query).of(ProposalViewPage)["items"]


def show_proposals(
    client: Client, request: RequestView, console: Console, *, language: str, limit: int
) -> None:
    """Print a request and its proposals, with titles from the offers service."""
    console.print(Text(request["title"], style="bold"))
    console.print(f"{_name(request)}, {request['country']}, {request['status']}", highlight=False)
    proposals = fetch_proposals(client, request["id"], language, limit)
    if not proposals:
        console.print(_why_none(request))
        return
    for contradiction in _contradictions(proposals[0], "request"):
        console.print(Text(contradiction))
    console.print(_table(client, proposals))


def _name(record: RequestView) -> str:
    external = record.get("external_id")
    return f"{external['source']}/{external['id']}" if external else record["id"]


def _why_none(request: RequestView) -> str:
    if request["status"] not in REQUEST.shown:
        return f"No proposals: the request is {request['status']}, not circulated."
    return "No proposals: no offer fits, or the matcher has not come to it yet."


def _table(client: Client, proposals: Iterable[ProposalView]) -> Padding:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0))
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("offer", ratio=2)
    table.add_column("why", ratio=3)
    donors: dict[str, str] = {}
    for proposal in proposals:
        title, donor = _offer(client, proposal, donors)
        offer = Text.assemble((title, "bold"), f"\n{donor}\n{proposal['cooperation']}\n")
        offer.append(proposal["offer"], "dim")
        if proposal["status"] != "proposed":
            offer.append(f"\n{proposal['status']}", "italic")
        table.add_row(str(proposal["rank"]), f"{proposal['score']:.3f}", offer, _why(proposal))
    return Padding(table, (1, 0, 0, 0))


def _why(proposal: ProposalView) -> Text:
    """The reasons for (+) and against (–), what is lacking, and what is doubtful of the offer."""
    why = Text()
    for sign, name, style in _TOLD:
        for one in proposal[name]:
            why.append(f"{sign} {one['sentence']}\n", style)
    for contradiction in _contradictions(proposal, "offer"):
        why.append(f"{contradiction}\n")
    why.rstrip()
    return why


def _contradictions(proposal: ProposalView, side: str) -> list[str]:
    """What an author's codes say and the author's text does not."""
    found = [one for one in proposal["contradictions"] if one["side"] == side]
    return [f"! {one['sentence']}" for one in found]


def _offer(client: Client, proposal: ProposalView, donors: dict[str, str]) -> tuple[str, str]:
    """Title and donor's name, as far as the offers service shows them to this reader."""
    try:
        offer = client.get("offers", f"/v1/offers/{proposal['offer']}").of(OfferView)
        organisation = offer["organisation"]
        if organisation not in donors:
            answer = client.get("offers", f"/v1/organisations/{organisation}")
            donors[organisation] = answer.of(OrganisationView)["name"]
    except ProblemError:
        return "(not shown to you)", proposal["organisation"]
    return offer["title"], donors[organisation]
