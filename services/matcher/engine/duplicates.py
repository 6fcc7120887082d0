"""Records of one side that seem to be the same: candidates from the index, then shared/likeness.

Requests are the same only within a State: what two States ask for alike is for an alliance. Offers
may be of two organisations, as when an agency and whoever works for it post one programme.
"""

import math
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from services.matcher.engine.index import Index
from services.matcher.engine.particulars import channel_of, language_of, particulars_of
from services.matcher.engine.profiles import ALWAYS
from services.matcher.engine.records import Records, Side
from services.matcher.engine.resemblance import resembling
from services.matcher.engine.whereabouts import FEW
from shared.likeness.classifier import DECIMALS, shipped
from shared.likeness.described import Described, Line, usd_cents
from shared.likeness.evidence import Evidence, likeness_from

__all__ = ["Evidence", "Likely", "likely_duplicates", "likely_pair"]

MOST_CANDIDATES = 50
"""Records nearest in meaning that one is compared with."""


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


def likely_duplicates(
    records: Records, side: Side, record: str, *, least: float | None = None
) -> tuple[Likely, ...]:
    """What a record seems to be the same as, likeliest first; nothing for one that is not here.

    Pairs of a probability from `least` on, the shipped classifier's own unless given. Each pair
    stands for itself: that a is b and b is c does not make a and c the same. Whatever the state of
    either record: whether they are open is for the caller to know.
    """
    index = _index(records, side)
    if record not in index:
        return ()
    row = index.row(record)
    one = record, _described(records, index, row)
    shown = shipped().least if least is None else least
    found = []
    for other in _candidates(records, side, row, shown):
        another = index.id(other), _described(records, index, other)
        likely = _compared(side, shown, *sorted((one, another), key=itemgetter(0)))
        if likely is not None:
            found.append(likely)
    return tuple(sorted(found, key=lambda likely: (-likely.score, likely.left, likely.right)))


def likely_pair(
    records: Records, side: Side, left: str, right: str, *, least: float | None = None
) -> Likely | None:
    """What `likely_duplicates` tells of these two, the lesser id first, however many others are
    nearer to either; None where they do not seem to be the same, or one is not here."""
    index = _index(records, side)
    if left not in index or right not in index:
        return None
    one, other = index.row(left), index.row(right)
    if other not in _near(records, side, one) and one not in _near(records, side, other):
        return None
    shown = shipped().least if least is None else least
    ends = ((id_, _described(records, index, index.row(id_))) for id_ in (left, right))
    return _compared(side, shown, *ends)


def _compared(
    side: Side, least: float, left: tuple[str, Described], right: tuple[str, Described]
) -> Likely | None:
    alike = likeness_from(least, left[1], right[1])
    if alike is None:
        return None
    return Likely(side, left[0], right[0], alike.score, alike.features, alike.evidence)


def _index(records: Records, side: Side) -> Index:
    return records.requests if side == "request" else records.offers


def _candidates(records: Records, side: Side, row: int, least: float) -> list[int]:
    """The rows that may be the same as a row by what is quickly told, nearest in meaning first.

    Nothing is left out that could reach `least`, a probability above 0.
    """
    index = _index(records, side)
    near = _near(records, side, row)
    weights = np.array([*shipped().weights, shipped().intercept])
    gists = (records.found.requests if side == "request" else records.found.offers).gists
    tables = index.records.table, index.lines.table, gists
    found = resembling(near, *tables, row, weights, _log_odds(least))
    rows, first = np.unique(found.rows, return_index=True)
    cosines = found.cosines[first]
    if len(rows) > MOST_CANDIDATES:
        last = np.partition(cosines, -MOST_CANDIDATES)[-MOST_CANDIDATES]
        rows, cosines = rows[cosines >= last], cosines[cosines >= last]
    order = np.argsort(-cosines, kind="stable")
    return [int(other) for other in rows[order]]


def _near(records: Records, side: Side, row: int) -> npt.NDArray[np.int64]:
    """The rows of one owner; of offers those on one theme too, in a large register only those
    that speak of it. In no order, some perhaps more than once."""
    index = _index(records, side)
    found = index.owned(int(index.records.column("owner")[row]))
    if side == "offer" and len(index) > FEW:
        found = np.concatenate([found, records.found.offers_speaking_like(row)])
    elif side == "offer":
        themes = index.records.column("themes")
        alike = index.records.used & ((themes & themes[row]) != 0)
        found = np.concatenate([found, np.flatnonzero(alike)])
    return found.astype(np.int64)


def _log_odds(probability: float) -> float:
    """From which on a probability may be rounded to this one."""
    against = 1.0 - probability
    return math.log(probability / against) - 10.0**-DECIMALS / (probability * against)


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
        particulars=particulars_of(index.records, row),
        channel=channel_of(index.records, row),
        language=language_of(index.records, row),
    )
