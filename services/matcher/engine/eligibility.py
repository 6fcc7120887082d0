"""Who may have an offer, as bits: one for each State, so that a test of thousands is one AND."""

import numpy as np
import numpy.typing as npt

from services.matcher.engine.geography import Geography
from services.matcher.engine.profiles import OfferProfile
from shared.vocabulary.countries import all_countries

WORDS = 6
_WORD_BITS = 64
_CAPACITY = WORDS * _WORD_BITS
_EVERYONE = (1 << _CAPACITY) - 1


class States:
    """Numbers for States, and the bits of regions and groups, as of the geography's day.

    A code that neither the vocabulary nor the geography knows gets a number too, so that an offer
    may name it; it lies in no region and no group.
    """

    def __init__(self, geography: Geography) -> None:
        known = {country.alpha3 for country in all_countries()} | set(geography.file_areas)
        self._numbers = {alpha3: number for number, alpha3 in enumerate(sorted(known))}
        self._areas: dict[str, int] = {}
        self._groups: dict[str, int] = {}
        for alpha3, number in self._numbers.items():
            area = geography.area(alpha3)
            if area is not None:
                self._areas[area] = self._areas.get(area, 0) | 1 << number
            for group in geography.groups(alpha3):
                self._groups[group] = self._groups.get(group, 0) | 1 << number

    def number(self, alpha3: str) -> int:
        """The State's number; -1 for the one past the 384 that there is room for."""
        if alpha3 not in self._numbers and len(self._numbers) == _CAPACITY:
            return -1
        return self._numbers.setdefault(alpha3, len(self._numbers))

    def eligible(self, offer: OfferProfile) -> npt.NDArray[np.uint64]:
        """The bits of the States that may have an offer, as six words."""
        bits = _EVERYONE if offer.open_to_all() else 0
        for alpha3 in offer.countries:
            number = self.number(alpha3)
            bits |= 1 << number if number >= 0 else 0
        for region in offer.regions:
            bits |= self._areas.get(region, 0)
        for group in offer.groups:
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
    # Without a number of its own, a State may have only what is open to everyone.
    everyone = words.min(axis=1) == np.uint64(0xFFFF_FFFF_FFFF_FFFF)
    return np.where(numbers >= 0, admitted, everyone)
