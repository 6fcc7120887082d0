"""What `entraide up --example` does once the stack is ready: load the examples, show proposals."""

import time
from pathlib import Path

import click
from rich.console import Console

from deploy.cli.client import Client, ProblemError, UnreachableError
from deploy.cli.goldformat import GoldSetError
from deploy.cli.goldset import GoldSet, read_set
from deploy.cli.load import load_with_progress, summary_table
from deploy.cli.proposals import ROLE, fetch_proposals, show_proposals
from deploy.cli.target import stack_target
from deploy.local.programs import Plan

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_SHOWN_REQUESTS = 2
_SHOWN_PROPOSALS = 3
_PATIENCE = 120.0


def show_example(plan: Plan, console: Console) -> None:
    """Load the examples and print the first proposals; prints what went wrong, raises nothing."""
    try:
        _show(plan, console)
    except (click.ClickException, GoldSetError, ProblemError, UnreachableError) as error:
        message = error.message if isinstance(error, click.ClickException) else str(error)
        console.print(f"The examples could not be shown: {message}", markup=False)


def _show(plan: Plan, console: Console) -> None:
    gold = read_set(EXAMPLES)
    target = stack_target(plan.ports, plan.keys, "example")
    summary = load_with_progress(gold, target, console)
    console.print("\nThe examples, all of them invented:")
    console.print(summary_table(summary))
    for error in summary.errors:
        console.print(str(error), markup=False)
    client = Client(target, ROLE)
    with console.status("waiting for the first proposals"):
        _wait_for_proposals(client, gold)
    for row in gold.requests[:_SHOWN_REQUESTS]:
        console.print()
        request = client.get("requests", f"/v1/requests/{row.id}").body
        show_proposals(client, request, console, language="en", limit=_SHOWN_PROPOSALS)
    option = (
        "" if plan.directory.path == Path(".entraide") else f" --data-dir {plan.directory.path}"
    )
    console.print(f"More: entraide proposals {gold.requests[-1].external}{option}", markup=False)


def _wait_for_proposals(client: Client, gold: GoldSet) -> None:
    """Wait until the requests that will be shown have proposals, two minutes at most."""
    deadline = time.monotonic() + _PATIENCE
    for row in gold.requests[:_SHOWN_REQUESTS]:
        while not fetch_proposals(client, row.id, "en", 1) and time.monotonic() < deadline:
            time.sleep(0.3)
