"""`entraide evaluate`: how good the rankings of a gold set are."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from deploy.cli.allied import (
    Allied,
    allied_by_engine,
    allied_by_services,
    assert_alliances,
)
from deploy.cli.client import Client
from deploy.cli.covered import Covered, assert_coverage, covered_by_engine, covered_by_services
from deploy.cli.duplicated import FILE as DUPLICATES
from deploy.cli.duplicated import (
    Duplicated,
    duplicated_by_engine,
    duplicated_by_services,
    measure_duplicated,
    write_duplicated,
)
from deploy.cli.goldformat import GoldSetError, RowError
from deploy.cli.goldset import SET_DATE, GoldSet, read_set
from deploy.cli.measuring import Grades, calibration, measure
from deploy.cli.permitted import Permitted, permitted_pairs
from deploy.cli.rankings import SIZE, Rankings, read_qrels, write_rankings
from deploy.cli.taking import taken
from services.matcher.engine.ranking import prior_model

_TOLD = 20
"""Rows of which it is told what is wrong or odd."""

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
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a Markdown report too, with charts beside it: both ways (full and text only), "
    "baselines, States and donors held back. Needs qrels.tsv and the development packages.",
)
def command(
    gold_dir: Path, out: Path, text_only: bool, through: str, as_of: datetime, report: Path | None
) -> None:
    """Rank every request of GOLD_DIR, find what is there twice, print metrics as JSON.

    Against labels plain ways of ranking (BM25, TF-IDF, sentence vectors, codes) are measured too,
    where the development packages are installed: `baselines`.

    Writes rankings.tsv, duplicates.tsv, covered.tsv and alliances.tsv to DIR. GOLD_DIR has
    requests.jsonl, offers.jsonl, activities.jsonl, and qrels.tsv and the other tables to measure
    against; its countries.tsv, where it has one, decides regions and groups. Both ways give the
    same rankings, row by row.

    Services refuse a set with a row that is wrong. The engine takes what is only odd in form (texts
    that are blank, very long or of control characters, another language's tag, lines that count
    otherwise, a unit without a quantity, fields of their own) and tells of it on standard error.
    """
    qrels = gold_dir / "qrels.tsv"
    if report is not None:
        _check_report(report, qrels)
    strict = through == "services"
    gold, odd = _read(gold_dir, text_only, strict=strict)
    _tell(odd)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.BadParameter(f"{out}: {error.strerror}", param_hint="--out") from None
    table = gold_dir / "countries.tsv"
    countries, on = table if table.is_file() else None, as_of.date()
    rankings, allied, duplicated, covered = _rank(gold, countries, on, through)
    write_rankings(rankings, out / "rankings.tsv")
    write_duplicated(duplicated, out / DUPLICATES)
    grades = read_qrels(qrels) if qrels.is_file() else None
    permitted = permitted_pairs(gold, countries, on)
    measured = measure(gold, rankings, grades, permitted)
    if grades is not None:
        measured |= calibration(rankings, grades)
        measured |= _baselines(gold, grades, permitted)
    measured |= measure_duplicated(duplicated, gold_dir / DUPLICATES)
    measured |= assert_alliances(allied, gold_dir, out)
    measured |= assert_coverage(covered, gold_dir, out)
    click.echo(json.dumps(measured, indent=2))
    if report is not None:
        from deploy.cli.evaluation_report import write_report

        sets = (
            _read(gold_dir, False, strict=False)[0],
            _read(gold_dir, True, strict=False)[0],
        )
        write_report(report, gold_dir, sets, on, TERM_KEY)


def _baselines(gold: GoldSet, grades: Grades, permitted: Permitted) -> dict[str, Any]:
    """The same figures of plain ways of ranking, by name; nothing without their packages."""
    from deploy.cli.baselines import lacking_packages, rank_baselines

    if (lacking := lacking_packages()) is not None:
        click.echo(f"without baselines: {lacking}", err=True)
        return {}
    ranked = rank_baselines(gold, permitted)
    return {
        "baselines": {name: measure(gold, of, grades, permitted) for name, of in ranked.items()}
    }


def _read(gold_dir: Path, text_only: bool, *, strict: bool) -> tuple[GoldSet, list[RowError]]:
    """The set, and unless `strict` what is odd in it and was taken all the same."""
    oddities: list[RowError] | None = None if strict else []
    gold = read_set(gold_dir, text_only=text_only, oddities=oddities)
    if gold.errors:
        lines = "\n".join(str(error) for error in gold.errors[:_TOLD])
        raise GoldSetError(f"rows are wrong, so there is nothing to compare:\n{lines}")
    if oddities is None:
        return gold, []
    gold, told = taken(gold)
    return gold, sorted([*oddities, *told], key=lambda one: (one.file, one.line))


def _tell(odd: Sequence[RowError]) -> None:
    if odd:
        shown = [str(one) for one in odd[:_TOLD]]
        more = [f"and {len(odd) - _TOLD} more"] if len(odd) > _TOLD else []
        click.echo("\n".join(["odd, and taken all the same:", *shown, *more]), err=True)


def _check_report(report: Path, qrels: Path) -> None:
    from deploy.cli.baselines import lacking_packages

    if not qrels.is_file():
        raise click.BadParameter(f"needs {qrels}", param_hint="--report")
    if not report.parent.is_dir():
        raise click.BadParameter(f"{report.parent} is no directory", param_hint="--report")
    if (lacking := lacking_packages()) is not None:
        raise click.ClickException(lacking)


def _rank(
    gold: GoldSet, countries: Path | None, as_of: date, through: str
) -> tuple[Rankings, Allied, tuple[Duplicated, ...], tuple[Covered, ...]]:
    if through == "engine":
        from deploy.cli.through_engine import as_rankings, read_geography, read_profiles, shortlists

        profiles = read_profiles(gold, TERM_KEY)  # once: signing the texts is most of the work
        geography = read_geography(countries, as_of)
        return (
            as_rankings(shortlists(profiles, prior_model(), geography, SIZE)),
            allied_by_engine(profiles, geography),
            duplicated_by_engine(profiles, geography),
            covered_by_engine(gold, profiles, as_of, TERM_KEY),
        )
    from deploy.cli.through_services import rank_through_services

    allied: dict[str, str] = {}
    duplicated: list[Duplicated] = []
    covered: list[Covered] = []

    def read(client: Client) -> None:
        allied.update(allied_by_services(client, gold))
        duplicated.extend(duplicated_by_services(client, gold))
        covered.extend(covered_by_services(client, gold))

    console = Console(stderr=True)
    rankings = rank_through_services(gold, countries, as_of, TERM_KEY, console, read)
    return rankings, allied, tuple(duplicated), tuple(covered)
