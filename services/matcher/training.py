"""Learning a ranking model from the log of decisions, and using it if it is the better one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from threadpoolctl import threadpool_limits

from services.matcher import decision_log
from services.matcher.decision_log import Entry
from services.matcher.engine import examples, learning
from services.matcher.engine.examples import Decided, Examples, Pair
from services.matcher.engine.features import completed
from services.matcher.engine.learning import Comparison
from services.matcher.engine.ranking import Model, prior_model
from services.matcher.models import (
    USABLE,
    LostRace,
    ensure_prior,
    in_use,
    put_into_use,
    store_learnt,
)


@dataclass(frozen=True)
class Lesson:
    """What the log teaches: `left_out` decisions were made on other features than today's.

    `decisions` is how many were not, `newest` when the last one was taken.
    """

    examples: Examples
    decisions: int
    left_out: int
    newest: datetime | None


@dataclass(frozen=True)
class Training:
    """What came of a training.

    `wanting` says why no model was put into use, None if one was (or would be, were this no dry
    run). `version` is what the new model is stored as, None where none was learnt or stored.
    `comparison` is None where too few decisions are left that the model in use was not learnt from.
    """

    lesson: Lesson
    in_use: str
    comparison: Comparison | None
    model: Model | None
    version: str | None
    wanting: str | None


def train(
    now: datetime,
    dry_run: bool = False,
    progress: learning.Progress = lambda: None,
) -> Training:
    """Learn from all kept decisions, compare with the model in use, store and use what is better.

    Held back are the decisions that the model in use was not learnt from, State by State: on the
    others it would be asked what it was told. What is learnt is always shrunk toward the model
    that the release ships with, and stored whether it is used or not. Where another model came into
    use meanwhile, nothing is put into its place, for nothing was compared with it. A dry run
    writes nothing. Blocks for seconds; raises pymongo's errors.
    """
    if not dry_run:
        ensure_prior(now)
        decision_log.keep_waiting()
    current, lesson = in_use(), gather()
    stored, given = current.stored, lesson.examples
    fresh = np.ones(len(given), dtype=bool)
    if stored is not None and stored.learnt_until is not None:
        fresh = given.at > stored.learnt_until.timestamp()
    lacking = examples.lacking(given.where(fresh))
    if lacking is not None or lesson.newest is None:
        return Training(lesson, current.model.version, None, None, None, lacking)
    prior = prior_model()
    # Hundreds of fits of a few hundred rows each: threads would wait for one another only.
    with threadpool_limits(1, "blas"):
        comparison = learning.compare(given, fresh, prior, current.model, progress)
        model = learning.learn(given, prior, "learnt", progress)
    wanting, version = comparison.wanting, None
    if not dry_run:
        version = store_learnt(
            model,
            parent=current.model.version,
            decisions=lesson.decisions,
            learnt_until=lesson.newest,
            metrics=figures(comparison),
            now=now,
        )
        if wanting is None:
            try:
                put_into_use(version, now, current.latest)
            except LostRace:
                wanting = "another model came into use meanwhile; train again to compare with that"
    return Training(lesson, current.model.version, comparison, model, version, wanting)


def gather() -> Lesson:
    """What the log teaches, as far as it is about the present features."""
    counts = {True: 0, False: 0}
    newest: datetime | None = None

    def usable() -> Iterator[Decided]:
        nonlocal newest
        for entry in decision_log.kept():
            fits = tuple(entry["feature_names"]) in USABLE
            counts[fits] += 1
            if fits:
                newest = entry["at"]
                yield decided(entry)

    given = examples.examples(usable())
    return Lesson(given, counts[True], counts[False], newest)


def decided(entry: Entry) -> Decided:
    """A kept decision as the engine learns from it."""
    offers = [pair["offer"] for pair in entry["shown"]]
    above = offers.index(entry["offer"]) if entry["offer"] in offers else 0
    return Decided(
        request=entry["request"],
        state=entry["country"],
        pair=Pair(entry["offer"], completed(entry["features"])),
        records=f"{entry['request_version']} {entry['offer_version']}",
        endorsed=entry["action"] == "endorse",
        at=entry["at"],
        above=tuple(
            Pair(pair["offer"], completed(pair["features"])) for pair in entry["shown"][:above]
        ),
    )


def figures(comparison: Comparison) -> dict[str, float]:
    """A comparison as it is kept with the new model."""
    new, old = comparison.new, comparison.in_use
    return {
        "held_back": comparison.decisions,
        "states": comparison.states,
        "lists": comparison.lists,
        "log_loss": round(new.log_loss, 6),
        "order": round(new.order, 6),
        "ece": round(new.ece, 6),
        "hidden": comparison.hidden,
        "in_use_log_loss": round(old.log_loss, 6),
        "in_use_order": round(old.order, 6),
        "in_use_ece": round(old.ece, 6),
    }
