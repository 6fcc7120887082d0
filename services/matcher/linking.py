"""What links the lines of one request with those of offers, and what keeps others from being so."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from services.matcher.call_pools import SLACK, is_drawable
from services.matcher.ceilings import ceiling_left
from services.matcher.documents import Commitment, Match
from services.matcher.domain import COMMITTABLE, DECLINED, SPOKEN_FOR, convert, thousandths
from services.matcher.engine.allocation_change import Links
from services.matcher.engine.allocation_problem import Ceiling, LineId, Link
from services.matcher.exchange import Measured, rate
from services.matcher.record_views import View, Views
from services.matcher.rights import parties_see
from shared.vocabulary.currencies import NoRate
from shared.vocabulary.errors import UnknownCode

_ALLOCATED = SPOKEN_FOR | COMMITTABLE | {"proposed", "lapsed"}
"""States of a proposal that may be endorsed, or committed, just so."""

Lines = Mapping[LineId, Measured]
Offers = Mapping[LineId, frozenset[str]]
"""Of a need line, the offers of which something holds."""


@dataclass(frozen=True)
class Around:
    """What stands around a request: all offers with their calls, and what both sides' lines are."""

    on: date
    offers: Views
    calls: Views
    needs: Lines
    provisions: Lines


@dataclass(frozen=True)
class Linked:
    """What links a request, whatever is free of its lines and the offers'.

    `mismatched`, `spoken_for` and `declined` are, of a need line, the offers that cannot be
    compared with it, that others' endorsements stand before, and that somebody said no to.
    """

    links: Links = field(default_factory=Links)
    ceilings: tuple[Ceiling, ...] = ()
    mismatched: Offers = field(default_factory=dict)
    spoken_for: Offers = field(default_factory=dict)
    declined: Offers = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """The same for the same links and ceilings, in whatever order: hexadecimal."""
        parts = [
            sorted(
                (*one.need, *one.provision, one.score, one.give, one.meet, one.most or -1)
                for one in self.links.every
            ),
            sorted((one.request, one.offer, one.limit) for one in self.ceilings),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def joined(self, other: "Linked") -> "Linked":
        """Both together."""
        return Linked(
            Links(self.links.every + other.links.every),
            self.ceilings + other.ceilings,
            _both(self.mismatched, other.mismatched),
            _both(self.spoken_for, other.spoken_for),
            _both(self.declined, other.declined),
        )


class Linking:
    """Puts together what links one request."""

    def __init__(self, request: View, around: Around) -> None:
        """Nothing is linked yet."""
        self._request, self._around = request, around
        self._links: list[Link] = []
        self._ceilings: list[Ceiling] = []
        self._mismatched: defaultdict[LineId, set[str]] = defaultdict(set)
        self._spoken_for: defaultdict[LineId, set[str]] = defaultdict(set)
        self._declined: defaultdict[LineId, set[str]] = defaultdict(set)

    def linked(self) -> Linked:
        """What was found."""
        sets = (self._mismatched, self._spoken_for, self._declined)
        return Linked(
            Links(tuple(self._links)),
            tuple(self._ceilings),
            *({need: frozenset(offers) for need, offers in one.items()} for one in sets),
        )

    def speak_for(self, need: LineId, offer: str) -> None:
        """An endorsed proposal stands before this offer."""
        self._spoken_for[need].add(offer)

    def add(self, offer: str, entry: Mapping[str, Any], match: Match | None) -> None:
        """What an entry of a shortlist links; nothing new where its donor could not be asked."""
        around, request = self._around, self._request.record
        can_be_asked = parties_see(self._request, entry["serves"])
        displaced = entry.get("displaced")
        endorsed = displaced is not None and any(
            one["by"] == "endorsement" for one in displaced["by"]
        )
        links: list[Link] = []
        for serving in entry["serves"]:
            need, provision = (request, serving["need"]), (offer, serving["provision"])
            ones, others = around.needs.get(need), around.provisions.get(provision)
            if ones is None or others is None:
                continue
            if match is not None and match.status in DECLINED:
                self._declined[need].add(offer)
                continue
            if match is not None and (match.pledges or match.status not in _ALLOCATED):
                self._spoken_for[need].add(offer)  # as far as it goes, settled with the donor
                continue
            if endorsed and displaced is not None and serving["need"] in displaced["needs"]:
                self._spoken_for[need].add(offer)
                continue
            if not can_be_asked:
                continue
            exchange = rate(ones, others)
            if exchange is None or not is_drawable(around.calls, around.offers[offer], others):
                self._mismatched[need].add(offer)
                continue
            shrunk = displaced is not None and serving["need"] in displaced["lessened"]
            score = round(entry["score"] * serving["fit"], 9)
            if score > 0.0:
                most = _most(serving, ones) if shrunk else None
                links.append(Link(need, provision, score, *exchange, most))
        self._links += links
        if links:
            self._limit(offer, {link.provision for link in links}, match)

    def _limit(self, offer: str, provisions: Iterable[LineId], match: Match | None) -> None:
        """The offer's ceiling for the request, less what it gives it already."""
        view, on = self._around.offers[offer], self._around.on
        if view.ceiling is None:
            return
        _, currency = view.ceiling
        held = Commitment.objects(id__in=match.holds) if match is not None and match.holds else ()
        try:
            limit = convert(ceiling_left(view, held, on), currency, "USD", on)
        except (NoRate, UnknownCode):
            limit = 0
        costs: dict[int, tuple[int, int]] = {}
        converted = currency != "USD"
        for id_ in provisions:
            one = self._around.provisions[id_]
            cost = one.cost
            if cost is not None:
                costs[id_[1]] = cost
                converted = converted or one.is_converted
        if converted:
            limit -= limit // SLACK + len(costs)
        self._ceilings.append(Ceiling(self._request.record, offer, max(0, limit), costs))


def _most(serving: Mapping[str, Any], need: Measured) -> int | None:
    """What an endorsement leaves of a need, in the need's measure; None where that is not told."""
    if need.line.measure == "money":
        amount: int | None = serving.get("amount")
        return amount
    return None if serving["quantity"] is None else thousandths(serving["quantity"])


def _both(ones: Offers, others: Offers) -> Offers:
    every = ones.keys() | others.keys()
    return {need: ones.get(need, frozenset()) | others.get(need, frozenset()) for need in every}
