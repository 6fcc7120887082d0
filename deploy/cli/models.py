"""`entraide models`: the ranking models that are stored, and which one ranks."""

import os
from datetime import UTC, datetime
from pathlib import Path

import click
from pymongo.errors import PyMongoError
from rich.console import Console
from rich.table import Table

from deploy.cli.options import data_dir_option
from deploy.cli.target import find_settings
from services.matcher.learning_documents import RankingModel
from services.matcher.models import USABLE, OtherFeatures, UnknownModel, in_use, put_into_use
from shared.web.database import connect_database


@click.group(invoke_without_command=True)
@data_dir_option
@click.pass_context
def command(context: click.Context, data_dir: Path) -> None:
    """List ranking models with their figures, the newest first, and say which is in use.

    The figures are those of the training: on decisions held back, beside those of the model that
    was in use then. In the local stack's database, or the one that ENTRAIDE_MONGODB names.
    """
    if context.invoked_subcommand is not None:
        return
    try:
        _connect(data_dir)
        console = Console()
        console.print(_table(in_use().model.version))
    except PyMongoError as error:
        raise click.ClickException(f"the database: {error}") from None


@command.command("use")
@click.argument("version")
@data_dir_option
def use(version: str, data_dir: Path) -> None:
    """Rank with the model VERSION from now on: an older one, or one that training did not take.

    Workers follow within seconds and rank everything again.
    """
    try:
        _connect(data_dir)
        current = in_use()
        if current.stored is not None and current.model.version == version:
            click.echo(f"{version} is in use already")
            return
        put_into_use(version, datetime.now(UTC))
    except (UnknownModel, OtherFeatures) as error:
        raise click.UsageError(str(error)) from None
    except PyMongoError as error:
        raise click.ClickException(f"the database: {error}") from None
    click.echo(f"{version} is in use now instead of {current.model.version}")


def _connect(data_dir: Path) -> None:
    connect_database(find_settings(data_dir, os.environ, "matcher"))


def _table(used: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("model")
    table.add_column("")
    table.add_column("made")
    table.add_column("after")
    for heading in ("decisions", "log loss", "order", "ECE"):
        table.add_column(heading, justify="right")
    for stored in RankingModel.objects.order_by("-created_at", "-id"):
        table.add_row(
            stored.id,
            _state(stored, used),
            f"{stored.created_at:%Y-%m-%d %H:%M}",
            stored.parent or "set by hand",
            str(stored.decisions) if stored.parent else "",
            *(_figure(stored, name) for name in ("log_loss", "order", "ece")),
        )
    return table


def _state(stored: RankingModel, used: str) -> str:
    if stored.id == used:
        return "in use"
    return "" if tuple(stored.feature_names) in USABLE else "other features"


def _figure(stored: RankingModel, name: str) -> str:
    if name not in stored.metrics:
        return ""
    return f"{stored.metrics[name]:.3f} ({stored.metrics[f'in_use_{name}']:.3f})"
