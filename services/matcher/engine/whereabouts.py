"""Where both sides' records are found in a large register, and where requests' lists end."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from services.matcher.engine import glance
from services.matcher.engine.cells import Key
from services.matcher.engine.codes import THEME_CODES
from services.matcher.engine.entries import Entry
from services.matcher.engine.finding import (
    ANYWHERE,
    Finding,
    looked_for,
    offer_themes,
    request_theme,
    spoken_of,
)
from services.matcher.engine.geography import Geography
from services.matcher.engine.index import Index
from services.matcher.engine.names import Numbers
from services.matcher.engine.profiles import OfferProfile

OPEN_END = -1.0
"""The end of a list that has room, or that was never made: any offer may enter."""

FEW = 40_000
"""Offers up to which those on other themes are looked at too."""

_SURE = 40.0
"""Log odds of scores that are rounded to 1, and of no score at all with the other sign."""


class Whereabouts:
    """The cells of requests and of offers, by themes and areas."""

    def __init__(self, requests: Index, offers: Index, geography: Geography) -> None:
        self.requests = Finding(requests, "state", glance.REQUEST_WORDS)
        self.offers = Finding(offers, "eligibility", glance.WORDS)
        self._requests = requests
        self._offers = offers
        self._geography = geography
        self._areas = Numbers()

    def area(self, alpha3: str) -> int:
        """The number of a State's area, ANYWHERE for a code that is in none."""
        return self._areas.of(self._geography.area(alpha3))

    def put_request(self, row: int, entry: Entry) -> None:
        """Let a request that was put into its row be found; its list has no end."""
        key = (request_theme(entry), int(self._requests.records.column("area")[row]))
        self.requests.put(row, entry, [key], _ending(OPEN_END))

    def put_offer(self, row: int, entry: Entry, profile: OfferProfile) -> None:
        """Let an offer that was put into its row be found."""
        areas = self._areas_of(profile)
        keys = [(theme, area) for theme in offer_themes(entry) for area in areas]
        self.offers.put(row, entry, keys, {})

    def offers_to_look_at(self, request_row: int) -> list[Key]:
        """Where offers stand that may be for a request's State and speak of what it needs; of few
        offers all, since there what suits a request little may still be among its best."""
        one = self._requests.records.table[request_row]
        themes = set(range(len(THEME_CODES)))
        if len(self._offers) > FEW:
            themes = looked_for(one["text_themes"].tolist(), self._requests.themes_of(request_row))
        area = int(one["area"])
        areas = (ANYWHERE,) if area == ANYWHERE else (ANYWHERE, area)
        return [(theme, place) for theme in sorted(themes) for place in areas]

    def requests_to_look_at(self, offer_row: int) -> list[Key]:
        """Where requests of States stand that an offer may be for, whatever they speak of: a list
        with weak offers is entered by what suits it little."""
        areas = {area for _, area in self.offers.keys(offer_row)}
        if ANYWHERE in areas:
            areas = set(range(len(self._areas)))
        return [(theme, area) for theme in range(len(THEME_CODES)) for area in sorted(areas)]

    def offers_speaking_like(self, offer_row: int) -> npt.NDArray[np.int32]:
        """Rows of offers that speak of a theme that an offer speaks of, itself among them."""
        spoken = spoken_of(self._offers.records.column("text_themes")[offer_row].tolist())
        keys = [(theme, area) for theme in sorted(spoken) for area in range(len(self._areas))]
        return self.offers.cells.rows(keys)

    def set_end(self, request_row: int, score: float) -> None:
        """Say where a request's list ends."""
        self._requests.records.column("end")[request_row] = score
        self.requests.tell(request_row, _ending(score))

    def open_ends(self) -> None:
        """Let all requests' lists have no end, as if none had been made."""
        self._requests.records.column("end")[:] = OPEN_END
        for name, word in _ending(OPEN_END).items():
            self.requests.cells.change_all(name, word)

    def _areas_of(self, offer: OfferProfile) -> set[int]:
        """Where to look for an offer: the areas that it is for, ANYWHERE for all or by group."""
        if offer.groups or offer.open_to_all():
            return {ANYWHERE}
        return {self._areas.of(region) for region in offer.regions} | {
            self.area(alpha3) for alpha3 in offer.countries
        }


def _ending(score: float) -> Mapping[str, Any]:
    """Where a list ends, as its offers' scores are before they are bounded and rounded."""
    if score <= 0.0:
        return {"end": -_SURE}
    return {"end": _SURE if score >= 1.0 else math.log(score / (1.0 - score))}
