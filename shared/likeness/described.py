"""A record as far as it matters for being the same as another."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple, Self

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
MOST_NUMBERS = 16
MOST_NAMES = 12
MOST_SITES = 4
MOST_OWN = 3
STEPS = 20
MOST_STEPS = 2**16 - 1
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


class Particulars(NamedTuple):
    """What a record's texts tell in particular; see shared/language/particulars.py.

    `numbers` are steps on a scale of which STEPS make a number e times as large; `phases` bits by
    their number; `names`, `sites` and `owner` keyed hashes as numbers.
    """

    numbers: tuple[int, ...] = ()
    phases: int = 0
    names: frozenset[int] = frozenset()
    sites: frozenset[int] = frozenset()
    owner: frozenset[int] = frozenset()

    @classmethod
    def of_signature(cls, signature: Mapping[str, Any]) -> Self:
        """From an event's signature; one by an older method has none."""
        numbers = {
            min(round(STEPS * math.log(number)), MOST_STEPS)
            for number in signature.get("numbers", ())
            if number > 1
        }
        names, sites, owner = (
            frozenset([int(one, 16) for one in sorted(signature.get(name, ()))][:most]) - {0}
            for name, most in (("names", MOST_NAMES), ("sites", MOST_SITES), ("owner", MOST_OWN))
        )
        phases = sum(1 << number for number in set(signature.get("phases", ())))
        return cls(tuple(sorted(numbers - {0})[-MOST_NUMBERS:]), phases, names, sites, owner)


NOTHING_IN_PARTICULAR = Particulars()


@dataclass(frozen=True, slots=True)
class Described:
    """A request or an offer.

    `owner` is its State or organisation, `window` first and last day as proleptic day numbers.
    `concepts` are those that its texts name, `terms` hashes of its words, both with weights in
    hundredths; `vector` is centred, zeros where there is none.
    `particulars` are what tells it from others on the same matter. `channel` is the code of the
    way by which it came, `language` that of its texts; None where it is not known.
    """

    owner: str
    window: tuple[int, int] | None
    lines: tuple[Line, ...]
    concepts: Mapping[str, int]
    terms: Mapping[Any, int]
    vector: npt.NDArray[np.int8]
    particulars: Particulars = NOTHING_IN_PARTICULAR
    channel: str | None = None
    language: str | None = None


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
        particulars=Particulars.of_signature(signature),
        channel=data.get("channel"),
        language=signature.get("language"),
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
    titled = tuple((concept, field == "title") for concept, field, *_ in mentions)
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
