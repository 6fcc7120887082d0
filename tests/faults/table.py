"""What the long runs saw, kept as JSON; `python -m tests.faults.table` makes a table of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

BUILD = Path(__file__).parents[2] / "build"
KINDS = {"embedded": "embedded", "kafka": "Apache Kafka"}


@dataclass
class Run:
    """What a fault did: seconds to recover, acknowledged writes a second, what was violated.

    `seconds` in all. `skipped` and `failed` say why there are no figures.
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


def table(runs: dict[str, Sequence[Run]]) -> str:
    """Markdown: a line for each fault, with its recovery and what was violated on each broker."""
    kinds = [kind for kind in KINDS if runs.get(kind)]
    head = " | ".join(f"{KINDS[kind]}, s" for kind in kinds)
    lines = [f"| fault | {head} | violations |", "|---" * (len(kinds) + 2) + "|"]
    by_name = {kind: {run.fault: run for run in runs[kind]} for kind in kinds}
    for fault in dict.fromkeys(name for kind in kinds for name in by_name[kind]):
        found = [by_name[kind].get(fault) for kind in kinds]
        broken = sum(len(run.violations) for run in found if run is not None)
        lines.append(f"| {fault} | {' | '.join(map(_cell, found))} | {broken} |")
    return "\n".join([*lines, "", *(_sum(kind, runs[kind]) for kind in kinds)])


def _cell(run: Run | None) -> str:
    if run is None:
        return ""
    if run.skipped:
        return "skipped"
    if run.failed:
        return "FAILED"
    return "–" if run.recovery_seconds is None else f"{run.recovery_seconds:.1f}"


def _sum(kind: str, runs: Sequence[Run]) -> str:
    done = [run for run in runs if not run.skipped]
    return (
        f"{KINDS[kind]}: {len(done)} faults, {sum(run.seconds for run in done) / 60:.0f} minutes, "
        f"{sum(run.acknowledged for run in done):,} writes acknowledged, "
        f"{sum(run.unknown for run in done):,} never answered, "
        f"{sum(len(run.violations) for run in done)} violations, "
        f"{sum(bool(run.failed) for run in done)} failed.  "
    )


if __name__ == "__main__":
    click.echo(table({kind: read(kept_at(kind)) for kind in KINDS}))
