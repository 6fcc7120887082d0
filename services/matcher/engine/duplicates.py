"""Records of one side that seem to be the same: candidates from the index, then shared/likeness.

Requests are the same only within a State: what two States ask for alike is for an alliance. Offers
may be of two organisations, as when an agency and whoever works for it post one programme.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.matcher.engine.index import Index
from services.matcher.engine.profiles import ALWAYS
from services.matcher.engine.records import Records, Side
from shared.likeness.classifier import shipped
from shared.likeness.described import Described, Line, usd_cents
from shared.likeness.evidence import Evidence, likeness

__all__ = ["Evidence", "Likely", "likely_duplicates"]

MOST_CANDIDATES = 50
"""Records nearest in meaning that one is compared with."""

NEAR = 0.5
"""The least cosine at which offers of two organisations are compared."""


@dataclass(frozen=True, slots=True)
class Likely:
    """Two records of a side that seem to be the same, the lesser id first.

    `score` is the probability that they are, from 0 to 1, rounded to 1e-6; `features` are in the
    order of shared.likeness.features; `evidence` comes weightiest first.
    """

    side: Side
    left: str
    right: str
    score: float
    features: tuple[float, ...]
    evidence: tuple[Evidence, ...]


def likely_duplicates(records: Records, side: Side, record: str) -> tuple[Likely, ...]:
    """What a record seems to be the same as, likeliest first; nothing for one that is not here.

    Whatever the state of either record: whether they are open is for the caller to know.
    """
    index = records.requests if side == "request" else records.offers
    if record not in index:
        return ()
    row = index.row(record)
    one = _described(records, index, row)
    found = []
    for other in _candidates(index, row, side):
        name = index.id(other)
        ends = (one, _described(records, index, other))
        left, right = (record, name) if record < name else (name, record)
        alike = likeness(*(ends if record < name else ends[::-1]))
        if alike.score >= shipped().least:
            found.append(Likely(side, left, right, alike.score, alike.features, alike.evidence))
    return tuple(sorted(found, key=lambda likely: (-likely.score, likely.left, likely.right)))


def _candidates(index: Index, row: int, side: Side) -> list[int]:
    """The rows to compare a row with, nearest in meaning first."""
    owners = index.records.column("owner")
    wanted = index.records.used.copy()
    wanted[row] = False
    own = owners == owners[row]
    if side == "request":
        wanted &= own
    else:
        themes = index.records.column("themes")
        wanted &= own | ((themes & themes[row]) != 0)
    rows = np.flatnonzero(wanted)
    cosines = _cosines(index, row, rows)
    kept = own[rows] | (cosines >= NEAR)
    rows, cosines = rows[kept], cosines[kept]
    if len(rows) > MOST_CANDIDATES:
        least = np.partition(cosines, -MOST_CANDIDATES)[-MOST_CANDIDATES]
        rows = rows[cosines >= least]
    return [int(other) for other in rows]


def _cosines(index: Index, row: int, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    vectors, norms = index.records.column("vector"), index.records.column("vector_norm")
    # Exact in any order: sums of 512 products of signed bytes are whole numbers below 2**24.
    products = vectors[rows].astype(np.float32) @ vectors[row].astype(np.float32)
    lengths = norms[rows] * norms[row]
    some = lengths > 0.0
    found: npt.NDArray[np.float64] = np.where(some, products / np.where(some, lengths, 1.0), 0.0)
    return found


def _described(records: Records, index: Index, row: int) -> Described:
    column = index.records.column
    window = int(column("from")[row]), int(column("to")[row])
    terms = zip(column("terms")[row].tolist(), column("term_weights")[row].tolist(), strict=True)
    return Described(
        owner=records.names.owners.name(int(column("owner")[row])) or "",
        window=None if window == ALWAYS else window,
        lines=tuple(
            Line(
                line.theme,
                line.kind,
                line.quantity,
                line.unit,
                usd_cents(line.amount, line.currency, records.as_of),
            )
            for line in index.written_lines(row)
        ),
        concepts=index.named(row),
        terms={term: weight for term, weight in terms if term},
        vector=column("vector")[row],
    )
