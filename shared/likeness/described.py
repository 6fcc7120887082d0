"""A record as far as it matters for being the same as another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.language.meaning import centred
from shared.language.vectors import SIZE, decode
from shared.language.weighing import concept_weights
from shared.vocabulary.currencies import NoRate, to_usd_cents
from shared.vocabulary.errors import UnknownCode

MOST_LINES = 32
MOST_CONCEPTS = 40
MOST_TERMS = 64
_HUNDREDTHS = 100
_THOUSANDTHS = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """A need or a provision: `quantity` in thousandths of `unit`, `cents` in US cents, or None."""

    theme: str
    kind: str
    quantity: int | None
    unit: str | None
    cents: int | None


@dataclass(frozen=True, slots=True)
class Described:
    """A request or an offer.

    `owner` is its State or organisation, `window` first and last day as proleptic day numbers.
    `concepts` are those that its texts name, `terms` hashes of its words, both with weights in
    hundredths; `vector` is centred, zeros where there is none.
    """

    owner: str
    window: tuple[int, int] | None
    lines: tuple[Line, ...]
    concepts: Mapping[str, int]
    terms: Mapping[Any, int]
    vector: npt.NDArray[np.int8]


def described(data: Mapping[str, Any], on: date) -> Described:
    """From the data of a request's or an offer's event; money at the rates of a day."""
    is_request = "needs" in data
    lines = data["needs"] if is_request else data["provisions"]
    measure = "quantity" if is_request else "capacity"
    signature = data["signature"] or {}
    vector = signature.get("vector")
    terms = [(term, round(weight * _HUNDREDTHS)) for term, weight in signature.get("terms", ())]
    return Described(
        owner=data["country"] if is_request else data["organisation"],
        window=_days(data["window"]),
        lines=tuple(
            Line(
                line["theme"],
                line["kind"],
                None if line[measure] is None else round(line[measure] * _THOUSANDTHS),
                line["unit"],
                usd_cents(line["amount_cents"], line["currency"], on),
            )
            for line in lines[:MOST_LINES]
        ),
        concepts=_named(signature.get("concepts", ())),
        terms=dict(_heaviest(terms, MOST_TERMS)),
        vector=(
            np.zeros(SIZE, dtype=np.int8) if vector is None else centred(decode(vector).tobytes())
        ),
    )


def usd_cents(cents: int | None, currency: str | None, on: date) -> int | None:
    """Hundredths of a currency as US cents at the rate of a day; None without a rate."""
    if cents is None or currency is None:
        return None
    try:
        return to_usd_cents(cents, currency, on)
    except (NoRate, UnknownCode):
        return None


def _named(mentions: Iterable[Any]) -> dict[str, int]:
    titled = [(concept, field == "title") for concept, field, *_ in mentions]
    named = {concept for concept, _ in titled}
    weighed = [(c, round(_HUNDREDTHS * part)) for c, part in concept_weights(titled).items()]
    return {c: weight for c, weight in _heaviest(weighed, MOST_CONCEPTS) if c in named}


def _heaviest(weighed: Iterable[tuple[Any, int]], most: int) -> list[tuple[Any, int]]:
    return sorted(sorted(weighed), key=itemgetter(1), reverse=True)[:most]


def _days(window: Mapping[str, str] | None) -> tuple[int, int] | None:
    if window is None:
        return None
    first, last = (date.fromisoformat(window[end]).toordinal() for end in ("from", "to"))
    return first, last
