"""What the engine holds: both sides' records as of a day, the ledger's figures, the noes said."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt

from services.matcher.engine.columns import Spec
from services.matcher.engine.eligibility import WORDS, States
from services.matcher.engine.entries import Entry, EntryLine, offer_entry, request_entry
from services.matcher.engine.features import Sizes
from services.matcher.engine.geography import Geography
from services.matcher.engine.index import Index, Names, kept_lines
from services.matcher.engine.profiles import OfferProfile, RequestProfile

Side = Literal["request", "offer"]
Measure = Literal["quantity", "money"]

OPEN_END = -1.0
"""The end of a list that has room, or that was never made: any offer may enter."""

_REQUEST: Spec = {"state": (np.int16, ()), "priority": (np.int8, ()), "end": (np.float64, ())}
_OFFER: Spec = {"eligible": (np.uint64, (WORDS,)), "unconditional": (np.bool_, ())}
_PRIORITIES = {"critical": 4, "high": 3, "medium": 2, "low": 1}


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that could not be indexed as of a day, and why."""

    side: Side
    record: str
    error: Exception


class Records:
    """Requests and offers, indexed. Profiles are kept, so that another day can be made of them.

    Putting one raises whatever keeps it from being indexed: nothing of it is in the index then,
    not its former state either, and another day tries again.
    """

    def __init__(self, geography: Geography, as_of: date) -> None:
        self._geography = geography
        self.request_profiles: dict[str, RequestProfile] = {}
        self.offer_profiles: dict[str, OfferProfile] = {}
        self._committed: defaultdict[tuple[Side, str], dict[tuple[int, str], int]] = defaultdict(
            dict
        )
        self._declined: defaultdict[tuple[Side, str], set[str]] = defaultdict(set)
        self.advance(as_of)

    def advance(self, as_of: date) -> list[Refused]:
        """Resolve everything as of another day; returns the records that cannot be."""
        self.as_of = as_of
        self.today = as_of.toordinal()
        self.names = Names()
        self._states = States(self._geography.at(as_of))
        self.requests = Index(self.names, _REQUEST)
        self.offers = Index(self.names, _OFFER)
        self._lines: dict[tuple[Side, str], tuple[EntryLine, ...]] = {}
        self._named: dict[tuple[Side, str], Mapping[str, int]] = {}
        refused: list[Refused] = []
        for request in self.request_profiles.values():
            try:
                self.put_request(request)
            except Exception as error:  # noqa: BLE001 (told to the caller)
                refused.append(Refused("request", request.id, error))
        for offer in self.offer_profiles.values():
            try:
                self.put_offer(offer)
            except Exception as error:  # noqa: BLE001 (told to the caller)
                refused.append(Refused("offer", offer.id, error))
        return refused

    def put_request(self, profile: RequestProfile) -> None:
        """Add a request or replace it."""
        self.request_profiles[profile.id] = profile
        self._forget("request", profile.id)
        entry = request_entry(profile, self._committed["request", profile.id], self.as_of)
        extra = {
            "state": self._states.number(profile.country),
            "priority": _PRIORITIES.get(profile.priority or "", 0),
            "end": OPEN_END,
        }
        self._put("request", self.requests, entry, extra)

    def put_offer(self, profile: OfferProfile) -> None:
        """Add an offer or replace it."""
        self.offer_profiles[profile.id] = profile
        self._forget("offer", profile.id)
        entry = offer_entry(profile, self._committed["offer", profile.id], self.as_of)
        extra = {
            "eligible": self._states.eligible(profile),
            "unconditional": profile.unconditional,
        }
        self._put("offer", self.offers, entry, extra)

    def remove_request(self, request: str) -> None:
        """Take a request out; nothing happens if it is not here."""
        self.request_profiles.pop(request, None)
        self._forget("request", request)

    def remove_offer(self, offer: str) -> None:
        """Take an offer out; nothing happens if it is not here."""
        self.offer_profiles.pop(offer, None)
        self._forget("offer", offer)

    def commit(self, side: Side, record: str, line: int, measure: Measure, amount: int) -> None:
        """Set what is committed of a line in all; it holds for the record whenever it comes."""
        self._committed[side, record][line, measure] = amount

    def decline(self, request: str, offer: str) -> None:
        """Keep a no to a pair, for whenever its records come."""
        self._declined["request", request].add(offer)
        self._declined["offer", offer].add(request)

    def undecline(self, request: str, offer: str) -> None:
        """Forget a no; nothing happens if there was none."""
        self._declined["request", request].discard(offer)
        self._declined["offer", offer].discard(request)

    def is_declined(self, request: str, offer: str) -> bool:
        """Whether somebody said no to the pair."""
        return offer in self._declined.get(("request", request), ())

    def declined_rows(self, side: Side, record: str) -> npt.NDArray[np.bool_]:
        """Which rows of the other side's index are declined with a record of this side."""
        others = self.offers if side == "request" else self.requests
        declined = np.zeros(len(others.records.used), dtype=bool)
        for other in self._declined.get((side, record), ()):
            if other in others:
                declined[others.row(other)] = True
        return declined

    def lines(self, side: Side, record: str) -> tuple[EntryLine, ...]:
        """A record's lines with something left, the weightiest first; KeyError if unknown."""
        return self._lines[side, record]

    def named(self, side: Side, record: str) -> Mapping[str, int]:
        """The concepts that a record's text names, with their weights; KeyError if unknown."""
        return self._named[side, record]

    def sizes(self) -> Sizes:
        """How many numbers for concepts and terms are in use."""
        return Sizes(len(self.names.concepts), len(self.names.terms))

    def _forget(self, side: Side, record: str) -> None:
        """Take what the index has of a record out of it; the profile stays."""
        self._lines.pop((side, record), None)
        self._named.pop((side, record), None)
        (self.requests if side == "request" else self.offers).remove(record)

    def _put(self, side: Side, index: Index, entry: Entry, extra: Mapping[str, object]) -> None:
        index.put(entry, extra)
        self._lines[side, entry.id] = tuple(kept_lines(entry))
        self._named[side, entry.id] = entry.named
