"""What a run of `bench.scale` found, as Markdown with charts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.charts import line_chart
from bench.reporting import time_text

BEGINNING = "<!-- made by bench.scale: from here -->"
END = "<!-- made by bench.scale: to here -->"


@dataclass(frozen=True)
class Row:
    """Some workers with some partitions; times in seconds, rates in events a second.

    `deaths` has the median and 99th percentile of each figure of `bench.scale_deaths.Deaths`; None
    for a worker alone, whose death is an outage until it starts again.
    """

    workers: int
    partitions: int
    working: int
    uneven_partitions: float
    uneven_workers: float
    capacity: float
    rate: float
    request_p99: float
    offer_p99: float
    deaths: Mapping[str, tuple[float, float]] | None


@dataclass(frozen=True)
class Run:
    """All rows; of each cost its value, its default and the default's source."""

    rows: Sequence[Row]
    inputs: Mapping[str, tuple[float, float, str]]
    requests: int
    skew: float
    offers: float
    load: float
    seed: int
    limit: float


def write(run: Run, report: Path, command: str) -> list[Path]:
    """Put the tables into the report, between its marks, and write the charts beside it.

    What stands outside the marks stays; without a report one is made. ValueError where only one
    of the marks is there.
    """
    whole = report.read_text(encoding="utf-8") if report.exists() else f"{BEGINNING}\n{END}\n"
    if (BEGINNING in whole) != (END in whole):
        raise ValueError(f"{report} has one of its marks only")
    before, _, rest = whole.partition(BEGINNING)
    after = rest.partition(END)[2]
    charts = {
        report.with_name(f"{report.stem}-throughput.svg"): _throughput(run),
        report.with_name(f"{report.stem}-delay.svg"): _delay(run),
    }
    shown = "\n".join(
        f"![{title}]({path.name})\n"
        for title, path in zip(
            ("throughput by workers", "p99 delay by workers"), charts, strict=True
        )
    )
    made = f"{BEGINNING}\n{text(run, command)}\n{shown}{END}"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(before + made + after, encoding="utf-8")
    for path, chart in charts.items():
        path.write_text(chart, encoding="utf-8")
    return [report, *charts]


def text(run: Run, command: str) -> str:
    """The tables as Markdown."""
    return "\n".join(_lines(run, command))


def _lines(run: Run, command: str) -> Iterator[str]:
    yield f"```\n{command}\n```\n"
    yield (
        f"{run.requests:,} requests that change by Zipf's law with exponent {run.skew:g}, "
        f"{run.offers:.0%} of events of offers, seed {run.seed}. However many workers there are, "
        f"no more than {run.limit:,.0f} events a second: so many can one take in.\n"
    )
    yield "| cost | here | where the default comes from |\n|---|--:|---|"
    for name, (value, default, source) in run.inputs.items():
        other = "" if value == default else f" (default {default:g})"
        yield f"| `--{name}` | {value:g}{other} | {source} |"
    yield (
        "\n| workers | partitions | with work | fullest partition ÷ mean "
        "| most laden worker ÷ mean | events a second, at most | ÷ one worker "
        f"| p99 of a request at {run.load:.0%} | p99 of an offer's last list |\n"
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    )
    for row in run.rows:
        alone = [one for one in run.rows if (one.workers, one.partitions) == (1, row.partitions)]
        times = f"{row.capacity / alone[0].capacity:.1f}" if alone else "–"
        yield (
            f"| {row.workers} | {row.partitions} | {row.working} | {row.uneven_partitions:.2f} "
            f"| {row.uneven_workers:.2f} | {row.capacity:,.1f} | {times} "
            f"| {time_text(row.request_p99)} | {time_text(row.offer_p99)} |"
        )
    yield (
        "\nA worker dies without a word; median and, in brackets, 99th percentile:\n\n"
        "| workers | partitions | its partitions have an owner | others' partitions rest "
        "| partitions that moved | all of them ranked again |\n|--:|--:|--:|--:|--:|--:|"
    )
    for row in run.rows:
        if row.deaths is not None:
            taken, rested, ranked = (_both(row.deaths[n]) for n in ("taken", "rested", "ranked"))
            moved = row.deaths["moved"][0]
            yield (
                f"| {row.workers} | {row.partitions} | {taken} | {rested} "
                f"| {moved:.0f} | {ranked} |"
            )
    yield ""


def _both(values: tuple[float, float]) -> str:
    return f"{time_text(values[0])} ({time_text(values[1])})"


def _throughput(run: Run) -> str:
    lines = {name: [(r.workers, r.capacity) for r in rows] for name, rows in _named(run).items()}
    lines["the limit"] = [(row.workers, run.limit) for row in next(iter(_named(run).values()))]
    return line_chart(
        "Events a second, at most",
        "Throughput by workers, a line for each number of partitions.",
        "workers",
        lines,
        "{:g}".format,
        "{:g}".format,
    )


def _delay(run: Run) -> str:
    return line_chart(
        f"p99 of a request's delay at {run.load:.0%} of what is possible",
        "From a request's event to its stored shortlist by workers, by number of partitions.",
        "workers",
        {name: [(r.workers, r.request_p99) for r in rows] for name, rows in _named(run).items()},
        "{:g}".format,
        time_text,
    )


def _named(run: Run) -> dict[str, list[Row]]:
    """The rows by number of partitions, in words."""
    found: dict[str, list[Row]] = {}
    for row in run.rows:
        found.setdefault(f"{row.partitions} partitions", []).append(row)
    return found
