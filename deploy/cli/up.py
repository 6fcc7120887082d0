"""`entraide up`: everything on this machine, until Ctrl-C."""

import threading
import time
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy.cli.client import Client
from deploy.cli.example import show_example
from deploy.cli.loading import ROLE as OPERATOR
from deploy.cli.options import data_dir_option
from deploy.cli.target import stack_target
from deploy.local.running import Stack, local_stack
from deploy.local.stack import DEFAULT_PORT_BASE, SERVICES, DataDirectory, Ports

_LAST_BASE = 65535 - 9
_TELL_SECONDS = 30.0
"""How often a start that takes long says what it waits for, where no bar can be shown."""


@click.command()
@click.option("--example", is_flag=True, help="Load the example records and show proposals.")
@data_dir_option
@click.option(
    "--port-base",
    type=click.IntRange(1024, _LAST_BASE),
    default=DEFAULT_PORT_BASE,
    show_default=True,
    help="First of ten ports: portal +0, requests +1, offers +2, matcher +3, broker +8, "
    "database +9.",
)
def command(example: bool, data_dir: Path, port_base: int) -> None:
    """Start broker, database, services and workers, and keep them running until Ctrl-C.

    Everything listens on this machine only. What was registered is kept in the data directory:
    the next start goes on from there.
    """
    console = Console(highlight=False)
    directory, ports = DataDirectory(data_dir), Ports.from_base(port_base)

    def tell(line: str) -> None:
        console.print(line, markup=False)

    with local_stack(directory, ports, tell) as stack:
        if _start(stack, console):
            console.print(_overview(stack))
            console.print(f"Logs are in {directory.logs}. Stop everything with Ctrl-C.")
            _serve(stack, console, example)
        console.print("Stopping…")
    console.print("Everything has stopped; what was registered is kept.")


def _start(stack: Stack, console: Console) -> bool:
    if not console.is_terminal:
        console.print("Starting…")
    with Progress(
        TextColumn("Starting"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TextColumn("waiting for {task.description}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=stack.supervisor.progress().total)
        told = time.monotonic()

        def show() -> None:
            nonlocal told
            progress = stack.supervisor.progress()
            bar.update(task, completed=progress.done, description=progress.waiting_for)
            if not console.is_terminal and time.monotonic() >= told + _TELL_SECONDS:
                told = time.monotonic()
                console.print(
                    f"Still waiting for {progress.waiting_for}…", markup=False, soft_wrap=True
                )

        return stack.wait_ready(show)


def _serve(stack: Stack, console: Console, example: bool) -> None:
    if not example:
        stack.step_while(lambda: True)
        return
    client = Client(stack_target(stack.plan.ports, stack.plan.keys, "example"), OPERATOR)
    arguments = (client, stack.plan, console)
    # Children are started by the main thread only, so what else is to do goes beside it.
    showing = threading.Thread(target=show_example, args=arguments, daemon=True)
    showing.start()
    stack.step_while(lambda: True)
    client.abandon()


def _overview(stack: Stack) -> Table:
    ports = stack.plan.ports
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    for _ in range(2):
        table.add_column(overflow="fold")  # a path that is cut off leads nowhere
    table.add_row("portal", ports.url("portal"), "open this in a browser")
    for name in SERVICES:
        table.add_row(name, f"{ports.url(name)}/docs", "its API, to read and try")
    table.add_row("broker", ports.kafka, "Kafka's protocol, in memory")
    table.add_row("database", ports.mongodb, f"files in {stack.plan.directory.database}")
    for name in ("portal", *SERVICES):
        log = stack.plan.directory.logs / f"{name}-worker.log"
        table.add_row(f"{name}-worker", str(log), "its log")
    return table
