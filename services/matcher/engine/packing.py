"""A record and its lines as cells of the index's columns, and lines back from them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import KIND_CODES, THEME_CODES
from services.matcher.engine.columns import Spec
from services.matcher.engine.entries import MOST_LINES, UNKNOWN, Entry, EntryLine, heaviest
from services.matcher.engine.names import Names
from services.matcher.engine.particulars import PARTICULARS, particular_cells
from services.matcher.engine.profiles import Line

MOST_TERMS = 64
MOST_CONCEPTS = 40
MOST_EXCLUDED = 12
_VECTOR = 512

RECORD: Spec = {
    "published": (np.bool_, ()),
    "open": (np.bool_, ()),
    "coded": (np.bool_, ()),
    "dated": (np.bool_, ()),
    "from": (np.int32, ()),
    "to": (np.int32, ()),
    "themes": (np.uint32, ()),
    "text_themes": (np.uint8, (len(THEME_CODES),)),
    "theme_norm": (np.float64, ()),
    "text_kinds": (np.uint8, (len(KIND_CODES),)),
    "field": (np.uint8, ()),
    "concepts": (np.int16, (MOST_CONCEPTS,)),
    "concept_weights": (np.int16, (MOST_CONCEPTS,)),
    "named": (np.uint64, ()),
    "concept_norm": (np.float64, ()),
    "excluded": (np.int16, (MOST_EXCLUDED,)),
    "terms": (np.int32, (MOST_TERMS,)),
    "term_weights": (np.int16, (MOST_TERMS,)),
    "term_norm": (np.float64, ()),
    "vector": (np.int8, (_VECTOR,)),
    "vector_norm": (np.float64, ()),
    "first_line": (np.int32, ()),
    "line_count": (np.uint8, ()),
    **PARTICULARS,
}

LINE: Spec = {
    "number": (np.int32, ()),
    "theme": (np.uint8, ()),
    "kind": (np.uint8, ()),
    "position": (np.uint8, ()),
    "written": (np.bool_, ()),
    "unit": (np.int32, ()),
    "currency": (np.int32, ()),
    "from": (np.int32, ()),
    "to": (np.int32, ()),
    "strength": (np.float64, ()),
    "share": (np.float64, ()),
    "quantity": (np.int64, ()),
    "amount": (np.int64, ()),
    "weight": (np.float64, ()),
    "written_quantity": (np.int64, ()),
    "written_amount": (np.int64, ()),
}
"""What is left of a line, and what was written of it, from which another day is made. In an order
that leaves no gaps between cells: there are two or three lines for each record."""


def line_cells(line: EntryLine, names: Names) -> Mapping[str, Any]:
    """A line as cells of LINE."""
    source = line.source
    return {
        "number": line.number,
        "theme": line.theme,
        "kind": line.kind,
        "strength": line.strength,
        "share": line.share,
        "quantity": line.quantity,
        "unit": names.units.of(line.unit),
        "amount": line.amount,
        "from": line.window[0],
        "to": line.window[1],
        "position": line.position,
        "written": source is not None,
        "written_quantity": UNKNOWN if source is None else _or_unknown(source.quantity),
        "written_amount": UNKNOWN if source is None else _or_unknown(source.amount),
        "currency": 0 if source is None else names.currencies.of(source.currency),
        "weight": 1.0 if source is None else source.weight,
    }


def line_of(cells: list[Any], names: Names) -> EntryLine:
    """The line that cells of LINE hold, in their order."""
    number, theme, kind, position, written, unit_number, currency, first, last = cells[:9]
    strength, share, quantity, amount, weight, written_quantity, written_amount = cells[9:]
    unit = names.units.name(unit_number)
    source = None
    if written:
        source = Line(
            number=number,
            theme=THEME_CODES[theme],
            kind=KIND_CODES[kind],
            quantity=_or_none(written_quantity),
            unit=unit,
            amount=_or_none(written_amount),
            currency=names.currencies.name(currency),
            window=(first, last),
            weight=weight,
        )
    return EntryLine(
        number=number,
        theme=theme,
        kind=kind,
        strength=strength,
        share=share,
        quantity=quantity,
        unit=unit,
        amount=amount,
        window=(first, last),
        source=source,
        position=position,
    )


def padded_shares(lines: Iterable[EntryLine]) -> list[float]:
    """The lines' shares by place, zeros after them."""
    return _padded([line.share for line in lines], MOST_LINES)


def record_cells(entry: Entry, names: Names) -> dict[str, object]:
    """A record as cells of RECORD, without where its lines are."""
    concepts = weightiest(entry)
    terms = heaviest(entry.terms)[:MOST_TERMS]
    vector = vector_of(entry)
    excluded = sorted(entry.excluded)[:MOST_EXCLUDED]
    return {
        "published": entry.open,
        "open": entry.open and not entry.spent,
        "coded": entry.coded,
        "dated": entry.dated,
        "from": entry.window[0],
        "to": entry.window[1],
        "themes": entry.themes,
        "text_themes": list(entry.text_themes),
        "theme_norm": entry.theme_norm,
        "text_kinds": list(entry.text_kinds),
        "field": entry.field,
        "concepts": _padded(names.concepts.of_all([name for name, _ in concepts]), MOST_CONCEPTS),
        "concept_weights": _padded([weight for _, weight in concepts], MOST_CONCEPTS),
        "named": sum(1 << at for at, (name, _) in enumerate(concepts) if name in entry.named),
        "concept_norm": _norm([weight for _, weight in concepts]),
        "excluded": _padded(names.concepts.of_all(excluded), MOST_EXCLUDED),
        "terms": _padded(names.terms.of_all([name for name, _ in terms]), MOST_TERMS),
        "term_weights": _padded([weight for _, weight in terms], MOST_TERMS),
        "term_norm": _norm([weight for _, weight in terms]),
        "vector": vector,
        "vector_norm": length_of(vector),
        **particular_cells(entry.particulars, entry.channel, entry.language),
    }


def weightiest(entry: Entry) -> list[tuple[str, int]]:
    """The concepts of a record that count, the weightiest first, with their weights."""
    return list(islice(entry.concepts.items(), MOST_CONCEPTS))


def vector_of(entry: Entry) -> npt.NDArray[np.int8]:
    """A record's vector, zeros for none."""
    return np.zeros(_VECTOR, dtype=np.int8) if entry.vector is None else entry.vector


def _or_unknown(value: int | None) -> int:
    return UNKNOWN if value is None else value


def _or_none(value: int) -> int | None:
    return None if value == UNKNOWN else value


def _padded(values: Sequence[float], size: int) -> list[float]:
    return [*values, *([0] * (size - len(values)))]


def _norm(values: Sequence[int]) -> float:
    return math.sqrt(sum([value * value for value in values]))


def length_of(vector: npt.NDArray[np.int8]) -> float:
    """The length of a record's vector."""
    # Exact in single precision: 512 squares of signed bytes stay below 2**24.
    single = vector.astype(np.float32)
    return math.sqrt(float(single @ single))
