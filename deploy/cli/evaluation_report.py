"""`entraide evaluate --report`: everything that is measured for the report, and its files."""

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import fmean
from typing import Any

from deploy.cli.baselines import rank_baselines
from deploy.cli.charts import Panel, bar_chart
from deploy.cli.crossvalidation import Outcome, Twins, over_donors, over_states
from deploy.cli.goldformat import GoldSetError
from deploy.cli.goldset import GoldSet
from deploy.cli.measuring import Grades, calibration, languages, measure, orders
from deploy.cli.permitted import Permitted, permitted_pairs
from deploy.cli.rankings import SIZE, Ranked, Rankings, read_qrels
from deploy.cli.through_engine import as_rankings, read_geography, read_profiles, shortlists
from services.matcher.engine.evaluation import mean_interval, ndcg_by_request
from services.matcher.engine.geography import Geography
from services.matcher.engine.ranking import prior_model
from shared.language.signature import METHOD

ENGINE, IDEAL = "Entraide", "best possible"
Interval = tuple[float, float]


@dataclass(frozen=True)
class System:
    """One way of ranking: its figures, and the interval of its nDCG@10.

    `lead` is how far the engine's nDCG@10 is above it, with the interval of the difference.
    """

    figures: Mapping[str, Any]
    interval: Interval
    lead: float
    lead_interval: Interval


@dataclass(frozen=True)
class Way:
    """What was measured with full records, or with texts alone."""

    systems: Mapping[str, System]
    calibration: Mapping[str, Any]
    states: Outcome
    donors: Outcome


@dataclass(frozen=True)
class Facts:
    """What the figures stand on."""

    name: str
    as_of: date
    made: date
    model: str
    method: str
    requests: int
    judged: int
    states: int
    offers: int
    donors: int
    permitted: int
    grades: Mapping[int, int]
    across: float
    languages: Mapping[str, int]


def write_report(
    report: Path, gold_dir: Path, sets: tuple[GoldSet, GoldSet], as_of: date, term_key: bytes
) -> None:
    """Measure a set with full records and with texts alone, and write the report and its charts.

    `sets` are the same set read both ways. GoldSetError for a set that cannot be measured.
    """
    from deploy.cli.evaluation_text import markdown

    table = gold_dir / "countries.tsv"
    countries = table if table.is_file() else None
    geography = read_geography(countries, as_of)
    grades = read_qrels(gold_dir / "qrels.tsv")
    twins = _read_twins(gold_dir / "duplicates.tsv")
    permitted = permitted_pairs(sets[0], countries, as_of)
    if not any(any(found.values()) for found in grades.values()):
        raise GoldSetError("no pair has a grade above 0, so there is nothing to report")
    full, text = (_measure(gold, geography, grades, twins, permitted, term_key) for gold in sets)
    facts = _facts(sets[0], grades, permitted, as_of)
    systems, scores = (
        report.with_suffix(".svg"),
        report.with_name(f"{report.stem}-reliability.svg"),
    )
    systems.write_text(systems_chart(facts, full, text), encoding="utf-8")
    scores.write_text(scores_chart(facts, full, text), encoding="utf-8")
    named = report.name if report.is_absolute() else report.as_posix()
    told = markdown(facts, full, text, named, (systems.name, scores.name))
    report.write_text(told, encoding="utf-8")


def systems_chart(facts: Facts, full: Way, text: Way) -> str:
    """nDCG@10 and recall@10 of each way of ranking, full records beside texts alone."""
    names = [name for name in full.systems if name != IDEAL]

    def rows(measure: str) -> list[tuple[str, list[float | None]]]:
        return [
            (
                name,
                [
                    float(way.systems[name].figures[measure]) if name in way.systems else None
                    for way in (full, text)
                ],
            )
            for name in names
        ]

    told = "; ".join(
        f"{name} {_both(full, text, name, 'ndcg@10')} and {_both(full, text, name, 'recall@10')}"
        for name in names
    )
    return bar_chart(
        f"Rankings of the set {facts.name} by Entraide and by the baselines",
        "Horizontal bars. For each way of ranking nDCG@10 and recall@10, each with full records "
        f"and with texts alone: {told}.",
        ("full records", "texts alone"),
        (Panel("nDCG@10", rows("ndcg@10")), Panel("recall@10", rows("recall@10"))),
    )


def scores_chart(facts: Facts, full: Way, text: Way) -> str:
    """The mean score of each bin beside the part of its pairs that have grade 2 or 3."""
    panels, told = [], []
    for name, way in (("Full records", full), ("Texts alone", text)):
        table = [row for row in way.calibration["reliability"] if row["count"]]
        rows = [(f"{row['count']} pairs", (row["score"], row["share"])) for row in table]
        panels.append(Panel(f"{name}, proposed pairs by score", rows))
        told += [f"{name}, by mean score:"]
        told += [f"{row['score']:.2f} has {row['share']:.2f};" for row in table]
    return bar_chart(
        f"Scores of the set {facts.name} beside what the labels say",
        "Horizontal bars. Proposed pairs in bins by score; for each bin the mean score and the "
        f"part of the pairs with grade 2 or 3, which should be alike. {' '.join(told)}",
        ("mean score", "part with grade 2 or 3"),
        panels,
        form="{:.2f}",
    )


def _both(full: Way, text: Way, name: str, measure: str) -> str:
    found = [
        f"{way.systems[name].figures[measure]:.3f}" if name in way.systems else "none"
        for way in (full, text)
    ]
    return f"{measure} {found[0]} and {found[1]}"


def _measure(
    gold: GoldSet,
    geography: Geography,
    grades: Grades,
    twins: Twins,
    permitted: Permitted,
    term_key: bytes,
) -> Way:
    profiles = read_profiles(gold, term_key)
    engine = as_rankings(shortlists(profiles, prior_model(), geography, SIZE))
    ranked = rank_baselines(gold, permitted) | {ENGINE: engine, IDEAL: _ideal(grades)}
    own = ndcg_by_request(orders(engine), grades)
    systems = {}
    for name, rankings in ranked.items():
        each = ndcg_by_request(orders(rankings), grades)
        ahead = [own[request] - each[request] for request in own]
        systems[name] = System(
            figures=measure(gold, rankings, grades, permitted),
            interval=mean_interval(list(each.values())),
            lead=fmean(ahead),
            lead_interval=mean_interval(ahead),
        )
    return Way(
        systems,
        calibration(engine, grades),
        over_states(gold, profiles, grades, geography, twins),
        over_donors(gold, profiles, grades, geography, twins),
    )


def _ideal(grades: Grades) -> Rankings:
    return {
        request: [
            Ranked(offer, 1.0)
            for offer, grade in sorted(found.items(), key=lambda item: (-item[1], item[0]))
            if grade > 0
        ][:SIZE]
        for request, found in grades.items()
    }


def _read_twins(path: Path) -> Twins:
    """The pairs that are labelled as one and the same; none without the file."""
    if not path.is_file():
        return ()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [
                (row["left"], row["right"])
                for row in csv.DictReader(file, delimiter="\t")
                if row["label"] == "1"
            ]
    except (OSError, UnicodeDecodeError, KeyError):
        raise GoldSetError(f"{path} must have the columns left, right and label") from None


def _facts(gold: GoldSet, grades: Grades, permitted: Permitted, as_of: date) -> Facts:
    tongue = languages(gold)
    pairs = [
        (request, offer, grade)
        for request, found in grades.items()
        for offer, grade in found.items()
        if grade > 0
    ]
    return Facts(
        name=gold.source,
        as_of=as_of,
        made=datetime.now(UTC).date(),
        model=prior_model().version,
        method=METHOD,
        requests=len(gold.requests),
        judged=len({request for request, _, _ in pairs}),
        states=len({row.body["country"] for row in gold.requests}),
        offers=len(gold.offers),
        donors=len({row.body["organisation"] for row in gold.offers}),
        permitted=sum(map(len, permitted.values())),
        grades=Counter(grade for _, _, grade in pairs),
        across=sum(tongue[request] != tongue[offer] for request, offer, _ in pairs) / len(pairs),
        languages=Counter(tongue.values()),
    )
