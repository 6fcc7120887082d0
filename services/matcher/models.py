"""Ranking models: stored by version, so that a shortlist can be explained by what ranked it.

A model's document is written once. Which model ranks is told by `model_uses`, where only ever one
document is added: the latest use of a model that has the features of this release, or of one before
that had fewer (`engine.ranking.completed`). So releases with other features run beside one another,
each with a model of its own, and going back to an older release finds the model that was in use
there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import structlog
from mongoengine import NotUniqueError

from services.matcher.engine.features import EARLIER, FEATURES
from services.matcher.engine.ranking import Model, completed, prior_model
from services.matcher.learning_documents import ModelUse, RankingModel
from shared.inserting import insert

USABLE = (FEATURES, EARLIER)
"""The features that a stored model may have to rank here."""
_ROUNDS = 50

log = structlog.get_logger(__name__)


class UnknownModel(LookupError):  # noqa: N818 (named for what happened)
    """No model of this version is stored."""


class OtherFeatures(ValueError):  # noqa: N818
    """The model was made for features that this release does not have."""


class LostRace(RuntimeError):  # noqa: N818
    """Another model was put into use meanwhile."""


@dataclass(frozen=True)
class InUse:
    """The model that ranks; `latest` is the number of the latest use of any model.

    `stored` is its document, None as long as there is none.
    """

    model: Model
    stored: RankingModel | None
    latest: int


def ensure_prior(now: datetime) -> None:
    """Store the model that the release ships with, and use it if it is new.

    A new one takes the place of the one shipped before, and of models made for other features. A
    model that was learnt stays in use where it can rank; so does one that somebody went
    back to, for the shipped one is new only once.
    """
    prior = prior_model()
    RankingModel._get_collection().update_one(
        {"_id": prior.version},
        {
            "$setOnInsert": {
                "feature_names": list(prior.feature_names),
                "weights": [float(weight) for weight in prior.weights],
                "intercept": float(prior.intercept),
                "least_score": prior.least_score,
                "parent": None,
                "decisions": 0,
                "created_at": now,
            }
        },
        upsert=True,
    )
    for _ in range(_ROUNDS):
        current = in_use()
        learnt = current.stored is not None and current.stored.parent is not None
        if learnt or ModelUse.objects(model=prior.version).first() is not None:
            return
        try:
            _use(prior.version, current.latest, now)
        except LostRace:  # another worker starts in this moment
            continue
        return
    raise LostRace("other models were put into use each time")


def active_model() -> Model:
    """The model to rank with: see `in_use`."""
    return in_use().model


def in_use() -> InUse:
    """The model used last of those that can rank here; the shipped one where none is."""
    fitting = {
        stored.id: stored
        for names in USABLE
        for stored in RankingModel.objects(feature_names=list(names))
    }
    uses = list(ModelUse.objects.order_by("-number"))
    latest = uses[0].number if uses else 0
    for use in uses:
        model = _model(fitting[use.model]) if use.model in fitting else None
        if model is not None:
            return InUse(model, fitting[use.model], latest)
    return InUse(prior_model(), None, latest)


def put_into_use(version: str, now: datetime, seen: int | None = None) -> None:
    """Rank with a stored model from now on; workers follow within seconds.

    With `seen`, the latest use that the caller knows of, raises LostRace if there was another
    since. Raises UnknownModel and OtherFeatures.
    """
    stored = RankingModel.objects(id=version).first()
    if stored is None:
        raise UnknownModel(f"there is no model {version!r}")
    if tuple(stored.feature_names) not in USABLE or _model(stored) is None:
        raise OtherFeatures(f"the model {version!r} was made for other features")
    for _ in range(1 if seen is not None else _ROUNDS):
        try:
            _use(version, in_use().latest if seen is None else seen, now)
        except LostRace:
            if seen is not None:
                raise
        else:
            return
    raise LostRace("other models were put into use each time")


def store_learnt(
    model: Model,
    *,
    parent: str,
    decisions: int,
    learnt_until: datetime,
    metrics: Mapping[str, float],
    now: datetime,
) -> str:
    """Store a learnt model under the next free version, `learnt-<number>`; returns that."""
    number = RankingModel.objects(parent__ne=None).count()
    for _ in range(_ROUNDS):
        number += 1
        version = f"learnt-{number}"
        try:
            insert(
                RankingModel(
                    id=version,
                    feature_names=list(model.feature_names),
                    weights=list(model.weights),
                    intercept=model.intercept,
                    least_score=model.least_score,
                    parent=parent,
                    decisions=decisions,
                    learnt_until=learnt_until,
                    metrics=dict(metrics),
                    created_at=now,
                )
            )
        except NotUniqueError:
            continue
        return version
    raise LostRace("other models were stored each time")


def stored_model(version: str) -> Model | None:
    """The model of a version, which never changes; None if it is not known any more."""
    shipped = prior_model()
    if version == shipped.version:
        return shipped
    try:
        return _known_model(version)
    except UnknownModel:
        return None


@lru_cache(maxsize=32)
def _known_model(version: str) -> Model:
    # Only what is found is remembered: what is not stored yet may be soon.
    stored = RankingModel.objects(id=version).first()
    model = None if stored is None else _model(stored)
    if model is None:
        raise UnknownModel(version)
    return model


def _use(version: str, latest: int, now: datetime) -> None:
    try:
        insert(ModelUse(number=latest + 1, model=version, at=now))
    except NotUniqueError:
        raise LostRace("another model was put into use meanwhile") from None


def _model(stored: RankingModel | Any) -> Model | None:
    """The stored model, completed; None for one that cannot be used, which is logged."""
    try:
        return completed(
            Model(
                version=stored.id,
                feature_names=tuple(stored.feature_names),
                weights=tuple(stored.weights),
                intercept=stored.intercept,
                least_score=stored.least_score,
            )
        )
    except ValueError as error:
        log.error("stored model not usable", model=stored.id, error=str(error))
        return None
