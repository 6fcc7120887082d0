"""What a run of `bench.engine` found, as Markdown with charts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.charts import line_chart
from bench.machine import FLOOR_BYTES
from bench.runs import TOP, Figures

_OWN = {"requests": "engine: a new request", "offers": "engine: a new offer"}
_ASKED = {"requests": "its list alone", "offers": "the lists it enters alone"}
"""What is asked once the event's record is put, which an event is without putting."""
_MIXED = ", 30 % without codes"
_MEGABYTE = 2**20
_AIMED_AT = 1_000_000
_MEMORY_AIM = 2_000 * _MEGABYTE
_RECALL_AIM = 0.99


@dataclass(frozen=True)
class Results:
    """All figures of a run; bandwidths in bytes a second, `facts` of the machine, and how many runs
    are `missing` yet."""

    read: float
    copied: float
    facts: dict[str, str]
    figures: Sequence[Figures]
    missing: int = 0

    def label(self, one: Figures) -> str:
        """What was measured, in words."""
        name = _OWN.get(one.job.system, one.job.system)
        return name + (_MIXED if one.job.mixed else "")

    def measured(self, one: Figures) -> list[tuple[str, str, str]]:
        """What to tell of an event, in words, with the steps of its time and of its work."""
        told = [(self.label(one), "event", "work")]
        if "asked" in one.steps:
            told.append((f"– {_ASKED[one.job.system]}", "asked", "asked work"))
        return told

    def of(self, system: str) -> list[Figures]:
        """The figures of a system, by size."""
        return [one for one in self.figures if one.job.system == system]

    def peers(self) -> list[Figures]:
        """The figures of the others."""
        return [one for one in self.figures if one.job.system not in _OWN]

    def best_peer(self, size: int) -> float | None:
        """The least median of the others at a size, in seconds; None if none was measured."""
        medians = [one.at("event", 50) or 0.0 for one in self.peers() if one.job.size == size]
        return min(medians, default=None)


def size_text(size: float) -> str:
    """How many records, in short."""
    if size >= 1_000_000:
        return f"{size / 1_000_000:g}M"
    return f"{size / 1_000:g}k" if size >= 1_000 else f"{size:g}"


def time_text(seconds: float | None) -> str:
    """A time with three figures that count."""
    if seconds is None:
        return "–"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{_three(seconds / size)} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def ratio(value: float, to: float | None) -> str:
    """How many times as much a value is as another."""
    return "–" if not to else f"{_three(value / to)}"


def written(results: Results, report: Path, command: str) -> list[Path]:
    """Write the report, and beside it the charts that it shows; returns the files."""
    charts = {
        report.with_name(f"{report.stem}-latency.svg"): _latency_chart(results),
        report.with_name(f"{report.stem}-memory.svg"): _memory_chart(results),
    }
    latency, memory = charts
    report.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(_lines(results, command, latency.name, memory.name))
    report.write_text(text, encoding="utf-8")
    for path, chart in charts.items():
        path.write_text(chart, encoding="utf-8")
    return [report, *charts]


def _lines(results: Results, command: str, latency: str, memory: str) -> Iterable[str]:
    yield "# Performance of the engine\n"
    yield (
        "What one event costs, from its arrival to the explained top 50, beside text search alone "
        "by others over the same texts in the same run. Times depend on the machine and on what "
        "else it does, so read the ratios.\n"
    )
    yield f"```\n{command}\n```\n"
    if results.missing:
        yield f"**It has not come to its end: {results.missing} measurements are missing.**\n"
    yield "| machine | |\n|---|---|"
    yield from (f"| {name} | {fact} |" for name, fact in results.facts.items())
    yield f"| memory, one thread reading | {results.read / 1e9:.1f} GB/s |"
    yield f"| memory, one thread copying (read + written) | {results.copied / 1e9:.1f} GB/s |"
    yield f"\n![p50 of one event by size]({latency})\n"
    yield "## One event\n"
    yield (
        f"The floor is the time to read {FLOOR_BYTES} bytes of each record once. The best peer is "
        "the fastest median of the others at that size. *Work* is the time in which the process "
        "ran: less than the event took where others on the machine had the core, more where two "
        "threads shared it (from 200,000 offers on). *Had a core* is the part of all time in which "
        "it ran: the further below 100 %, the less p50 and p99 say of the engine.\n"
    )
    yield (
        "| | of | p50 | p99 | work p50 | work p99 | ÷ floor | ÷ best peer | had a core |\n"
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    )
    for one in sorted(results.figures, key=lambda one: one.job.size):
        best = results.best_peer(one.job.size)
        for label, time, work in results.measured(one):
            told = [time_text(one.at(step, at)) for step in (time, work) for at in (50, 99)]
            spent = one.at(time, 50) or 0.0
            yield (
                f"| {label} | {size_text(one.job.size)} | {' | '.join(told)} | "
                f"{ratio(spent, one.floor)} | {ratio(spent, best)} | {one.share:.0%} |"
            )
    yield from _aims(results)
    yield from _kept(results)
    yield "\n## Memory and building\n"
    yield f"![memory by size]({memory})\n"
    yield "| | of | memory | a record | built in |\n|---|--:|--:|--:|--:|"
    for one in sorted(results.figures, key=lambda one: one.job.size):
        yield (
            f"| {results.label(one)} | {size_text(one.job.size)} | "
            f"{one.memory / _MEGABYTE:,.0f} MB | {one.memory / one.job.size:,.0f} B | "
            f"{time_text(one.build)} |"
        )
    yield from _explained()


def _aims(results: Results) -> Iterable[str]:
    """What the engine is to reach against a million offers, beside what the largest run did."""
    runs = [one for one in results.of("requests") if not one.job.mixed]
    if not runs:
        return
    one = max(runs, key=lambda run: run.job.size)
    best, recall = results.best_peer(one.job.size), one.numbers.get("recall")
    aims: list[tuple[str, float | None, float | None, Callable[[float], str]]] = [
        ("memory", float(_MEMORY_AIM), float(one.memory), _bytes)
    ]
    for what, step in (("retrieval to explained list", "asked"), ("with putting", "event")):
        p50, p99 = one.at(step, 50), one.at(step, 99)
        aims += [
            (f"{what}: p50 of the fastest peer's text search", best, p50, time_text),
            (f"{what}: p50", 1e-3, p50, time_text),
            (f"{what}: p99", 5e-3, p99, time_text),
        ]
    yield f"\n## What is reached at {size_text(one.job.size)}\n"
    yield (
        "The aims are for a new request with codes against a million offers"
        + (
            ""
            if one.job.size >= _AIMED_AT
            else "; with fewer, this tells "
            "nothing final of them. docs/decisions/0047 has the last figures of a million"
        )
        + ".\n"
    )
    yield "| | at most | measured | reached |\n|---|--:|--:|---|"
    for name, most, found, text in aims:
        if most is not None and found is not None:
            yield f"| {name} | {text(most)} | {text(found)} | {_yes(found <= most)} |"
    if recall is not None:
        yield f"| recall of the top {TOP} | at least {_RECALL_AIM:g} | {recall:.4f} | " + (
            f"{_yes(recall >= _RECALL_AIM)} |"
        )


def _yes(reached: bool) -> str:
    return "yes" if reached else "**no**"


def _kept(results: Results) -> Iterable[str]:
    if not results.of("requests"):
        return
    yield "\n## Keeping the register\n"
    yield (
        "Medians. *Another day* makes everything anew from the profiles, as at midnight. "
        "*Sentences* is what showing a list of 50 to one reader adds. *Lists touched* is how many "
        "requests a new offer makes to be ranked again. *Recall* is of the top 50, then of the "
        "lists touched.\n"
    )
    yield (
        "| offers | add | change | withdraw | sentences | another day | lists touched | recall |\n"
        "|---|--:|--:|--:|--:|--:|--:|--:|"
    )
    others = {(one.job.size, one.job.mixed): one.numbers for one in results.of("offers")}
    for one in results.of("requests"):
        other = others.get((one.job.size, one.job.mixed), {})
        recalls = [numbers.get("recall") for numbers in (one.numbers, other)]
        lists = other.get("touched")
        cells = [
            size_text(one.job.size) + (_MIXED if one.job.mixed else ""),
            *(time_text(one.at(step, 50)) for step in ("add", "change", "withdraw", "sentences")),
            time_text(one.numbers.get("another day")),
            "–" if lists is None else f"{lists:,.1f}",
            ", ".join("–" if recall is None else f"{recall:.4f}" for recall in recalls),
        ]
        yield f"| {' | '.join(cells)} |"


def _explained() -> Iterable[str]:
    yield "\n## How it is measured\n"
    yield (
        "- Every row has a process of its own, the same made-up records "
        "(`bench/market.py`): skewed themes and kinds, one to three lines, 30 % open to all and "
        "the others to one or two areas, sometimes to listed States or a group, windows of which "
        "some are over, texts of some 40 terms in six languages, drawn by Zipf's law from those of "
        "their subject, theme and language, vectors around themes and subjects.\n"
        "- A new request: put into the engine, then its list is made: rules, features, scores, the "
        "best 50 with what each line serves and the concepts that both name. A new offer: put, "
        "then asked whose lists it may change; those end where lists did in the other direction. "
        "The rows below each tell what was asked alone, once the record was put: of a request, "
        "retrieval to the explained list.\n"
        "- The peers get the requests' terms and give the numbers of the best 50 texts. They bar "
        "nothing, know no lines and give no reasons, so they do less than the engine.\n"
        "- Memory is what the process grew by, after giving back what it could. Each record comes "
        "with strings of its own, as what is read from an event does.\n"
        "- Recall is the part of what an exact pass finds that the usual one does too, over 100 "
        "events: of the top 50, and of the requests whose lists a new offer touches."
    )


def _latency_chart(results: Results) -> str:
    lines: dict[str, list[tuple[float, float]]] = {}
    for one in results.figures:
        lines.setdefault(_short(one), []).append((one.job.size, one.at("event", 50) or 0.0))
    floors: dict[int, list[float]] = {}
    for one in results.figures:
        floors.setdefault(one.job.size, []).append(one.floor)
    lines["floor: one read"] = [(size, median(found)) for size, found in floors.items()]
    return line_chart(
        "one event, p50",
        "Median time of one event by number of records: the engine, and text search by others.",
        "records",
        lines,
        size_text,
        time_text,
    )


def _memory_chart(results: Results) -> str:
    lines: dict[str, list[tuple[float, float]]] = {}
    for one in results.figures:
        if not one.job.mixed:
            lines.setdefault(_short(one), []).append((one.job.size, one.memory / _MEGABYTE))
    return line_chart(
        "memory",
        "Memory that the records take, by their number: the engine, and text search by others.",
        "records",
        lines,
        size_text,
        lambda megabytes: _bytes(megabytes * _MEGABYTE),
    )


def _short(one: Figures) -> str:
    name = {"requests": "engine, request", "offers": "engine, offer"}.get(
        one.job.system, one.job.system
    )
    return name + (", mixed" if one.job.mixed else "")


def _bytes(count: float) -> str:
    if count >= 1_000 * _MEGABYTE:
        return f"{_three(count / _MEGABYTE / 1_000)} GB"
    return f"{_three(count / _MEGABYTE)} MB"


def _three(value: float) -> str:
    if value >= 100.0:
        return f"{value:,.0f}"
    return f"{value:.3g}"
