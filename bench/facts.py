"""How long the report's figures take out of the facts of so many requests, and to be gathered.

`python -m bench.facts --records 10000`. Facts are made up, as varied in their codes as a register
of many years has them; reading them from a database is not in it (docs/decisions/0130).
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from services.requests.reporting import FIGURES
from shared.registers.report import Fact, ReportView
from shared.registers.report_table import gathered, records_behind, report
from shared.vocabulary.countries import AREAS
from shared.vocabulary.languages import LANGUAGES
from shared.vocabulary.lists import GROUPS, INCOME_GROUPS
from shared.vocabulary.themes import THEMES

_LINES = 3
_TIMES = 9
_ASKED: tuple[dict[str, Any], ...] = ({}, {"theme": "marking"}, {"year": 2024})


def made_up(records: int, chance: random.Random) -> Iterator[Fact]:
    """Facts of requests of three lines each."""
    areas, incomes = list(AREAS.codes()), list(INCOME_GROUPS.codes())
    themes, groups = list(THEMES.codes()), [term.code for term in GROUPS]
    for number in range(records):
        codes = {
            "theme": tuple(sorted(chance.sample(themes, 2))),
            "year": (str(chance.randint(2018, 2026)),),
            "report_year": (str(chance.randint(2018, 2026)),) if number % 2 else (),
            "language": (chance.choice(LANGUAGES),),
            "region": (chance.choice(areas),),
            "group": (chance.choice(groups),),
            "income": (chance.choice(incomes),),
        }
        for _ in range(_LINES):
            of_line = {**codes, "theme": (chance.choice(codes["theme"]),)}
            for name, form in FIGURES.items():
                if form != "spread":
                    yield Fact(name, str(number), of_line, chance.random(), 1)
        for name, form in FIGURES.items():
            if form == "spread":
                yield Fact(name, str(number), codes, 100 * chance.random())


def main() -> None:
    """Print the medians of some runs, in milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    args = parser.parse_args()
    facts = list(made_up(args.records, random.Random(0)))
    now = datetime.now(UTC)
    table = gathered(FIGURES, facts, now)
    print(f"{len(facts)} facts of {args.records} requests, {table.of.shape[1]} sets of codes")
    print(f"gathered in {_median(lambda: gathered(FIGURES, facts, now)):.0f} ms")
    for asked in _ASKED:
        answer = report(table, asked)
        told = {
            "figures": _median(lambda asked=asked: report(table, asked)),
            "as a document": _median(lambda answer=answer: ReportView().dump(answer)),
            "records behind one": _median(
                lambda asked=asked: records_behind(table, {**asked, "figure": "needs"})
            ),
        }
        print(asked or "all", ", ".join(f"{name} {took:.1f} ms" for name, took in told.items()))


def _median(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        work()
        times.append(1_000 * (time.perf_counter() - began))
    return statistics.median(times)


if __name__ == "__main__":
    main()
