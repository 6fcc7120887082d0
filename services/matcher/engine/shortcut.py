"""A large register's candidates for a request, estimated, so that only the best are scored in full.

First a glance at one cache line a record, then the score's own sum without the words for the best
of those; what both leave out seldom lifts a pair past hundreds of others. How seldom, against
scoring everything, is measured by `bench.engine --recall`.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import closeness, near_themes, serves
from services.matcher.engine.kernels import BARRED, estimate, glance
from services.matcher.engine.ranking import Model
from services.matcher.engine.records import Records

KEPT = 300
"""Candidates that are scored in full, and all that are estimated like the last of them."""

LOOKED_AT = 6_000
"""Candidates that are estimated from all their columns but the words'."""

_COLUMNS = (
    "from",
    "to",
    "eligibility",
    "text_themes",
    "theme_norm",
    "field",
    "vector",
    "vector_norm",
    "concepts",
    "concept_weights",
    "concept_norm",
    "unconditional",
    "first_line",
    "line_count",
)
_LINES = ("theme", "kind", "strength", "amount", "from", "to")


def worth_scoring(records: Records, model: Model, request: str) -> npt.NDArray[np.intp]:
    """Rows of offers that may be proposed for a request and may be among its best, ascending."""
    row = records.requests.row(request)
    rows = records.candidate_offers(row)
    rows = np.unique(_best(rows, _glances(rows, records, model, row), LOOKED_AT))
    rows = _best(rows, _estimates(rows, records, model, row), KEPT)
    return rows.astype(np.intp)


@cache
def _best_of_kinds() -> npt.NDArray[np.float64]:
    """Kinds needed × sets of kinds offered, as bits: how far the best of the set serves."""
    sets = np.arange(1 << serves().shape[1])
    has = (sets[:, np.newaxis] >> np.arange(serves().shape[1])) & 1
    best: npt.NDArray[np.float64] = (serves()[:, np.newaxis, :] * has).max(axis=2)
    return best


def _best(
    rows: npt.NDArray[np.int32], estimates: npt.NDArray[np.float64], most: int
) -> npt.NDArray[np.int32]:
    """The rows of the best estimates, and all that equal the last of them; never a barred one."""
    last = BARRED
    if len(rows) > most:
        last = max(last, np.partition(estimates, len(rows) - most)[len(rows) - most])
    return rows[(estimates >= last) & (estimates > BARRED)]


def _glances(
    rows: npt.NDArray[np.int32], records: Records, model: Model, row: int
) -> npt.NDArray[np.float64]:
    """Rough estimates from the glance column, a cache line a record."""
    asked = records.requests.records.column
    needs = records.requests.lines_of(row)
    out = np.empty(len(rows), dtype=np.float64)
    glance(
        rows,
        records.offers.records.column("glance"),
        asked("glance")[row],
        records.admitted_kinds(row),
        max(int(asked("from")[row]), records.today),
        int(asked("to")[row]),
        closeness()[int(asked("text_themes")[row].argmax())],
        closeness()[[line.theme for line in needs]],
        _best_of_kinds()[[line.kind for line in needs]],
        np.array([line.share for line in needs]),
        np.array(model.weights),
        out,
    )
    return out


def _estimates(
    rows: npt.NDArray[np.int32], records: Records, model: Model, row: int
) -> npt.NDArray[np.float64]:
    asked = records.requests.records.column
    needs = records.requests.lines_of(row)
    theme_weights = np.zeros(len(records.names.concepts), dtype=np.int64)
    theme_weights[asked("concepts")[row]] = asked("concept_weights")[row]
    theme_weights[0] = 0
    offers = records.offers
    out = np.empty(len(rows), dtype=np.float64)
    estimate(
        rows,
        offers.records.used & offers.records.column("open"),
        *(offers.records.column(name) for name in _COLUMNS),
        *(offers.lines.column(name) for name in _LINES),
        records.admitted_kinds(row),
        int(asked("from")[row]),
        int(asked("to")[row]),
        records.today,
        near_themes() @ asked("text_themes")[row].astype(np.int64),
        float(asked("theme_norm")[row]),
        asked("vector")[row].astype(np.int32),
        float(asked("vector_norm")[row]),
        theme_weights,
        float(asked("concept_norm")[row]),
        np.array([line.theme for line in needs], dtype=np.int64),
        np.array([line.kind for line in needs], dtype=np.int64),
        np.array([line.share for line in needs]),
        np.array([line.amount for line in needs], dtype=np.int64),
        np.array([line.window for line in needs], dtype=np.int64).reshape(-1, 2),
        closeness(),
        serves(),
        np.array(model.weights),
        out,
    )
    return out
