"""What speaks for a pair, as numbers from 0 (nothing) to 1, each one better when larger."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import HUNDRED, near_themes, served_kinds
from services.matcher.engine.lines import AMOUNT, FIT, QUANTITY, THEME, UNSURE, Best
from services.matcher.engine.rules import View, overlap
from services.matcher.engine.track_records import NEUTRAL

FEATURES = (
    "theme",
    "main_need",
    "needs_served",
    "any_need",
    "quantity",
    "amount",
    "text_theme",
    "text_kind",
    "field",
    "meaning",
    "concepts",
    "focus",
    "allowed",
    "terms",
    "window",
    "unconditional",
    "uncoded",
    "track_record",
)
"""The features' names, in their order everywhere.

`theme`: how close the offered themes come to those needed. `main_need`: how well theme and kind
of the best provision serve the weightiest need. `needs_served`: the same for all needs, by weight.
`any_need`: the same for the need that is served best. `quantity`, `amount`: the part of it that the
offer can cover. `text_theme`, `text_kind`: how alike themes and kinds are by what the texts say; an
offer that speaks of money and of no theme is alike to all.
`field`: the probability that the offer's text is of this field at all. `meaning`: likeness of the
sentence vectors. `concepts`, `terms`: likeness of the concepts and of the words. `focus`: the part
of what the offer's text names that the request's names too. `allowed`: the part of what each text
names that the other does not rule out. `window`: how much of the time in which help is of use is
covered. `unconditional`: whether the offer comes without conditions. `uncoded`: whether it comes
without codes of its own, so that what it gives is guessed from its text and less of it can count:
this makes up for that, so that scores of offers with and without codes mean the same.
`track_record`: what came of the donor's earlier help (track_records.py).
"""

NO_RECORD = NEUTRAL / HUNDRED
"""`track_record` of a donor without one."""

ADDED: Mapping[str, float] = MappingProxyType({"track_record": NO_RECORD})
"""Features that the models and decisions of earlier releases lack, with the value that says
nothing: so those are still of use, and mean what they meant."""

EARLIER = tuple(name for name in FEATURES if name not in ADDED)
"""The features of those releases, the first ones of FEATURES."""

LOWEST_COSINE = -0.05
HIGHEST_COSINE = 0.55
"""Cosines that count for nothing and for all: those of texts far apart, and of close ones."""
ENOUGH_DAYS = 365
"""Days of help that are as good as more."""

Column = npt.NDArray[np.float64]
Whole = npt.NDArray[np.integer]


def pair_features(requests: View, offers: View, best: Best, today: int, sizes: "Sizes") -> Column:
    """The features of pairs, pairs × features. One of the sides' views has one row.

    `best` is what the offers' lines do for the requests' needs; `today` a proleptic day number.
    """
    columns = [
        _summed(requests["shares"], best[THEME]),
        best[FIT][:, 0] if best.shape[2] else np.zeros(best.shape[1]),
        _summed(requests["shares"], best[FIT]),
        best[FIT].max(axis=1) if best.shape[2] else np.zeros(best.shape[1]),
        _summed(requests["shares"], best[QUANTITY]),
        _summed(requests["shares"], best[AMOUNT]),
        _alike_themes(requests, offers),
        _served_kinds(requests["text_kinds"], offers["text_kinds"]),
        offers["field"] / HUNDRED,
        _meaning(requests, offers),
        _likeness(requests, offers, "concept", sizes.concepts),
        _named_too(offers, requests, sizes.concepts),
        np.minimum(
            _allowed(requests, offers, sizes.concepts), _allowed(offers, requests, sizes.concepts)
        ),
        _likeness(requests, offers, "term", sizes.terms),
        _window(requests, offers, today),
        offers["unconditional"].astype(np.float64),
        1.0 - offers["coded"],
        offers["record"] / HUNDRED,
    ]
    return np.stack([np.broadcast_to(column, (best.shape[1],)) for column in columns], axis=1)


class Sizes:
    """How many numbers for concepts and terms are in use."""

    def __init__(self, concepts: int, terms: int) -> None:
        self.concepts = concepts
        self.terms = terms


def _summed(shares: Column, best: Column) -> Column:
    """Σ share × best over the places, one after the other, so that the sum has one order."""
    total = np.zeros(best.shape[0])
    for place in range(best.shape[1]):
        total += shares[:, place] * best[:, place]
    return np.minimum(total, 1.0)


def _alike_themes(requests: View, offers: View) -> Column:
    """Likeness of what the texts speak of, themes close to one another counting in part.

    The cosine of the two lists of probabilities under the closeness of themes; whole numbers up
    to the root and the division. 0 where a text speaks of none.
    """
    one, many = (requests, offers) if len(requests["open"]) == 1 else (offers, requests)
    near = near_themes() @ one["text_themes"][0].astype(np.int64)
    products = (many["text_themes"] * near).sum(axis=1)
    norms = requests["theme_norm"] * offers["theme_norm"]
    cosine = np.where(norms > 0.0, products / np.where(norms > 0.0, norms, 1.0), 0.0)
    return np.minimum(cosine, 1.0)


def _served_kinds(needed: Whole, given: Whole) -> Column:
    """The part of the kinds that one text speaks of that the other's serve.

    Σ min(needed, best served) ÷ Σ needed, in whole numbers up to the division; UNSURE where
    either text speaks of none.
    """
    reach = (given[:, np.newaxis, :] * served_kinds()).max(axis=2)
    total = HUNDRED * needed.sum(axis=1, dtype=np.int64)
    served = np.minimum(HUNDRED * needed.astype(np.int64), reach).sum(axis=1)
    known = (total > 0) & reach.any(axis=1)
    return np.where(known, served / np.where(total > 0, total, 1), UNSURE)


def _meaning(requests: View, offers: View) -> Column:
    norms = requests["vector_norm"] * offers["vector_norm"]
    products = _products(requests["vector"], offers["vector"])
    cosine = np.where(norms > 0.0, products / np.where(norms > 0.0, norms, 1.0), LOWEST_COSINE)
    return np.clip((cosine - LOWEST_COSINE) / (HIGHEST_COSINE - LOWEST_COSINE), 0.0, 1.0)


def _products(left: Whole, right: Whole) -> Column:
    """Row by row products of vectors of signed bytes; one of the sides has one row.

    512 such products stay below 2**24, so single precision holds every partial sum exactly, and
    the result is the same in whatever order BLAS adds.
    """
    a, b = left.astype(np.float32), right.astype(np.float32)
    products = b @ a[0] if len(a) == 1 else a @ b[0]
    return np.asarray(products, dtype=np.float64)


def _likeness(requests: View, offers: View, what: str, size: int) -> Column:
    one, many = (requests, offers) if len(requests["open"]) == 1 else (offers, requests)
    weights = np.zeros(size, dtype=np.int64)
    weights[one[f"{what}s"][0]] = one[f"{what}_weights"][0]
    weights[0] = 0
    products = (weights[many[f"{what}s"]] * many[f"{what}_weights"]).sum(axis=1)
    norms = requests[f"{what}_norm"] * offers[f"{what}_norm"]
    return np.where(norms > 0.0, products / np.where(norms > 0.0, norms, 1.0), 0.0)


def _named_too(ones: View, others: View, size: int) -> Column:
    """The part of what one side's texts name, by weight, that the other's name too."""
    single = ones if len(ones["concepts"]) == 1 else others
    if single is others:
        named = np.zeros(size, dtype=np.int64)
        named[others["concepts"][0]] = 1
        named[0] = 0
        common = (named[ones["concepts"]] * ones["concept_weights"]).sum(axis=1)
    else:
        weights = np.zeros(size, dtype=np.int64)
        weights[ones["concepts"][0]] = ones["concept_weights"][0]
        weights[0] = 0
        common = weights[others["concepts"]].sum(axis=1)
    total = ones["concept_weights"].sum(axis=1, dtype=np.int64)
    return np.where(total > 0, common / np.where(total > 0, total, 1), 0.0)


def _allowed(ones: View, others: View, size: int) -> Column:
    """The part of what one side's texts name, by weight, that the other's do not rule out."""
    if len(ones["concepts"]) == 1:
        weights = np.zeros(size, dtype=np.int64)
        weights[ones["concepts"][0]] = ones["concept_weights"][0]
        weights[0] = 0
        lost = weights[others["excluded"]].sum(axis=1)
    else:
        out = np.zeros(size, dtype=np.int64)
        out[others["excluded"][0]] = 1
        out[0] = 0
        lost = (out[ones["concepts"]] * ones["concept_weights"]).sum(axis=1)
    total = ones["concept_weights"].sum(axis=1, dtype=np.int64)
    return 1.0 - np.where(total > 0, lost / np.where(total > 0, total, 1), 0.0)


def _window(requests: View, offers: View, today: int) -> Column:
    first, last = overlap(requests, offers, today)
    useful = requests["to"] - np.maximum(requests["from"], np.int32(today)) + 1
    enough = np.clip(useful, 1, ENOUGH_DAYS)
    covered: Column = np.clip((last - first + 1) / enough, 0.0, 1.0)
    return covered


def named(features: Sequence[float]) -> dict[str, float]:
    """A pair's features by name."""
    return dict(zip(FEATURES, features, strict=True))


def completed(features: Sequence[float]) -> tuple[float, ...]:
    """A pair's features, with those that an earlier release did not tell as if nothing was known;
    ValueError for what is neither of this release nor of those."""
    if len(features) == len(FEATURES):
        return tuple(features)
    if len(features) != len(EARLIER):
        raise ValueError(f"{len(features)} features are none of any release")
    return (*features, *ADDED.values())
