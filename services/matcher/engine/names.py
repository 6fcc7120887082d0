"""Small numbers for names, and what compiled loops need to know of the names."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from services.matcher.engine.glance import concept_bit, concept_number

CONCEPT_NUMBER, CONCEPT_BIT, CONCEPT_PLACE = range(3)
"""Of a concept: its number in gists, its bit in sets, its place in the order of the names."""


class Numbers:
    """Small numbers for names, given in the order of asking; 0 is for nothing.

    Which number a name has never shows in a result: numbers are only compared for being equal.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._names = [""]

    def of(self, name: str | None) -> int:
        """The name's number, a new one for a new name, 0 for None."""
        if name is None:
            return 0
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self._names)
            self._names.append(name)
        return number

    def of_all(self, names: Sequence[str]) -> list[int]:
        """The numbers of some names."""
        known = self._numbers
        try:
            return [known[name] for name in names]
        except KeyError:
            return [self.of(name) for name in names]

    def name(self, number: int) -> str | None:
        """The name of a number; None for 0."""
        return self._names[number] if number else None

    def listed(self) -> Sequence[str]:
        """The names by number, "" for 0."""
        return self._names

    def __len__(self) -> int:
        return len(self._names)


class Names:
    """The numbers that both sides of an engine share."""

    def __init__(self) -> None:
        self._marks = np.zeros((0, 3), dtype=np.int32)
        self.terms = Numbers()
        self.concepts = Numbers()
        self.units = Numbers()
        self.currencies = Numbers()
        self.owners = Numbers()

    def concept_marks(self) -> npt.NDArray[np.int32]:
        """Of each concept by its number CONCEPT_NUMBER, CONCEPT_BIT and CONCEPT_PLACE."""
        if len(self._marks) < len(self.concepts):
            names = [self.concepts.name(at) or "" for at in range(len(self.concepts))]
            places = {name: place for place, name in enumerate(sorted(names))}
            self._marks = np.array(
                [(concept_number(name), concept_bit(name), places[name]) for name in names],
                dtype=np.int32,
            )
        return self._marks
