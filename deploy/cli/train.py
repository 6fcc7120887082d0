"""`entraide train`: a ranking model from what coordinators decided."""

import os
from datetime import UTC, datetime
from pathlib import Path

import click
from pymongo.errors import PyMongoError
from rich.console import Console
from rich.table import Table

from deploy.cli.options import data_dir_option
from deploy.cli.progress import progress_bar
from deploy.cli.target import find_settings
from services.matcher.engine.evaluation import reliability
from services.matcher.engine.learning import Comparison, fits
from services.matcher.training import Lesson, Training, train
from shared.web.database import connect_database


@click.command()
@click.option("--dry-run", is_flag=True, help="Compare only: store nothing, change nothing.")
@data_dir_option
def command(dry_run: bool, data_dir: Path) -> None:
    """Learn a ranking model from the decisions that were kept, and use it if it is better.

    Better on decisions that were held back, State by State, than the model in use. Either way it
    is stored; `entraide models` lists what there is and goes back. Works on the local stack's
    database, or the one that ENTRAIDE_MONGODB names.
    """
    connect_database(find_settings(data_dir, os.environ, "matcher"))
    console = Console()
    with progress_bar(console, "fitting models", fits()) as advance:
        try:
            done = train(datetime.now(UTC), dry_run, advance)
        except PyMongoError as error:
            raise click.ClickException(f"the database: {error}") from None
    click.echo(_lesson(done.lesson))
    if done.comparison is not None:
        console.print(_figures(done, done.comparison))
        console.print(_reliability(done.comparison))
    click.echo(_outcome(done, dry_run))


def _lesson(lesson: Lesson) -> str:
    passed = int((~lesson.examples.decided).sum())
    told = f"{lesson.decisions} decisions, {passed} pairs passed over"
    if lesson.left_out:
        told += f"; {lesson.left_out} decisions on an older release's features are left out"
    return told


def _figures(done: Training, comparison: Comparison) -> Table:
    states = f"{comparison.decisions} decisions of {comparison.states} States, held back"
    table = Table(title=states, title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    table.add_column(done.in_use, justify="right")
    table.add_column(_name(done), justify="right")
    table.add_column("")
    old, new = comparison.in_use, comparison.new
    table.add_row("log loss", f"{old.log_loss:.3f}", f"{new.log_loss:.3f}", "lower is better")
    table.add_row("  rescaled", f"{comparison.rescaled:.3f}", "", _needed(comparison))
    table.add_row("order", f"{old.order:.3f}", f"{new.order:.3f}", _lists(comparison))
    table.add_row("ECE", f"{old.ece:.3f}", f"{new.ece:.3f}", "score against share endorsed")
    return table


def _needed(comparison: Comparison) -> str:
    return f"to be beaten by {comparison.needed:.3f}, which chance seldom gives"


def _lists(comparison: Comparison) -> str:
    return f"nDCG, 1 is best, in {comparison.lists} lists with both kinds of decision"


def _reliability(comparison: Comparison) -> Table:
    table = Table(title="the new model's scores", title_justify="left", box=None, pad_edge=False)
    for heading in ("score", "decisions", "mean score", "endorsed"):
        table.add_column(heading, justify="right")
    rows = reliability(comparison.scores, comparison.endorsed)
    for place, (count, mean, share) in enumerate(rows):
        if count:
            span = f"{place / len(rows):.1f}–{(place + 1) / len(rows):.1f}"
            table.add_row(span, str(count), f"{mean:.2f}", f"{share:.2f}")
    return table


def _name(done: Training) -> str:
    return done.version or "the new one"


def _outcome(done: Training, dry_run: bool) -> str:
    if done.comparison is None:
        return f"{done.in_use} stays in use; too few decisions to compare it on: {done.wanting}"
    if done.wanting is not None:
        kept = "" if done.version is None else f"{done.version} is stored and not used. "
        return f"{kept}{done.in_use} stays in use: of the new one, {done.wanting}"
    if dry_run:
        return f"the new one would take the place of {done.in_use}; this was a dry run"
    return (
        f"{done.version} is in use now; workers follow within seconds. "
        f"`entraide models use {done.in_use}` goes back."
    )
