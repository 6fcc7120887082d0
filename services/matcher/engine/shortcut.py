"""A large register's candidates for a request, looked over, so that only the best are scored.

Every candidate gets a glance (glance.py) at its brief words, the better ones another at their gist;
those that then look best are scored by all their features. What a glance leaves out seldom
lifts a pair past hundreds of others: how seldom, against scoring everything, is measured by
`bench.engine --recall`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from services.matcher.engine import glance
from services.matcher.engine.codes import closeness, near_themes, served_kinds, serves
from services.matcher.engine.features import FEATURES
from services.matcher.engine.kernels import STEPS, features, look, look_again
from services.matcher.engine.ranking import Model
from services.matcher.engine.records import Records

SCORED = 500
"""Candidates that are scored, and all whose estimates equal the last of them."""

LOOKED_AT = 3_000
"""Candidates that get a second look."""

_COLUMNS = (
    ("from", "to", "eligibility", "unconditional"),
    ("text_themes", "theme_norm", "text_kinds", "field"),
    ("vector", "vector_norm"),
    ("concepts", "concept_weights", "concept_norm", "excluded"),
    ("terms", "term_weights", "term_norm"),
    ("first_line", "line_count"),
)
_LINES = ("theme", "kind", "strength", "quantity", "unit", "amount", "from", "to")

Rows = npt.NDArray[np.int32]


def worth_scoring(records: Records, model: Model, row: int) -> Rows:
    """Rows of offers that may be among the best for the request in a row."""
    asked = records.requests.records.column
    own = records.requests.concepts(row)
    tables = glance.tables(
        records.requests.lines_of(row),
        asked("text_themes")[row],
        asked("text_kinds")[row],
        len(own),
        model.weights,
    )
    cells = records.offer_cells
    starts, counts = cells.part(records.cells_for(row))
    steps, rest = np.empty((2, int(counts.sum())), dtype=np.int16)
    often = look(
        starts,
        counts,
        cells.column("brief"),
        records.admitted_kinds(row),
        glance.day16(max(int(asked("from")[row]), records.today)),
        glance.day16(int(asked("to")[row])),
        *np.array(glance.concept_words(own), dtype=np.uint64),
        tables,
        steps,
        rest,
    )
    rows, again, often = look_again(
        starts,
        counts,
        cells.column("row"),
        steps,
        rest,
        _least(often, LOOKED_AT),
        records.offers.records.column("gist"),
        glance.gist(asked("vector")[row], own, float(asked("concept_norm")[row]), model.weights),
    )
    best: Rows = np.unique(rows[again >= _least(often, SCORED)])
    return best


def features_of(
    records: Records, row: int, rows: Rows
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Which offers in some rows may be proposed for the request in a row, and their features.

    The same numbers as features.pair_features gives, to the last bit.
    """
    out = np.empty((len(rows), len(FEATURES)))
    column, line = records.offers.records.column, records.offers.lines.column
    permitted = features(
        rows,
        tuple(tuple(column(name) for name in group) for group in _COLUMNS),
        tuple(line(name) for name in _LINES),
        _needs(records, row),
        _asked(records, row),
        records.today,
        closeness(),
        serves(),
        served_kinds(),
        records.admitted_kinds(row),
        out,
    )
    return permitted, out


def _least(often: npt.NDArray[np.int64], most: int) -> int:
    """The step from which on there are `most` places, or all but the barred ones."""
    reached = often[::-1].cumsum() >= most
    return max(1, STEPS - 1 - int(reached.argmax())) if reached.any() else 1


def _needs(records: Records, row: int) -> tuple[npt.NDArray[Any], ...]:
    needs = records.requests.lines_of(row)
    units = [records.names.units.of(need.unit) for need in needs]
    return (
        np.array([need.theme for need in needs], dtype=np.int64),
        np.array([need.kind for need in needs], dtype=np.int64),
        np.array([need.strength for need in needs], dtype=np.float64),
        np.array([need.share for need in needs], dtype=np.float64),
        np.array([need.quantity for need in needs], dtype=np.int64),
        np.array(units, dtype=np.int64),
        np.array([need.amount for need in needs], dtype=np.int64),
        np.array([need.window[0] for need in needs], dtype=np.int64),
        np.array([need.window[1] for need in needs], dtype=np.int64),
    )


def _asked(records: Records, row: int) -> tuple[tuple[Any, ...], ...]:
    """The request as the compiled loop reads it: what it names as tables by number."""
    columns = records.requests.records
    one = {name: columns.column(name)[row] for name in columns.names}
    concepts = np.zeros(len(records.names.concepts), dtype=np.int64)
    concepts[one["concepts"]] = one["concept_weights"]
    named, ruled_out = np.zeros((2, len(concepts)), dtype=np.bool_)
    named[one["concepts"]] = True
    ruled_out[one["excluded"]] = True
    terms = np.zeros(len(records.names.terms), dtype=np.int16)
    terms[one["terms"]] = one["term_weights"]
    for table in (concepts, named, ruled_out, terms):
        table[0] = 0
    return (
        (int(one["from"]), int(one["to"])),
        (
            near_themes() @ one["text_themes"].astype(np.int64),
            float(one["theme_norm"]),
            one["text_kinds"],
        ),
        (one["vector"], float(one["vector_norm"])),
        (
            concepts,
            named,
            ruled_out,
            int(one["concept_weights"].sum(dtype=np.int64)),
            float(one["concept_norm"]),
        ),
        (terms, _bits(one["terms"]), float(one["term_norm"])),
    )


def _bits(terms: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
    """A set of terms by their last twelve bits: most of others' terms need no look at a table."""
    words = np.zeros(64, dtype=np.uint64)
    bits = np.uint64(1) << (terms & 63).astype(np.uint64)
    np.bitwise_or.at(words, (terms >> 6) & 63, bits)
    return words
