"""What tells a record from others on its matter, in columns: see shared/likeness/described.py."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from services.matcher.engine.columns import Columns, Spec
from shared.likeness.described import (
    MOST_NAMES,
    MOST_NUMBERS,
    MOST_OWN,
    MOST_SITES,
    Particulars,
)
from shared.vocabulary.languages import LANGUAGES
from shared.vocabulary.lists import CHANNELS

PARTICULARS: Spec = {
    "numbers": (np.uint16, (MOST_NUMBERS,)),
    "names": (np.uint32, (MOST_NAMES,)),
    "sites": (np.uint32, (MOST_SITES,)),
    "own_name": (np.uint32, (MOST_OWN,)),
    "phases": (np.uint16, ()),
    "channel": (np.uint8, ()),
    "language": (np.uint8, ()),
}
"""Padded with zeros, which no number and hardly a hash is. Channels and languages by their places
from 1 on, 0 for one that is not known."""

_CHANNELS = (None, *(channel.code for channel in CHANNELS))
_LANGUAGES = (None, *LANGUAGES)


def particular_cells(
    told: Particulars, channel: str | None, language: str | None
) -> dict[str, object]:
    """A record's particulars, the channel by which it came, and its language, as PARTICULARS."""
    return {
        "channel": _CHANNELS.index(channel) if channel in _CHANNELS else 0,
        "language": _LANGUAGES.index(language) if language in _LANGUAGES else 0,
        "numbers": _padded(told.numbers, MOST_NUMBERS),
        "names": _padded(sorted(told.names), MOST_NAMES),
        "sites": _padded(sorted(told.sites), MOST_SITES),
        "own_name": _padded(sorted(told.owner), MOST_OWN),
        "phases": told.phases,
    }


def particulars_of(records: Columns, row: int) -> Particulars:
    """The particulars in a row."""

    def held(name: str) -> list[Any]:
        cells: list[Any] = records.column(name)[row].tolist()
        return [one for one in cells if one]

    return Particulars(
        numbers=tuple(held("numbers")),
        phases=int(records.column("phases")[row]),
        names=frozenset(held("names")),
        sites=frozenset(held("sites")),
        owner=frozenset(held("own_name")),
    )


def channel_of(records: Columns, row: int) -> str | None:
    """The channel by which a record came."""
    return _CHANNELS[int(records.column("channel")[row])]


def language_of(records: Columns, row: int) -> str | None:
    """The language of a record's texts."""
    return _LANGUAGES[int(records.column("language")[row])]


def _padded(values: Iterable[int], size: int) -> list[int]:
    kept = list(values)
    return kept + [0] * (size - len(kept))
