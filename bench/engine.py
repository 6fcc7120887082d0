"""`python -m bench.engine`: what one event costs the engine, beside text search by others.

For each size, in one run on one machine, each in a fresh process:

- a new request is put and asks which of N offers suit it: retrieval to the explained top 50;
- a new offer is put and asks which of N requests' lists it may change;
- bm25s, tantivy and scipy.sparse find the top 50 of the same N texts by the same requests' terms,
  and nothing else: no rules, no lines, no meaning, no reasons;
- what the memory allows at best: the time to read 16 bytes of each of N records once.

The records are made up (bench/market.py), spread as in life.
"""

import argparse
import dataclasses
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench import machine
from bench.peers import peers
from bench.reporting import Results, ratio, size_text, time_text, written
from bench.runs import Figures, Job, measured

SIZES = (1_000, 10_000, 100_000, 1_000_000)
OWN = ("requests", "offers")
console = Console(highlight=False)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for, print it, and write the report if wanted."""
    options = _options(arguments)
    machine.one_thread()
    read, copied = machine.bandwidths()
    console.print(
        f"one thread reads {read / 1e9:.1f} GB/s here, and copies {copied / 1e9:.1f} GB/s"
    )
    jobs, facts, paths = _jobs(options), machine.facts(), list[Path]()

    def keep(found: Sequence[Figures]) -> None:
        results = Results(read, copied, facts, found, len(jobs) - len(found))
        if options.report is not None:
            paths[:] = written(results, options.report, _command(options))

    _print(Results(read, copied, facts, _measure(jobs, keep)))
    for path in paths:
        console.print(f"written: {path}", soft_wrap=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.engine",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    systems = (*OWN, *peers())
    parser.add_argument("--sizes", type=_size, nargs="+", default=list(SIZES), metavar="N")
    parser.add_argument("--queries", type=_size, default=300, metavar="N", help="events a figure")
    parser.add_argument(
        "--mixed", action="store_true", help="also with three records in ten without codes"
    )
    parser.add_argument(
        "--recall", action="store_true", help="compare what is found with what exact passes find"
    )
    parser.add_argument(
        "--systems", nargs="+", choices=systems, default=list(systems), help="all by default"
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE.md", help="write a report, with charts"
    )
    return parser.parse_args(arguments)


def _size(text: str) -> int:
    size = int(text.replace("_", ""))
    if size < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return size


def _command(options: argparse.Namespace) -> str:
    words = ["python -m bench.engine --sizes", *map(str, options.sizes)]
    words += [f"--queries {options.queries}"]
    words += ["--mixed"] if options.mixed else []
    words += ["--recall"] if options.recall else []
    if set(options.systems) != {*OWN, *peers()}:
        words += ["--systems", *options.systems]
    return " ".join([*words, f"--report {options.report.name}"])


def _jobs(options: argparse.Namespace) -> list[Job]:
    kinds = (False, True) if options.mixed else (False,)
    return [
        Job(system, size, mixed, options.queries, options.recall)
        for size in sorted(set(options.sizes))
        for system in options.systems
        for mixed in (kinds if system in OWN else (False,))
    ]


def _measure(jobs: Sequence[Job], keep: Callable[[Sequence[Figures]], None]) -> list[Figures]:
    """Run the jobs one after the other; `keep` gets what is found as far as it has come."""
    found: list[Figures] = []
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, refresh_per_second=1) as progress:
        every = progress.add_task("all runs", total=len(jobs))
        for job in jobs:
            task = progress.add_task(_name(job), total=job.size)

            def tell(what: str, done: int, of: int, task=task, job=job) -> None:  # type: ignore[no-untyped-def]
                progress.update(task, description=f"{_name(job)}: {what}", completed=done, total=of)

            found.append(measured(dataclasses.replace(job, ends=_ends(job, found)), tell))
            progress.remove_task(task)
            progress.advance(every)
            console.print(_line(found[-1]))
            keep(found)
    return found


def _ends(job: Job, found: Sequence[Figures]) -> tuple[float, ...]:
    """Where full lists end at a size, from the run of the other direction."""
    alike = [
        one
        for one in found
        if one.job.system == "requests" and (one.job.size, one.job.mixed) == (job.size, job.mixed)
    ]
    return alike[0].ends if job.system == "offers" and alike else ()


def _name(job: Job) -> str:
    return f"{job.system} at {size_text(job.size)}{', mixed' if job.mixed else ''}"


def _line(one: Figures) -> str:
    """What a run found, told as soon as it has: the tables come when all have ended."""
    told = [f"p50 {time_text(one.at('event', 50))}", f"p99 {time_text(one.at('event', 99))}"]
    if "asked" in one.steps:
        told += [f"without putting {time_text(one.at('asked', 50))}"]
    told += [f"recall {one.numbers['recall']:.4f}"] if "recall" in one.numbers else []
    return f"{_name(one.job)}: {', '.join(told)}, {one.memory / 2**20:,.0f} MB"


def _print(results: Results) -> None:
    table = Table(title="one event", box=box.SIMPLE, padding=(0, 1, 0, 0))
    for heading in (
        "what",
        "N",
        "p50",
        "p99",
        "work",
        "÷ peer",
        "core",
        "built in",
        "memory",
    ):
        table.add_column(heading, justify="left" if heading == "what" else "right", no_wrap=True)
    for one in results.figures:
        best = results.best_peer(one.job.size)
        name = one.job.system + (", mixed" if one.job.mixed else "")
        for _, time, work in results.measured(one):
            table.add_row(
                name if time == "event" else "– without putting",
                size_text(one.job.size),
                *(time_text(one.at(time, percentile)) for percentile in (50, 99)),
                time_text(one.at(work, 50)),
                ratio(one.at(time, 50) or 0.0, best),
                f"{one.share:.0%}",
                time_text(one.build),
                f"{one.memory / 2**20:,.0f} MB",
            )
    console.print(table)
    edits = Table(title="keeping the register: p50", box=box.SIMPLE, padding=(0, 1, 0, 0))
    for heading in ("N", "add", "change", "withdraw", "sentences", "another day", "recall"):
        edits.add_column(heading, justify="right")
    for one in results.of("requests"):
        recall = one.numbers.get("recall")
        edits.add_row(
            size_text(one.job.size) + (", mixed" if one.job.mixed else ""),
            *(time_text(one.at(step, 50)) for step in ("add", "change", "withdraw", "sentences")),
            time_text(one.numbers.get("another day")),
            "–" if recall is None else f"{recall:.4f}",
        )
    if results.of("requests"):
        console.print(edits)


if __name__ == "__main__":
    main(sys.argv[1:])
