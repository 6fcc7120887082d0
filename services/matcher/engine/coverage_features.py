"""What speaks for a need line being covered by an activity, as numbers from 0 to 1."""

import numpy as np
import numpy.typing as npt

from services.matcher.engine.activities import Activities, Needs, dollars
from services.matcher.engine.codes import (
    HUNDRED,
    KIND_NUMBERS,
    THEME_NUMBERS,
    closeness,
    serves,
)
from services.matcher.engine.profiles import Line

FEATURES = (
    "theme",
    "kind",
    "text_theme",
    "field",
    "meaning",
    "concepts",
    "focus",
    "allowed",
    "amount",
    "quantity",
    "part",
    "together",
    "sites",
)
"""The features' names, each from 0 to 1, each speaking for coverage when larger.

`theme`, `kind`: how well the activity's codes serve the line's. `text_theme`: how far the
activity's text speaks of the line's theme. `field`: the probability that it is of this field.
`meaning`, `concepts`: likeness of the vectors and of the concepts named. `focus`: the part of what
the activity's text names that the request's names too. `allowed`: the part of what each text names
that the other does not rule out. `amount`, `quantity`: how near money and numbers are to those
needed. `part`: the part of the line that is covered by them. `together`: the part of the shorter
window on which both stand. `sites`: whether both name the same place within the State; 0 where each
names others: of a line that has places of its own, these. What is not told counts as neither for
nor against.
"""

UNSURE = 0.5
_LOWEST_COSINE, _HIGHEST_COSINE = 0.1, 0.5

Rows = npt.NDArray[np.intp]
Features = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def features(activities: Activities, needs: Needs, line: Line, rows: Rows) -> Features:
    """A need line's features with the activities in some rows: pairs × features."""
    theme, kind = THEME_NUMBERS[line.theme], KIND_NUMBERS[line.kind]
    theme_given, kind_given, field, texts, themes, unit, quantity, paid, first, last = (
        activities.column(name)[rows]
        for name in (
            *("theme", "kind", "field", "text", "text_themes"),
            *("unit", "quantity", "dollars", "from", "to"),
        )
    )
    texts = texts & needs.has_text
    own_unit = activities.units.of(line.unit)
    same_unit = (unit == own_unit) & (own_unit > 0)
    columns = [
        closeness()[theme][theme_given],
        serves()[kind][kind_given],
        np.where(texts, (themes * closeness()[theme]).max(axis=1) / HUNDRED, UNSURE),
        np.where(texts, field / HUNDRED, UNSURE),
        _meaning(needs.vector, activities.column("vector")[rows]),
        *_concepts(activities, needs, rows),
        _nearness(dollars(line), paid, np.ones(len(rows), dtype=bool)),
        _nearness(line.quantity or 0, quantity, same_unit | (unit == 0) | (own_unit == 0)),
        _part((line.quantity or 0, quantity, same_unit), (dollars(line), paid)),
        _together(line.window or needs.window, first, last),
        _sites(needs, line, activities.column("sites")[rows]),
    ]
    return np.stack([column.astype(np.float64) for column in columns], axis=1).clip(0.0, 1.0)


def _nearness(needed: int, given: Whole, comparable: npt.NDArray[np.bool_]) -> Features:
    """The smaller of two sizes as a part of the larger; UNSURE where they cannot be compared."""
    known = (given > 0) & (needed > 0) & comparable
    return _divided(np.minimum(given, needed), np.maximum(given, needed), known, UNSURE)


def _part(counted: tuple[int, Whole, npt.NDArray[np.bool_]], money: tuple[int, Whole]) -> Features:
    """The part of a line that is covered: by quantity where units are one, else by money."""
    needed, given, same_unit = counted
    cost, paid = money
    by_money = _divided(paid, np.full_like(paid, cost), (paid > 0) & (cost > 0), UNSURE)
    by_quantity = (given > 0) & (needed > 0) & same_unit
    parts = np.where(
        by_quantity, _divided(given, np.full_like(given, needed), by_quantity, UNSURE), by_money
    )
    return np.minimum(parts, 1.0)


def _together(window: tuple[int, int], first: Whole, last: Whole) -> Features:
    """The part of the shorter of two windows on which both stand; UNSURE without dates."""
    days = np.minimum(last, window[1]) - np.maximum(first, window[0]) + 1
    shorter = np.minimum(last - first, window[1] - window[0]) + 1
    return _divided(np.maximum(days, 0), shorter, last > 0, UNSURE)


def _sites(needs: Needs, line: Line, given: npt.NDArray[np.uint32]) -> Features:
    """1 where a place is named by both, 0 where none is; UNSURE where one names none.

    UNSURE too where none is and the line lists places that nobody knows by name: they may lie in
    what the activity names.
    """
    places = needs.places.get(line.number)
    asked = np.array(sorted(places), dtype=np.uint32) if places else needs.sites
    known = given.any(axis=1) & asked.any() & (places is None or bool(places))
    common = np.isin(given, asked[asked > 0]).any(axis=1)
    found: Features = np.where(known | common, common, UNSURE)
    return found


def _meaning(own: npt.NDArray[np.int8], others: npt.NDArray[np.int8]) -> Features:
    # 512 products of signed bytes stay below 2**24: single precision holds every sum exactly.
    vectors, vector = others.astype(np.float32), own.astype(np.float32)
    norms = np.sqrt((vectors * vectors).sum(axis=1) * (vector * vector).sum(), dtype=np.float64)
    cosine = _divided(vectors @ vector, norms, norms > 0.0, np.nan)
    scaled = (cosine - _LOWEST_COSINE) / (_HIGHEST_COSINE - _LOWEST_COSINE)
    return np.where(np.isnan(scaled), UNSURE, scaled.clip(0.0, 1.0))


def _concepts(activities: Activities, needs: Needs, rows: Rows) -> tuple[Features, ...]:
    """`concepts`, `focus` and `allowed`."""
    named, weights, excluded = (
        activities.column(name)[rows] for name in ("named", "named_weights", "excluded")
    )
    asked = activities.spread(needs.concepts)
    total = weights.sum(axis=1, dtype=np.int64)
    known = (total > 0) & bool(needs.named)
    norms = np.sqrt(np.square(asked).sum() * np.square(weights.astype(np.int64)).sum(axis=1))
    likeness = _divided((asked[named] * weights).sum(axis=1), norms, known, UNSURE)
    focus = _divided(((asked[named] > 0) * weights).sum(axis=1), total, known, UNSURE)
    ruled_out = activities.spread(dict.fromkeys(needs.excluded, 1))
    lost = _divided((ruled_out[named] * weights).sum(axis=1), total, known, 0.0)
    asked_for = activities.spread(needs.named)
    denied = asked_for[excluded].sum(axis=1) / max(int(asked_for.sum()), 1)
    return likeness, focus, 1.0 - np.maximum(lost, denied)


def _divided(
    above: npt.NDArray[np.generic],
    below: npt.NDArray[np.generic],
    known: npt.NDArray[np.bool_],
    otherwise: float,
) -> Features:
    found: Features = np.where(known, above / np.where(known, below, 1), otherwise)
    return found
