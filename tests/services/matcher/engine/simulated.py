"""Coordinators who decide by a model of their own, or by a coin, for tests of learning."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from services.matcher.engine.examples import Decided, Pair
from services.matcher.engine.features import FEATURES
from services.matcher.engine.ranking import Model, prior_model

BEGINNING = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)
_LONG, _SHOWN, _STATES = 40, 10, 15


def taste() -> Model:
    """What decides in truth: much of what the prior makes of features is otherwise here."""
    prior = prior_model()
    weights = dict(zip(FEATURES, prior.weights, strict=True))
    weights |= {"field": 0.0, "meaning": 0.5, "terms": 0.2, "window": 4.0, "main_need": 5.0}
    weights |= {"quantity": 3.0, "text_theme": 0.5}
    made = Model("truth", FEATURES, tuple(weights[name] for name in FEATURES), 0.0)
    shown = np.vstack([_shown(np.random.default_rng(seed)) for seed in range(200)])
    return replace(made, intercept=-float(np.median(shown @ np.array(made.weights))))


@dataclass(frozen=True)
class Listed:
    """A request's list: its pairs, best first by the prior, and what is decided of each."""

    request: str
    state: str
    pairs: tuple[Pair, ...]
    endorsed: tuple[bool | None, ...]


def lists(seed: int, truth: Model | None) -> Iterator[Listed]:
    """Lists without end; about half of each list is decided on, by `truth` or else by a coin."""
    random = np.random.default_rng(seed)
    number = 0
    while True:
        number += 1
        features = _shown(random)
        chances = np.full(len(features), 0.5) if truth is None else truth.scores(features)
        yield Listed(
            request=f"r{seed}-{number}",
            state=f"S{number % _STATES:02d}",
            pairs=tuple(
                Pair(f"o{place}", tuple(float(value) for value in row))
                for place, row in enumerate(features)
            ),
            endorsed=tuple(
                bool(random.random() < chance) if random.random() < 0.5 else None
                for chance in chances
            ),
        )


def decisions(count: int, seed: int, truth: Model | None, since: int = 0) -> list[Decided]:
    """So many decisions, a minute apart, the first of them `since` minutes after the beginning."""
    made: list[Decided] = []
    for one in lists(seed, truth):
        for rank, (pair, endorsed) in enumerate(zip(one.pairs, one.endorsed, strict=True)):
            if endorsed is None:
                continue
            at = BEGINNING + timedelta(minutes=since + len(made))
            above = one.pairs[:rank]
            made.append(Decided(one.request, one.state, pair, "1.1 1.1", endorsed, at, above))
            if len(made) == count:
                return made
    raise AssertionError("lists are without end")


def _shown(random: np.random.Generator) -> np.ndarray:
    rows = 0.5 * random.random(len(FEATURES)) + 0.7 * random.random((_LONG, len(FEATURES)))
    features = np.clip(rows - 0.1, 0.0, 1.0).round(6)
    return features[np.argsort(-prior_model().scores(features), kind="stable")[:_SHOWN]]
