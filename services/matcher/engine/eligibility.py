"""Who may have an offer, as bits: one for each State, so that a test of thousands is one AND."""

from sys import intern
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.matcher.engine.geography import Geography
from services.matcher.engine.profiles import OfferProfile
from shared.vocabulary.countries import all_countries

WORDS = 6
_WORD_BITS = 64
CAPACITY = WORDS * _WORD_BITS
"""How many States there is room for."""
_EVERYONE = (1 << CAPACITY) - 1
_FIRST_KINDS = 64


class Admission(NamedTuple):
    """Where a State's bit stands: an eligibility admits it if that bit of its words is set."""

    words: npt.NDArray[np.uint64]
    word: int
    bit: int


class Eligibility(NamedTuple):
    """Whom an offer is for: States, regions, groups, any of them; anyone where all are empty.

    In order, and each code once in memory: a large register has many, and sets take far more.
    """

    countries: tuple[str, ...]
    regions: tuple[str, ...]
    groups: tuple[str, ...]


def eligibility_of(offer: OfferProfile) -> Eligibility:
    """Whom an offer is for."""
    return Eligibility(*(_in_order(one) for one in (offer.countries, offer.regions, offer.groups)))


def _in_order(codes: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(map(intern, codes)))


class States:
    """Numbers for States, and which of them each eligibility admits, as of the geography's day.

    A code that neither the vocabulary nor the geography knows gets a number too, so that an offer
    may name it; it lies in no region and no group. Offers alike in eligibility share one entry.
    """

    def __init__(self, geography: Geography) -> None:
        known = {country.alpha3 for country in all_countries()} | set(geography.file_areas)
        self._numbers = {alpha3: number for number, alpha3 in enumerate(sorted(known))}
        self._kinds: dict[Eligibility, int] = {}
        self._words = np.zeros((_FIRST_KINDS, WORDS), dtype=np.uint64)
        self._admitting: dict[int, npt.NDArray[np.bool_]] = {}
        self.move(geography)

    def move(self, geography: Geography) -> None:
        """Go on to the geography of another day."""
        self._areas: dict[str, int] = {}
        self._groups: dict[str, int] = {}
        for alpha3, number in self._numbers.items():
            area = geography.area(alpha3)
            if area is not None:
                self._areas[area] = self._areas.get(area, 0) | 1 << number
            for group in geography.groups(alpha3):
                self._groups[group] = self._groups.get(group, 0) | 1 << number
        self._admitting.clear()
        for eligibility, kind in self._kinds.items():
            self._words[kind] = self._admitted(eligibility)

    def number(self, alpha3: str) -> int:
        """The State's number; -1 for the one past the 384 that there is room for."""
        if alpha3 not in self._numbers and len(self._numbers) == CAPACITY:
            return -1
        return self._numbers.setdefault(alpha3, len(self._numbers))

    def kind(self, eligibility: Eligibility) -> int:
        """The number of an eligibility, for `words`."""
        known = self._kinds.get(eligibility)
        if known is not None:
            return known
        kind = self._kinds[eligibility] = len(self._kinds)
        if kind == len(self._words):
            self._words = np.concatenate([self._words, np.zeros_like(self._words)])
        self._words[kind] = self._admitted(eligibility)
        return kind

    def words(self) -> npt.NDArray[np.uint64]:
        """The bits of the States that each eligibility admits, as six words each."""
        return self._words

    def admission(self, number: int) -> Admission:
        """How compiled loops tell which eligibilities admit the State with a number."""
        if number >= 0:
            return Admission(self._words, number // _WORD_BITS, number % _WORD_BITS)
        return Admission(self.admitting(number).astype(np.uint64)[:, np.newaxis], 0, 0)

    def admitting(self, number: int) -> npt.NDArray[np.bool_]:
        """Of every eligibility, whether it admits the State with a number."""
        known = self._admitting.get(number, np.zeros(0, dtype=np.bool_))
        if len(known) < len(self._kinds):
            # Kinds are only added, so what was told of the first ones stands.
            new = self._words[len(known) : len(self._kinds)]
            state = np.array([number], dtype=np.int16)
            known = self._admitting[number] = np.concatenate([known, admits(new, state)])
        return known

    def _admitted(self, eligibility: Eligibility) -> npt.NDArray[np.uint64]:
        wide = eligibility.countries or eligibility.regions or eligibility.groups
        bits = 0 if wide else _EVERYONE
        for alpha3 in eligibility.countries:
            number = self.number(alpha3)
            bits |= 1 << number if number >= 0 else 0
        for region in eligibility.regions:
            bits |= self._areas.get(region, 0)
        for group in eligibility.groups:
            bits |= self._groups.get(group, 0)
        return np.frombuffer(bits.to_bytes(WORDS * 8, "little"), dtype="<u8")


def admits(words: npt.NDArray[np.uint64], numbers: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    """Whether offers' words (n or 1, 6) have the bits of States' numbers (n or 1)."""
    known = np.maximum(numbers, 0).astype(np.uint64)
    word = (known >> np.uint64(6)).astype(np.intp)
    bit = known & np.uint64(_WORD_BITS - 1)
    if len(words) == 1:
        held = words[0][word]
    elif len(word) == 1:
        held = words[:, word[0]]
    else:
        held = words[np.arange(len(words)), word]
    admitted: npt.NDArray[np.bool_] = ((held >> bit) & np.uint64(1)).astype(bool)
    if numbers.min(initial=0) >= 0:
        return admitted
    # Without a number of its own, a State may have only what is open to everyone.
    everyone = words.min(axis=1) == np.uint64(0xFFFF_FFFF_FFFF_FFFF)
    return np.where(numbers >= 0, admitted, everyone)
