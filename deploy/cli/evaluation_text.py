"""The tables of the evaluation's report, put into its words (evaluation_template.md)."""

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from string import Template
from typing import Any

from deploy.cli.crossvalidation import FOLDS, MEASURES, Outcome
from deploy.cli.evaluation_report import ENGINE, IDEAL, Facts, System, Way
from deploy.cli.goldset import SET_DATE

_FIGURES = ("p@1", "p@5", "recall@10", "recall@50", "mrr", "map")
_NAMES = {"ndcg@10": "nDCG@10", "p@1": "P@1", "p@5": "P@5", "mrr": "MRR", "map": "MAP"}
_ENOUGH = 20
"""Pairs from which a bin's share says something."""


def markdown(facts: Facts, full: Way, text: Way, file: str, charts: Sequence[str]) -> str:
    """The report; `file` is its own name in the command, `charts` those of the SVG files."""
    words = files("deploy.cli").joinpath("evaluation_template.md").read_text(encoding="utf-8")
    day = "" if facts.as_of.isoformat() == SET_DATE else f" --as-of {facts.as_of}"
    systems, scores = charts
    return Template(words).substitute(
        command=f"entraide evaluate GOLD_DIR --out DIR --report {file}{day}",
        facts=_facts(facts),
        in_short=_in_short(full, text),
        systems_picture=f"![nDCG@10 and recall@10 by way of ranking]({systems})",
        full_figures=_figures(full),
        text_figures=_figures(text),
        across=_percent(facts.across),
        full_languages=_languages(full),
        text_languages=_languages(text),
        judged=facts.judged,
        leads=_leads(full, text),
        folds=FOLDS,
        states=_outcomes(full.states, text.states),
        donors=_outcomes(full.donors, text.donors),
        scores_picture=f"![Mean score beside the part with grade 2 or 3, by bin]({scores})",
        full_ece=_ece(full),
        full_reliability=_reliability(full),
        text_ece=_ece(text),
        text_reliability=_reliability(text),
    )


def _facts(facts: Facts) -> str:
    grades = ", ".join(f"grade {grade}: {facts.grades.get(grade, 0)}" for grade in (3, 2, 1))
    spoken = ", ".join(f"{name} {count}" for name, count in sorted(facts.languages.items()))
    return _table(
        ("what", "value"),
        (
            ("set", f"`{facts.name}`, looked at as of {facts.as_of}"),
            ("requests", f"{facts.requests}, of {facts.states} States"),
            ("of them with a relevant offer", f"{facts.judged}; all means are over these"),
            ("offers", f"{facts.offers}, of {facts.donors} donors"),
            ("pairs that no rule bars", f"{facts.permitted:,}"),
            ("labelled pairs", f"{sum(facts.grades.values())} ({grades})"),
            ("of them across languages", _percent(facts.across)),
            ("texts by language", spoken),
            ("model", f"`{facts.model}`, signatures by method {facts.method}"),
            ("made on", facts.made.isoformat()),
        ),
        words=2,
    )


def _in_short(full: Way, text: Way) -> str:
    lines = []
    for name, way in (("full records", full), ("texts alone", text)):
        own = way.systems[ENGINE]
        rival, other = max(
            ((name, system) for name, system in way.systems.items() if name not in (ENGINE, IDEAL)),
            key=lambda item: float(item[1].figures["ndcg@10"]),
        )
        figures = own.figures
        lines += [
            f"- With {name} nDCG@10 is **{figures['ndcg@10']:.3f}** (95 % interval "
            f"{_interval(own)}); the best baseline, {rival}, has {other.figures['ndcg@10']:.3f}.",
            f"  Recall@10 is {figures['recall@10']:.3f} by request; of all pairs in one language "
            f"{figures['recall@10-same-language']:.3f}, of all across languages "
            f"{figures['recall@10-cross-language']:.3f}.",
        ]
    barred = [way.systems[ENGINE].figures["barred-pairs-proposed"] for way in (full, text)]
    lines += [
        f"- Barred pairs proposed: **{barred[0]}** with full records, **{barred[1]}** with texts "
        "alone, by a check that reads the set's own",
        "  files and shares no code with the engine's rules.",
    ]
    return "\n".join(lines)


def _figures(way: Way) -> str:
    return _table(
        ("ranked by", "nDCG@10 (95 % interval)", *map(_name, _FIGURES), "barred"),
        (
            (
                label,
                f"{system.figures['ndcg@10']:.3f} ({_interval(system)})",
                *(f"{system.figures[name]:.3f}" for name in _FIGURES),
                str(system.figures["barred-pairs-proposed"]),
            )
            for label, system in way.systems.items()
        ),
    )


def _languages(way: Way) -> str:
    names = ("ndcg@10", *_FIGURES)

    def both(figures: Mapping[str, Any], name: str) -> str:
        return " / ".join(f"{figures[f'{name}-{pair}-language']:.3f}" for pair in ("same", "cross"))

    return _table(
        ("ranked by", *map(_name, names)),
        (
            (label, *(both(system.figures, name) for name in names))
            for label, system in way.systems.items()
            if label != IDEAL
        ),
    )


def _leads(full: Way, text: Way) -> str:
    return _table(
        ("baseline", "full records", "texts alone"),
        (
            (label, *(_lead(way.systems.get(label)) for way in (full, text)))
            for label in full.systems
            if label not in (ENGINE, IDEAL)
        ),
    )


def _outcomes(full: Outcome, text: Outcome) -> str:
    return _table(
        ("records", "weights", *map(_name, MEASURES)),
        (
            (
                records,
                fitting,
                *(f"{spreads[name].mean:.3f} ± {spreads[name].deviation:.3f}" for name in MEASURES),
            )
            for records, outcome in (("full records", full), ("texts alone", text))
            for fitting, spreads in outcome.items()
        ),
        words=2,
    )


def _ece(way: Way) -> str:
    figures = way.calibration
    return f"ECE {figures['ece']:.3f}, in the first ten places {figures['ece@10']:.3f}"


def _reliability(way: Way) -> str:
    bins = [row for row in way.calibration["reliability"] if row["count"]]
    table = _table(
        ("pairs", "mean score", "part with grade 2 or 3"),
        ((str(row["count"]), f"{row['score']:.3f}", f"{row['share']:.3f}") for row in bins),
        words=0,
    )
    full_enough = [row for row in bins if row["count"] >= _ENOUGH]
    return f"{table}\n\n{_furthest(full_enough)}" if full_enough else table


def _furthest(bins: Iterable[Mapping[str, Any]]) -> str:
    worst = max(bins, key=lambda row: abs(float(row["score"] - row["share"])))
    side = "high" if worst["score"] > worst["share"] else "low"
    return (
        f"Of the bins with {_ENOUGH} pairs or more, the one whose scores are furthest off has a "
        f"mean of {worst['score']:.2f}: too {side},\nsince {_percent(worst['share'])} of its pairs "
        "have grade 2 or 3."
    )


def _lead(system: System | None) -> str:
    if system is None:
        return "–"
    low, high = system.lead_interval
    return f"{system.lead:+.3f} ({low:+.3f} to {high:+.3f})"


def _interval(system: System) -> str:
    return f"{system.interval[0]:.3f} to {system.interval[1]:.3f}"


def _percent(part: float) -> str:
    return f"{100.0 * part:.1f} %"


def _name(figure: str) -> str:
    return _NAMES.get(figure, figure)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], words: int = 1) -> str:
    """A Markdown table; its first `words` columns hold words, the others figures."""
    rules = ["---" if place < words else "--:" for place in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rules, *rows))
