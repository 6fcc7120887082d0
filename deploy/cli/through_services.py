"""Ranking a gold set through HTTP, Kafka and MongoDB, on a scratch stack of its own."""

import base64
import tempfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import click
from rich.console import Console

from deploy.cli.client import Client
from deploy.cli.goldset import GoldSet
from deploy.cli.load import load_with_progress
from deploy.cli.loading import ROLE as LOADER
from deploy.cli.proposals import ROLE as READER
from deploy.cli.rankings import SIZE, Ranked, Rankings
from deploy.cli.settling import Watch, wait_until_settled
from deploy.cli.target import stack_target
from deploy.local.programs import Plan, service_settings
from deploy.local.running import local_stack
from deploy.local.stack import SERVICES, DataDirectory, Ports

_QUIET_SECONDS = 3.0
_PATIENCE = 300.0


def rank_through_services(
    gold: GoldSet,
    countries: Path | None,
    as_of: date,
    term_key: bytes,
    console: Console,
    also: Callable[[Client], object] = lambda _: None,
) -> Rankings:
    """Load the set into a stack in a temporary directory and read GET /v1/proposals.

    `countries` is a countries.tsv that decides regions and groups. `also` reads what else is wanted
    before the stack stops. Raises click.ClickException
    when a row is refused or the stack does not come to rest, and StartError when it does not
    start.
    """
    extra = {
        "ENTRAIDE_AS_OF": as_of.isoformat(),
        "ENTRAIDE_COUNTRIES_FILE": str(countries.resolve()) if countries else "",
        "ENTRAIDE_TERM_KEY": base64.b64encode(term_key).decode(),
    }
    with tempfile.TemporaryDirectory(prefix="entraide-evaluate-") as scratch:
        directory = DataDirectory(Path(scratch) / "data")
        with local_stack(directory, Ports.free(), console.print, extra) as stack:
            with console.status("starting a scratch stack"):
                if not stack.wait_ready():
                    raise click.Abort
            return stack.run_beside(lambda: _rank(stack.plan, gold, console, also))


def _rank(
    plan: Plan, gold: GoldSet, console: Console, also: Callable[[Client], object]
) -> Rankings:
    target = stack_target(plan.ports, plan.keys, "evaluation")
    summary = load_with_progress(gold, Client(target, LOADER), console)
    if summary.errors:
        lines = "\n".join(str(error) for error in summary.errors[:20])
        raise click.ClickException(f"rows are wrong, so there is nothing to compare:\n{lines}")
    settings = {service: service_settings(plan, service) for service in SERVICES}
    watch = Watch(settings, [row.id for row in gold.requests])
    with console.status("waiting until everything is ranked"):
        try:
            wait_until_settled(watch, _QUIET_SECONDS, _PATIENCE)
        except TimeoutError as error:
            raise click.ClickException(
                f"the matcher did not come to rest within {_PATIENCE:.0f} seconds: {error}"
            ) from None
    reader = Client(target, READER)
    also(reader)
    return _read(reader, gold)


def _read(client: Client, gold: GoldSet) -> Rankings:
    names: Mapping[str, str] = {row.id: row.external for row in gold.offers}
    rankings = {}
    for row in gold.requests:
        query = {"request": row.id, "limit": SIZE}
        items = list(client.items("matcher", "/v1/proposals", **query))
        rankings[row.external] = [Ranked(names[item["offer"]], item["score"]) for item in items]
    return rankings
