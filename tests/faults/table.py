"""What the long runs saw, kept as JSON; `python -m tests.faults.table` makes a table of it.

Runs of some faults alone make a whole together: each fault has its last run, with its day and the
version that it was of. With the file of a case, beside, the command judges that again.
"""

import json
import re
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from tests.faults.checker import check
from tests.faults.faults import FAULTS
from tests.faults.history import read_case

BUILD = Path(__file__).parents[2] / "build"
RESTORED = "restore into the running house"
KINDS = {"embedded": "embedded", "kafka": "Apache Kafka", "kafka3": "three of Kafka's brokers"}


@dataclass
class Run:
    """What a fault did: seconds to recover, acknowledged writes a second, what was violated.

    `seconds` in all, with `rate` calls a second asked for. `skipped` and `failed` say why there are
    no figures. `date` is the day, as ISO has it, and `commit` what was run, with a + where it was
    changed; both empty where nobody knows.
    """

    fault: str
    reason: str
    recovery_seconds: float | None = None
    writes_per_second: float = 0.0
    acknowledged: int = 0
    refused: int = 0
    unknown: int = 0
    violations: tuple[str, ...] = ()
    seconds: float = 0.0
    skipped: str = ""
    failed: str = ""
    rate: float = 0.0
    date: str = ""
    commit: str = ""

    def line(self) -> str:
        """The run in a line, for who waits."""
        if self.skipped or self.failed:
            return f"{self.fault}: {self.skipped or f'FAILED: {self.failed}'}"
        recovered = "" if self.recovery_seconds is None else f"{self.recovery_seconds} s, "
        return (
            f"{self.fault}: {recovered}{self.acknowledged} writes, {self.unknown} unanswered, "
            f"{len(self.violations)} violations ({self.seconds:.0f} s in all)"
        )


def kept_at(kind: str) -> Path:
    """Where the runs on a kind of broker are kept."""
    return BUILD / f"faults-{kind}.json"


def case_of(kind: str, run: Run) -> Path:
    """Where is kept what was done and read in the last run of that fault."""
    return BUILD / f"faults-{kind}" / f"{re.sub(r'[^a-z]+', '-', run.fault)}.json"


def commit() -> str:
    """The version that is run; empty where nobody knows."""
    asked = ("git", "describe", "--always", "--exclude=*", "--dirty=+")
    try:
        told = subprocess.run(
            asked, cwd=BUILD.parent, capture_output=True, text=True, check=False
        ).stdout
    except FileNotFoundError:
        return ""
    return told.strip()


def keep(run: Run, file: Path) -> None:
    """Keep a run in place of the last one of that fault; a skipped one only where none is."""
    runs = {one.fault: one for one in read(file)}
    if not run.skipped or run.fault not in runs:
        runs[run.fault] = run
    file.parent.mkdir(exist_ok=True)
    kept = [asdict(one) for one in runs.values()]
    file.write_text(json.dumps(kept, indent=1, ensure_ascii=False))


def read(file: Path) -> list[Run]:
    """The runs that were kept; none where none were."""
    if not file.exists():
        return []
    kept = json.loads(file.read_text())
    return [Run(**{**one, "violations": tuple(one["violations"])}) for one in kept]


def table(runs: dict[str, Sequence[Run]], faults: Collection[str] = ()) -> str:
    """Markdown: a line for each fault, with its recovery and what was violated on each broker.

    Below it the sums, and which of `faults` have not been run.
    """
    kinds = [kind for kind in KINDS if runs.get(kind)]
    head = " | ".join(f"{KINDS[kind]}, s" for kind in kinds)
    lines = [f"| fault | {head} | violations |", "|---" * (len(kinds) + 2) + "|"]
    by_name = {kind: {run.fault: run for run in runs[kind]} for kind in kinds}
    for fault in dict.fromkeys(name for kind in kinds for name in by_name[kind]):
        found = [by_name[kind].get(fault) for kind in kinds]
        broken = sum(len(run.violations) for run in found if run is not None)
        lines.append(f"| {fault} | {' | '.join(map(_cell, found))} | {broken} |")
    return "\n".join([*lines, "", *(_sum(kind, runs[kind], faults) for kind in kinds)])


def _cell(run: Run | None) -> str:
    if run is None:
        return ""
    if run.skipped:
        return "skipped"
    if run.failed:
        return "FAILED"
    return "–" if run.recovery_seconds is None else f"{run.recovery_seconds:.1f}"


def _sum(kind: str, runs: Sequence[Run], faults: Collection[str]) -> str:
    done = [run for run in runs if not run.skipped]
    missing = [name for name in faults if name not in {run.fault for run in done}]
    days = sorted({run.date or "?" for run in done})
    commits = ", ".join(sorted({run.commit or "?" for run in done}))
    rates = ", ".join(f"{rate:g}" for rate in sorted({run.rate for run in done}))
    return (
        f"{KINDS[kind]}: {len(done)} faults, {sum(run.seconds for run in done) / 60:.0f} minutes, "
        f"{sum(run.acknowledged for run in done):,} writes acknowledged, "
        f"{sum(run.unknown for run in done):,} never answered, "
        f"{sum(len(run.violations) for run in done)} violations, "
        f"{sum(bool(run.failed) for run in done)} failed; from {days[0] if days else '?'} to "
        f"{days[-1] if days else '?'}, of {commits}, "
        f"at {rates} calls a second; "
        f"not run: {', '.join(missing) or 'none'}.  "
    )


@click.command(help=__doc__)
@click.argument("case", required=False, type=click.Path(path_type=Path, exists=True))
def main(case: Path | None) -> None:
    """Print the table, or what is wrong with a case."""
    if case is None:
        known = [*(fault.name for fault in FAULTS), RESTORED]
        click.echo(table({kind: read(kept_at(kind)) for kind in KINDS}, known))
        return
    found = check(*read_case(case))
    click.echo("\n".join(f"{one.kind}: {one.what}" for one in found) or "no violation")


if __name__ == "__main__":
    main()
