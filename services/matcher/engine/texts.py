"""What requests' texts say, in columns: kept once for all parts of a worker that compare by it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import THEME_CODES
from services.matcher.engine.columns import Columns, Spec
from services.matcher.engine.entries import said
from services.matcher.engine.names import Numbers
from services.matcher.engine.packing import MOST_CONCEPTS, length_of
from services.matcher.engine.profiles import Text

MOST_EXCLUDED = 40

TEXT: Spec = {
    "uses": (np.int32, ()),
    "stated": (np.bool_, ()),
    "text_themes": (np.uint8, (len(THEME_CODES),)),
    "theme_norm": (np.float64, ()),
    "concepts": (np.int16, (MOST_CONCEPTS,)),
    "concept_weights": (np.int16, (MOST_CONCEPTS,)),
    "named": (np.uint64, ()),
    "concept_norm": (np.float64, ()),
    "excluded": (np.int16, (MOST_EXCLUDED,)),
    "vector": (np.int8, (512,)),
    "vector_norm": (np.float64, ()),
}
"""As the index's columns of these names; `stated` is whether there is a text at all."""

_NO_VECTOR = np.zeros(512, dtype=np.int8)


class Texts:
    """Rows that are shared by whoever asks for the same text in turn. Not for several threads.

    Each part of a worker takes a row of its own for the text of an event and frees it when the
    next one comes; a row is used again once all have freed it.
    """

    def __init__(self) -> None:
        self.concepts = Numbers()
        self._table = Columns(TEXT)
        self._last: tuple[Text, int] | None = None

    def take(self, text: Text) -> int:
        """The row of a text, to be freed by whoever took it.

        OverflowError for what does not fit; nothing is taken then.
        """
        if self._last is not None and self._last[0] == text:
            row = self._last[1]
            self._table.column("uses")[row] += 1
            return row
        row = self._table.take(**self._cells(text))
        self._last = text, row
        return row

    def free(self, row: int) -> None:
        """Give a row back."""
        uses = self._table.column("uses")
        uses[row] -= 1
        if uses[row] == 0:
            self._table.free(row)
            if self._last is not None and self._last[1] == row:
                self._last = None

    def column(self, name: str) -> npt.NDArray[Any]:
        """A column by row; valid until the next `take`."""
        return self._table.column(name)

    @property
    def table(self) -> npt.NDArray[Any]:
        """All columns by row; valid until the next `take`."""
        return self._table.table

    def __len__(self) -> int:
        return len(self._table)

    def concepts_of(self, row: int) -> dict[str, int]:
        """The concepts of a text and those wider than they, with weights, the weightiest first."""
        numbers, weights = (self.column(name)[row].tolist() for name in _WEIGHED)
        pairs = zip(numbers, weights, strict=True)
        return {self.concepts.name(number) or "": weight for number, weight in pairs if number}

    def named(self, row: int) -> dict[str, int]:
        """The concepts that a text names, the weightiest first."""
        bits = int(self.column("named")[row])
        found = enumerate(self.concepts_of(row).items())
        return {name: weight for place, (name, weight) in found if bits >> place & 1}

    def excluded(self, row: int) -> frozenset[str]:
        """The concepts that a text rules out and does not name."""
        numbers = self.column("excluded")[row].tolist()
        return frozenset(self.concepts.name(number) or "" for number in numbers if number)

    def _cells(self, text: Text) -> dict[str, object]:
        told = said(text)
        concepts = list(told.concepts.items())[:MOST_CONCEPTS]
        weights = [weight for _, weight in concepts]
        excluded = sorted(told.excluded)[:MOST_EXCLUDED]
        vector = _NO_VECTOR if told.vector is None else told.vector
        return {
            "uses": 1,
            "stated": bool(text.language),
            "text_themes": list(told.themes),
            "theme_norm": told.theme_norm,
            "concepts": _padded(
                self.concepts.of_all([name for name, _ in concepts]), MOST_CONCEPTS
            ),
            "concept_weights": _padded(weights, MOST_CONCEPTS),
            "named": sum(1 << at for at, (name, _) in enumerate(concepts) if name in told.named),
            "concept_norm": float(np.sqrt(float(sum(weight * weight for weight in weights)))),
            "excluded": _padded(self.concepts.of_all(excluded), MOST_EXCLUDED),
            "vector": vector,
            "vector_norm": length_of(vector),
        }


_WEIGHED = ("concepts", "concept_weights")


def _padded(values: Sequence[int], size: int) -> list[int]:
    return [*values, *([0] * (size - len(values)))]
