"""Where the records of a side are found in a large register, and what a first look reads there."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from services.matcher.engine import glance
from services.matcher.engine.cells import Cells, Key
from services.matcher.engine.codes import THEME_CODES
from services.matcher.engine.columns import Spec, blank, grown
from services.matcher.engine.entries import Entry, EntryLine
from services.matcher.engine.index import Index
from services.matcher.engine.inference import CLEAR
from services.matcher.engine.packing import vector_of, weightiest

ANYWHERE = 0
"""The area of what is for everyone, or for States by something else than where they lie."""

FOUND: Spec = {"first_spot": (np.int32, ()), "spot_count": (np.int16, ())}
"""Columns of a side whose records are found so; `Finding.put` fills them."""

NOT_FOUND_YET = {"first_spot": 0, "spot_count": 0}

_RUN = ("first_spot", "spot_count")
_FIRST_SIZE = 64


class Finding:
    """The cells of one side; `whom` is the column that tells whom a record is for, or whose."""

    def __init__(self, index: Index, whom: str, words: Spec) -> None:
        self.cells = Cells(words)
        self._index = index
        self._whom = whom
        self._words = words
        self._gists = blank((_FIRST_SIZE, glance.GIST), np.uint64)

    @property
    def gists(self) -> npt.NDArray[np.uint64]:
        """Of each row its gist; valid until the next `put`."""
        return self._gists

    def put(self, row: int, entry: Entry, keys: Iterable[Key], words: Mapping[str, Any]) -> None:
        """Let a new record be found under some keys; `words` are those that it does not tell."""
        concepts = weightiest(entry)
        words = {
            **words,
            **self._brief(row, entry.lines),
            "text": glance.text(entry.text_themes, entry.text_kinds),
            "field": glance.field(entry.field, entry.coded),
            "concepts": glance.concept_words(name for name, _ in concepts),
            "named": min(len(concepts), glance.MOST_NAMED),
        }
        if row >= len(self._gists):
            self._gists = grown(self._gists, 2 * row)
        terms = [term for term, _ in entry.terms]
        self._gists[row] = glance.gist_words(vector_of(entry), concepts, terms)
        run = self.cells.put(row, sorted(keys), words)
        for name, value in zip(_RUN, run, strict=True):
            self._index.records.column(name)[row] = value

    def change(self, row: int, lines: Sequence[EntryLine]) -> None:
        """Tell what another day or the ledger changed of a record, its lines and its openness."""
        self.cells.change(self._run(row), self._brief(row, lines))

    def tell(self, row: int, words: Mapping[str, Any]) -> None:
        """Write other words of a record."""
        self.cells.change(self._run(row), words)

    def remove(self, row: int) -> None:
        """Take a record out."""
        self.cells.remove(self._run(row))

    def keys(self, row: int) -> list[Key]:
        """What a record is found under."""
        return self.cells.keys(self._run(row))

    def _run(self, row: int) -> tuple[int, int]:
        one = self._index.records.table[row]
        return int(one["first_spot"]), int(one["spot_count"])

    def _brief(self, row: int, lines: Sequence[EntryLine]) -> dict[str, Any]:
        """The words that may change with the day and the ledger."""
        one = self._index.records.table[row]
        window = int(one["from"]), int(one["to"])
        words = {
            "stated": glance.stated(bool(one["open"]), int(one[self._whom]), window),
            "lines": glance.lines_word(lines),
        }
        return words | ({"shares": glance.shares(lines)} if "shares" in self._words else {})


def offer_themes(entry: Entry) -> set[int]:
    """What an offer is found under: what its text speaks of and its main line is for, else all
    themes of its codes."""
    spoken = spoken_of(entry.text_themes)
    if not spoken:
        return bits_of(entry.themes)
    return spoken | {line.theme for line in entry.lines[:1]}


def looked_for(text_themes: Sequence[int], line_themes: Iterable[int]) -> set[int]:
    """What a request looks for: what its text and its lines speak of; all themes if neither names
    any."""
    return spoken_of(text_themes) | set(line_themes) or set(range(len(THEME_CODES)))


def request_theme(entry: Entry) -> int:
    """What a request is found under: the theme that its text speaks of most, the first of equals,
    else that of its main line. Some theme if neither names any."""
    most = max(entry.text_themes, default=0)
    if most:
        return entry.text_themes.index(most)
    return entry.lines[0].theme if entry.lines else 0


def spoken_of(text_themes: Sequence[int]) -> set[int]:
    """The themes that a text clearly speaks of, and that it does most; none if it names none."""
    most = max(text_themes, default=0)
    if not most:
        return set()
    return {at for at, value in enumerate(text_themes) if value >= CLEAR or value == most}


def bits_of(themes: int) -> set[int]:
    """The themes whose bits are set."""
    return {theme for theme in range(len(THEME_CODES)) if themes >> theme & 1}
