"""In which order an offer is shown requests: by how well it suits them and the State's priority.

What the donor chose for its offer bars or admits a request and does nothing else here, nor does
what its help was worth before.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from services.matcher.engine.compiled import compiled
from services.matcher.engine.features import NO_RECORD
from services.matcher.engine.ranking import PRIORITY_STEP, Model, rounded, total_of, weights_of

PRIORITIES: Mapping[str, int] = MappingProxyType({"critical": 4, "high": 3, "medium": 2, "low": 1})
"""Steps of the State's own priority; 0 where none is stated."""

_AS_IF: Mapping[str, float] = MappingProxyType(
    {"window": 0.0, "unconditional": 0.0, "track_record": NO_RECORD}
)
"""Features that tell what the donor chose for its offer, and what its help was worth before, and
what they are taken for."""

Floats = npt.NDArray[np.float64]


def urgency(priority: str | None) -> float:
    """What the State's own priority adds, in log odds."""
    return PRIORITY_STEP * PRIORITIES.get(priority or "", 0)


def suits(model: Model, features: Floats, priorities: npt.NDArray[np.integer]) -> Floats:
    """How far up each request belongs in an offer's list, in log odds, rounded to 1e-6.

    `features` are pairs × the model's features, `priorities` steps, one for each pair. Equal ones
    go by the requests' ids.
    """
    suited: Floats = _suited(
        features, weights_of(model), *_as_if(model.feature_names), PRIORITY_STEP, priorities
    )
    return suited


@compiled
def _suited(features, weights, chosen, as_if, step, priorities):  # type: ignore[no-untyped-def]
    suited = np.empty(len(features))
    for at in range(len(features)):
        # Without what the donor chose not even rounding lets it change an order.
        suited[at] = rounded(
            total_of(np.where(chosen, as_if, features[at]), weights) + step * priorities[at]
        )
    return suited


@lru_cache(maxsize=16)
def _as_if(feature_names: tuple[str, ...]) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Which features a donor chose, and what they are taken for."""
    chosen = np.array([name in _AS_IF for name in feature_names])
    return chosen, np.array([_AS_IF.get(name, 0.0) for name in feature_names])
