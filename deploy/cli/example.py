"""What `entraide up --example` does once the stack is ready: load the examples, show proposals."""

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click
from pymongo.errors import PyMongoError
from rich.console import Console

from deploy.cli.client import Client
from deploy.cli.example_accounts import show_example_accounts
from deploy.cli.goldformat import GoldSetError
from deploy.cli.goldset import GoldSet, Row, read_set
from deploy.cli.load import load_with_progress, summary_table
from deploy.cli.proposals import fetch_proposals, show_proposals
from deploy.local.programs import Plan
from deploy.local.stack import DEFAULT_DIRECTORY
from entraide.client import ProblemError, UnreachableError
from entraide.client.records.requests import RequestView

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_SHOWN_REQUESTS = 2
_SHOWN_PROPOSALS = 3
_PATIENCE = 120.0


def show_example(client: Client, plan: Plan, console: Console) -> None:
    """Load the examples and print the first proposals; prints what went wrong, raises nothing.

    `client` acts as an operator. Ends soon after `client.abandon()`.
    """
    try:
        _show(client, plan, console)
    except (
        click.ClickException,
        GoldSetError,
        ProblemError,
        UnreachableError,
        PyMongoError,
    ) as error:
        message = error.message if isinstance(error, click.ClickException) else str(error)
        console.print(f"The examples could not be shown: {message}", markup=False)


def _show(client: Client, plan: Plan, console: Console) -> None:
    gold = read_set(EXAMPLES)
    summary = load_with_progress(gold, client, console)
    console.print("\nThe examples, all of them invented:")
    console.print(summary_table(summary))
    for error in summary.errors:
        console.print(str(error), markup=False)
    with console.status("waiting for the first proposals"):
        _wait_for_proposals(client, gold)
    for row in _shown(gold):
        console.print()
        request = client.get("requests", f"/v1/requests/{row.id}").of(RequestView)
        show_proposals(client, request, console, language="en", limit=_SHOWN_PROPOSALS)
    data_dir = plan.directory.path
    option = "" if data_dir == DEFAULT_DIRECTORY else f" --data-dir {data_dir}"
    more = f"{own_command()} proposals {gold.requests[-1].external}{option}"
    console.print(f"More: {more}", markup=False, soft_wrap=True)
    show_example_accounts(plan, gold, console, own_command())


def own_command() -> str:
    """How this command is typed here: its name where PATH has it, else its place."""
    own = Path(sys.executable).with_name("entraide")
    found = shutil.which(own.name)
    if found and Path(found).samefile(own):
        return own.name
    return str(own.relative_to(Path.cwd()) if own.is_relative_to(Path.cwd()) else own)


def _shown(gold: GoldSet) -> Sequence[Row]:
    """A few requests that stand apart: neighbours in the file may be alike on purpose."""
    return gold.requests[:: max(1, len(gold.requests) // _SHOWN_REQUESTS)][:_SHOWN_REQUESTS]


def _wait_for_proposals(client: Client, gold: GoldSet) -> None:
    """Wait until the requests that will be shown have proposals, two minutes at most."""
    deadline = time.monotonic() + _PATIENCE
    for row in _shown(gold):
        while not fetch_proposals(client, row.id, "en", 1) and time.monotonic() < deadline:
            time.sleep(0.3)
