"""Made-up requests and offers as the engine takes them, as many as wanted, spread as in life.

Every record depends on the seed and its number alone, so the thousandth offer is the same in a
register of a thousand and of a million. Records are drawn in blocks and given one by one; nothing
is kept of them here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import islice
from typing import Literal

import numpy as np
import numpy.typing as npt

from bench.texts import Numbers, Terms, Texts
from services.matcher.engine.profiles import Line, OfferProfile, RequestProfile, Text
from shared.vocabulary.countries import AREAS, all_countries

SEED = 40
AS_OF = date(2026, 11, 23)
"""The day for which windows are drawn."""
BLOCK = 1_000

Side = Literal["request", "offer"]

_AREA_ORDER = (
    "Western Africa",
    "Middle Africa",
    "Eastern Africa",
    "Caribbean",
    "Central America",
    "South America",
    "Central Asia",
    "South-eastern Asia",
    "Southern Africa",
    "Western Asia",
    "Northern Africa",
    "Southern Europe",
    "Melanesia",
    "Southern Asia",
    "Eastern Europe",
    "Eastern Asia",
    "Polynesia",
    "Micronesia",
)
"""Areas that ask and are offered to, from the commonest to the rarest."""
_GROUPS = ("LDC", "SIDS", "LLDC", "ODA")
_UNITS = {
    "training": ("persons", "scholarships", "courses"),
    "expertise": ("missions", "months", "studies"),
    "equipment": ("machines", "sets", "systems"),
    "infrastructure": ("sites", "depots", "border-posts"),
}
_CURRENCIES = ("USD", "EUR", "CHF", "XOF")
_PRIORITIES = ("critical", "high", "medium", "low")
_WEIGHTS = (2.0, 1.5, 1.0, 0.6)

_OPEN_TO_ALL, _ONE_AREA, _TWO_AREAS, _COUNTRIES = 0.30, 0.72, 0.86, 0.93
_OFFER_LINES, _REQUEST_LINES = (0.15, 0.65, 0.20), (0.10, 0.40, 0.50)
_SAME_THEME = 0.75
_NO_QUANTITY, _NO_AMOUNT = 0.13, 0.45
_PUBLISHED = 0.97
_UNCONDITIONAL = 0.73
_WITHOUT_CODES = 0.30


@dataclass(frozen=True)
class _Block:
    """A block of records of one side: what their texts and lines are drawn from."""

    draw: np.random.Generator
    themes: Numbers
    kinds: Numbers
    topics: Numbers
    languages: Numbers
    terms: Terms


class Market:
    """Requests and offers by their numbers; `mixed` leaves three in ten without codes."""

    def __init__(self, *, mixed: bool = False, seed: int = SEED) -> None:
        self.texts = Texts(seed)
        self._seed = seed
        self._mixed = mixed
        self._areas = tuple(area for area in _AREA_ORDER if area in AREAS.codes())
        parts = np.exp(-np.arange(len(self._areas)) / 6.0)
        self._area_parts = parts / parts.sum()
        self._states = [_states(area) for area in self._areas]

    def offers(self, count: int, start: int = 0) -> Iterator[OfferProfile]:
        """The offers numbered from `start` on."""
        return islice(self._offers(start // BLOCK), start % BLOCK, start % BLOCK + count)

    def requests(self, count: int, start: int = 0) -> Iterator[RequestProfile]:
        """The requests numbered from `start` on."""
        return islice(self._requests(start // BLOCK), start % BLOCK, start % BLOCK + count)

    def terms(self, side: Side, count: int) -> Iterator[Terms]:
        """The terms of the first `count` records of a side, block by block, without the rest."""
        for block in range(-(-count // BLOCK)):
            terms = self._block(side, block).terms
            kept = min(BLOCK, count - block * BLOCK)
            last = int(terms.ends[kept - 1])
            yield Terms(terms.numbers[:last], terms.counts[:last], terms.ends[:kept])

    def _block(self, side: Side, number: int) -> _Block:
        draw = np.random.default_rng([self._seed, 1 if side == "offer" else 2, number])
        texts = self.texts
        themes = draw.choice(len(texts.themes), BLOCK, p=texts.theme_parts)
        kinds = draw.choice(len(texts.kinds), BLOCK, p=texts.kind_parts)
        topics = texts.about(draw, themes)
        languages = texts.languages(draw, BLOCK)
        return _Block(draw, themes, kinds, topics, languages, texts.terms(draw, topics, languages))

    def _signed(self, block: _Block) -> list[Text]:
        return self.texts.signed(
            block.draw, block.topics, block.languages, block.terms, block.kinds
        )

    def _offers(self, first: int) -> Iterator[OfferProfile]:
        number = first
        while True:
            block = self._block("offer", number)
            draw = block.draw
            texts = self._signed(block)
            lines = self._lines(block, _OFFER_LINES, None)
            windows = _windows(draw, (-240, 366), (200, 1096), 0.05)
            eligible = draw.random(BLOCK)
            areas = draw.choice(len(self._areas), (BLOCK, 2), p=self._area_parts)
            groups = draw.choice(len(_GROUPS), BLOCK, p=(0.45, 0.25, 0.15, 0.15))
            flags = draw.random((BLOCK, 3))
            ceilings = (np.rint(draw.lognormal(12.5, 0.8, BLOCK)) * 1_000).astype(np.int64).tolist()
            donors = draw.geometric(0.02, BLOCK).tolist()
            for at in range(BLOCK):
                countries, regions, group = self._eligibility(
                    draw, float(eligible[at]), areas[at].tolist(), _GROUPS[groups[at]]
                )
                has_ceiling = flags[at, 2] < 0.2
                yield OfferProfile(
                    id=f"{number * BLOCK + at:023x}f",
                    open=bool(flags[at, 0] < _PUBLISHED),
                    organisation=f"{donors[at]:023x}0",
                    window=windows[at],
                    lines=lines[at],
                    countries=countries,
                    regions=regions,
                    groups=group,
                    unconditional=bool(flags[at, 1] < _UNCONDITIONAL),
                    ceiling=ceilings[at] if has_ceiling else None,
                    ceiling_currency="USD" if has_ceiling else None,
                    text=texts[at],
                )
            number += 1

    def _requests(self, first: int) -> Iterator[RequestProfile]:
        number = first
        while True:
            block = self._block("request", number)
            draw = block.draw
            texts = self._signed(block)
            lines = self._lines(block, _REQUEST_LINES, _WEIGHTS)
            windows = _windows(draw, (-120, 425), (365, 912), 0.0)
            areas = draw.choice(len(self._areas), BLOCK, p=self._area_parts)
            states = draw.random(BLOCK)
            priorities = draw.choice(len(_PRIORITIES), BLOCK, p=(0.15, 0.4, 0.35, 0.1))
            for at in range(BLOCK):
                own = self._states[areas[at]]
                yield RequestProfile(
                    id=f"{number * BLOCK + at:023x}a",
                    open=True,
                    country=own[int(states[at] * len(own))],
                    priority=_PRIORITIES[priorities[at]],
                    window=windows[at],
                    lines=lines[at],
                    text=texts[at],
                )
            number += 1

    def _eligibility(
        self, draw: np.random.Generator, chance: float, areas: list[int], group: str
    ) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        none: frozenset[str] = frozenset()
        if chance < _OPEN_TO_ALL:
            return none, none, none
        if chance < _TWO_AREAS:
            wanted = areas[:1] if chance < _ONE_AREA else areas
            return none, frozenset(self._areas[area] for area in wanted), none
        if chance < _COUNTRIES:
            known = [state for area in areas for state in self._states[area]]
            return frozenset(draw.choice(known, 1 + int(draw.integers(2, 8))).tolist()), none, none
        return none, none, frozenset({group})

    def _lines(
        self,
        block: _Block,
        parts: tuple[float, ...],
        weights: tuple[float, ...] | None,
    ) -> list[tuple[Line, ...]]:
        draw, texts = block.draw, self.texts
        shape = (BLOCK, len(parts))
        counts = draw.choice(len(parts), BLOCK, p=parts) + 1
        if self._mixed:
            counts[draw.random(BLOCK) < _WITHOUT_CODES] = 0
        themes = draw.choice(len(texts.themes), shape, p=texts.theme_parts)
        themes = np.where(draw.random(shape) < _SAME_THEME, block.themes[:, None], themes)
        kinds = draw.choice(len(texts.kinds), shape, p=texts.kind_parts)
        themes[:, 0], kinds[:, 0] = block.themes, block.kinds
        quantities = (np.rint(draw.lognormal(2.5, 1.2, shape)).astype(np.int64) + 1) * 1_000
        amounts = np.rint(draw.lognormal(12.6, 1.0, shape)).astype(np.int64) * 100
        missing = draw.random((*shape, 2))
        units = draw.choice(3, shape, p=(0.7, 0.2, 0.1))
        currencies = draw.choice(len(_CURRENCIES), shape, p=(0.85, 0.1, 0.03, 0.02))
        weighed = draw.choice(4, shape, p=(0.15, 0.35, 0.4, 0.1))
        found = []
        for at, count in enumerate(counts.tolist()):
            own = []
            for place in range(count):
                kind = texts.kinds[kinds[at, place]]
                units_of = _UNITS.get(kind)
                counted = units_of is not None and missing[at, place, 0] >= _NO_QUANTITY
                paid = not counted or missing[at, place, 1] >= _NO_AMOUNT
                own.append(
                    Line(
                        number=place + 1,
                        theme=_own(texts.themes[themes[at, place]]),
                        kind=_own(kind),
                        quantity=int(quantities[at, place]) if counted else None,
                        unit=_own(units_of[units[at, place]]) if units_of and counted else None,
                        amount=int(amounts[at, place]) if paid else None,
                        currency=_own(_CURRENCIES[currencies[at, place]]) if paid else None,
                        weight=1.0 if weights is None else weights[weighed[at, place]],
                    )
                )
            found.append(tuple(own))
        return found


def renumbered(offer: OfferProfile, other: OfferProfile) -> OfferProfile:
    """An offer changed to say what another says."""
    return replace(other, id=offer.id)


def words(terms: Terms) -> Iterator[tuple[npt.NDArray[np.int32], npt.NDArray[np.int8]]]:
    """Each text's terms, and how often they occur."""
    start = 0
    for end in terms.ends.tolist():
        yield terms.numbers[start:end], terms.counts[start:end]
        start = end


def _windows(
    draw: np.random.Generator, first: tuple[int, int], length: tuple[int, int], over: float
) -> list[tuple[int, int]]:
    """Windows as day numbers; a part of them is over."""
    starts = draw.integers(*first, BLOCK) + AS_OF.toordinal()
    lengths = draw.integers(*length, BLOCK)
    starts = np.where(draw.random(BLOCK) < over, AS_OF.toordinal() - lengths - 30, starts)
    return list(zip(starts.tolist(), (starts + lengths).tolist(), strict=True))


def _own(code: str) -> str:
    """The same letters in a string of its own, as every event has its own."""
    return code.encode().decode()


@cache
def _states(area: str) -> tuple[str, ...]:
    return tuple(
        country.alpha3 for country in all_countries() if country.un_member and country.area == area
    )
