"""`entraide evaluate`: how good the rankings of a gold set are."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import click
from rich.console import Console

from deploy.cli.goldformat import GoldSetError
from deploy.cli.goldset import GoldSet, read_set
from deploy.cli.rankings import Rankings, read_qrels, write_rankings

SET_DATE = "2026-01-01"
TERM_KEY = b"entraide evaluates with this key"
"""Not a secret: the sets are public. Fixed, so that every evaluation sees the same term hashes."""


@click.command()
@click.argument("gold_dir", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Directory for rankings.tsv; made if missing.",
)
@click.option(
    "--text-only",
    is_flag=True,
    help="Hide needs, provisions and priority: only texts, country, eligibility and window.",
)
@click.option(
    "--through",
    type=click.Choice(["engine", "services"]),
    default="engine",
    show_default=True,
    help="The engine in this process, or a scratch stack over HTTP, Kafka and MongoDB.",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    default=SET_DATE,
    show_default=True,
    help="The day on which the set is looked at.",
)
def command(gold_dir: Path, out: Path, text_only: bool, through: str, as_of: datetime) -> None:
    """Rank every request of GOLD_DIR, write DIR/rankings.tsv, print metrics as JSON.

    GOLD_DIR has requests.jsonl, offers.jsonl, activities.jsonl, and qrels.tsv to measure against;
    its countries.tsv, where it has one, decides regions and groups. Both ways give the same
    rankings, row by row.
    """
    gold = read_set(gold_dir, text_only=text_only)
    if gold.errors:
        lines = "\n".join(str(error) for error in gold.errors[:20])
        raise GoldSetError(f"rows are wrong, so there is nothing to compare:\n{lines}")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.BadParameter(f"{out}: {error.strerror}", param_hint="--out") from None
    countries = gold_dir / "countries.tsv"
    rankings = _rank(gold, countries if countries.is_file() else None, as_of.date(), through)
    write_rankings(rankings, out / "rankings.tsv")
    qrels = gold_dir / "qrels.tsv"
    measured = _metrics(gold, rankings, read_qrels(qrels)) if qrels.is_file() else {}
    click.echo(json.dumps(measured, indent=2))


def _rank(gold: GoldSet, countries: Path | None, as_of: date, through: str) -> Rankings:
    if through == "engine":
        from deploy.cli.through_engine import rank_through_engine

        return rank_through_engine(gold, countries, as_of, TERM_KEY)
    from deploy.cli.through_services import rank_through_services

    return rank_through_services(gold, countries, as_of, TERM_KEY, Console(stderr=True))


def _metrics(
    gold: GoldSet, rankings: Rankings, grades: Mapping[str, Mapping[str, int]]
) -> dict[str, object]:
    from services.matcher.engine.evaluation import metrics

    languages = {row.external: str(row.body["language"]) for row in (*gold.requests, *gold.offers)}
    order = {request: [entry.offer for entry in ranked] for request, ranked in rankings.items()}
    return dict(metrics(order, grades, languages))
