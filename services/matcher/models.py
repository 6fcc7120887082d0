"""Ranking models: stored by version, so that a shortlist can be explained by what ranked it."""

from datetime import datetime
from functools import lru_cache

from services.matcher.documents import RankingModel
from services.matcher.engine.ranking import Model, prior_model


def ensure_prior(now: datetime) -> None:
    """Store the model that the engine ships with, unless it is there."""
    model = prior_model()
    RankingModel._get_collection().update_one(
        {"_id": model.version},
        {
            "$setOnInsert": {
                "feature_names": list(model.feature_names),
                "weights": [float(weight) for weight in model.weights],
                "intercept": float(model.intercept),
                "active": True,
                "created_at": now,
            }
        },
        upsert=True,
    )


def active_model() -> Model:
    """The newest active model; the shipped one where none is stored."""
    stored = RankingModel.objects(active=True).order_by("-created_at", "-id").first()
    return prior_model() if stored is None else _model(stored)


@lru_cache(maxsize=8)
def stored_model(version: str) -> Model | None:
    """The model of a version, which never changes; None if it is not known any more."""
    shipped = prior_model()
    if version == shipped.version:
        return shipped
    stored = RankingModel.objects(id=version).first()
    return None if stored is None else _model(stored)


def _model(stored: RankingModel) -> Model:
    return Model(
        version=stored.id,
        feature_names=tuple(stored.feature_names),
        weights=tuple(stored.weights),
        intercept=stored.intercept,
    )
