"""The engine: two directions of one question, answered from memory."""

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import ALL_THEMES, related
from services.matcher.engine.columns import Spec
from services.matcher.engine.eligibility import WORDS, States
from services.matcher.engine.entries import Entry, EntryLine, offer_entry, request_entry
from services.matcher.engine.features import FEATURES, Sizes, pair_features
from services.matcher.engine.geography import Geography
from services.matcher.engine.index import Index, Names, kept_lines
from services.matcher.engine.inference import concept_weights
from services.matcher.engine.lines import best_for_needs, best_of_provisions
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import Model
from services.matcher.engine.rules import Bar, View, bars
from services.matcher.engine.serving import Serving, servings

Side = Literal["request", "offer"]
Measure = Literal["quantity", "money"]

MOST_EVIDENCE = 8

LEAST_SCORE = 0.001
"""A pair that scores less is not proposed, however much room there is."""

_REQUEST: Spec = {"state": (np.int16, ()), "priority": (np.int8, ()), "end": (np.float64, ())}
_OFFER: Spec = {"eligible": (np.uint64, (WORDS,)), "unconditional": (np.bool_, ())}

_PRIORITIES = {"critical": 4, "high": 3, "medium": 2, "low": 1}
_PRIORITY_STEP = 0.4
"""What one step of the State's priority counts for an offer's list, in log odds."""

_OPEN_END = -1.0
"""The end of a list that has room, or that was never made: any offer may enter."""

_MARGIN = 2e-6
"""Scores no further apart than two units of their rounding are taken as possibly equal."""

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Pairing:
    """An offer proposed for a request.

    `score` is from 0 to 1, rounded to 1e-6; `rank` counts from 1; `features` are in the order of
    the model's names; `serves` tells which provision meets which need; `evidence` are ids of the
    concepts that both texts name, the weightiest first, at most 8.
    """

    request: str
    offer: str
    score: float
    rank: int
    features: tuple[float, ...]
    serves: tuple[Serving, ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shortlist:
    """A request's best offers, best first, as ranked by a model (its version) on a day."""

    request: str
    model: str
    as_of: date
    entries: tuple[Pairing, ...]


class Engine:
    """Requests and offers in memory, and which suit which.

    What it answers depends on the records, the ledger's figures, the declined pairs, the model
    and the day; never on the order in which these came. Not safe for use by several threads.
    """

    def __init__(self, model: Model, geography: Geography, as_of: date, size: int = 50) -> None:
        """`size` is how many offers a shortlist has at most.

        ValueError for a model that was made for other features.
        """
        if model.feature_names != FEATURES:
            raise ValueError(f"the model {model.version} was made for other features")
        self.model = model
        self.size = size
        self._geography = geography
        self._request_profiles: dict[str, RequestProfile] = {}
        self._offer_profiles: dict[str, OfferProfile] = {}
        self._committed: defaultdict[tuple[Side, str], dict[tuple[int, str], int]] = defaultdict(
            dict
        )
        self._declined: defaultdict[tuple[Side, str], set[str]] = defaultdict(set)
        self.advance(as_of)

    def advance(self, as_of: date) -> None:
        """Make it another day: windows, groups of States and exchange rates are as of then.

        Every shortlist may change by it, so every request is to be ranked again.
        """
        self.as_of = as_of
        self._today = as_of.toordinal()
        self._names = Names()
        self._states = States(self._geography.at(as_of))
        self._requests = Index(self._names, _REQUEST)
        self._offers = Index(self._names, _OFFER)
        self._lines: dict[tuple[Side, str], tuple[EntryLine, ...]] = {}
        self._listed: dict[str, tuple[str, ...]] = {}
        self._listing: defaultdict[str, set[str]] = defaultdict(set)
        for request in self._request_profiles.values():
            self.put_request(request)
        for offer in self._offer_profiles.values():
            self.put_offer(offer)

    def put_request(self, profile: RequestProfile) -> None:
        """Add a request or replace it; its list is to be made anew. O(1) in the records held."""
        self._request_profiles[profile.id] = profile
        entry = request_entry(profile, self._committed["request", profile.id], self.as_of)
        extra = {
            "state": self._states.number(profile.country),
            "priority": _PRIORITIES.get(profile.priority or "", 0),
            "end": _OPEN_END,
        }
        self._put("request", self._requests, entry, extra)
        self._forget_list(profile.id)

    def put_offer(self, profile: OfferProfile) -> None:
        """Add an offer or replace it; `affected` tells whose lists it concerns. O(1)."""
        self._offer_profiles[profile.id] = profile
        entry = offer_entry(profile, self._committed["offer", profile.id], self.as_of)
        extra = {
            "eligible": self._states.eligible(profile),
            "unconditional": profile.unconditional,
        }
        self._put("offer", self._offers, entry, extra)

    def remove_request(self, request: str) -> None:
        """Take a request out, and its list; nothing happens if it is not here."""
        self._request_profiles.pop(request, None)
        self._lines.pop(("request", request), None)
        self._requests.remove(request)
        self._forget_list(request)

    def remove_offer(self, offer: str) -> None:
        """Take an offer out; `affected` still tells whose lists it stood in."""
        self._offer_profiles.pop(offer, None)
        self._lines.pop(("offer", offer), None)
        self._offers.remove(offer)

    def set_committed(
        self, side: Side, record: str, line: int, measure: Measure, amount: int
    ) -> None:
        """Say how much of a line is committed in all, by the ledger; 0 if nothing is any more.

        `amount` is in the line's own unit: thousandths of a quantity (of one whole, for a line
        without any), or hundredths of the line's currency. The record may come later.
        """
        self._committed[side, record][line, measure] = amount
        if side == "request" and record in self._request_profiles:
            self.put_request(self._request_profiles[record])
        if side == "offer" and record in self._offer_profiles:
            self.put_offer(self._offer_profiles[record])

    def decline(self, request: str, offer: str) -> None:
        """Bar a pair because somebody said no to it; either record may come later."""
        self._declined["request", request].add(offer)
        self._declined["offer", offer].add(request)

    def undecline(self, request: str, offer: str) -> None:
        """Take back a no; nothing happens if there was none."""
        self._declined["request", request].discard(offer)
        self._declined["offer", offer].discard(request)

    def barred(self, request: str, offer: str) -> Bar | None:
        """The first rule that bars a pair, None if no rule does. KeyError for an unknown record."""
        one = self._requests.view([self._requests.row(request)])
        other = self._offers.view([self._offers.row(offer)])
        declined = np.array([offer in self._declined.get(("request", request), ())])
        for reason, applies in bars(one, other, declined, self._today):
            if applies.any():
                return reason
        return None

    def shortlist(self, request: str, size: int | None = None) -> Shortlist:
        """The best offers for a request, at most `size` (the engine's own by default).

        Best first; of equal scores unconditional offers first, then by id. The engine remembers
        where a list of its own size ends, for `affected`. A request that is not here has no offers.
        """
        if request not in self._requests:
            return Shortlist(request, self.model.version, self.as_of, ())
        rows, features, scores = self._for_request(self._requests.row(request))
        offered = self._offers.records.column("unconditional")[rows]
        order = _best(scores, self.size if size is None else size)
        order.sort(key=lambda at: (-scores[at], not offered[at], self._offers.id(int(rows[at]))))
        chosen = order[: self.size if size is None else size]
        entries = tuple(
            self._pairing(request, self._offers.id(int(rows[at])), features[at], scores[at], rank)
            for rank, at in enumerate(chosen, start=1)
        )
        if size is None or size == self.size:
            self._remember(request, entries)
        return Shortlist(request, self.model.version, self.as_of, entries)

    def affected(self, offer: str) -> list[str]:
        """The requests whose shortlist may change because this offer did, by id.

        Those in whose last list it stands, and those into whose list it would come now: every one
        whose list does change, and few more. To be asked after the change. The offer may be gone.
        """
        found = set(self._listing.get(offer, ()))
        if offer in self._offers:
            rows, _, scores = self._for_offer(self._offers.row(offer))
            ends = self._requests.records.column("end")[rows]
            entering = rows[scores >= ends - _MARGIN]
            found.update(self._requests.id(int(row)) for row in entering)
        return sorted(found)

    def requests_for(self, offer: str, size: int | None = None) -> tuple[Pairing, ...]:
        """The requests that an offer suits best, at most `size` (the engine's own by default).

        Here the State's own priority counts beside the score; the donor's wishes bar or admit and
        do nothing else. Best first, of equals by id. An offer that is not here suits none.
        """
        if offer not in self._offers:
            return ()
        rows, features, scores = self._for_offer(self._offers.row(offer))
        priorities = self._requests.records.column("priority")[rows]
        ids = [self._requests.id(int(row)) for row in rows]

        def worth(at: int) -> tuple[float, str]:
            urgency = _PRIORITY_STEP * float(priorities[at])
            return -round(_log_odds(float(scores[at])) + urgency, 6), ids[at]

        order = sorted(range(len(rows)), key=worth)[: self.size if size is None else size]
        return tuple(
            self._pairing(ids[at], offer, features[at], scores[at], rank)
            for rank, at in enumerate(order, start=1)
        )

    def _for_request(self, row: int) -> tuple[Rows, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Rows of the offers that may be proposed for a request, their features and scores."""
        one = self._requests.view([row])
        request = self._requests.id(row)
        declined = self._declined_rows(self._offers, "request", request)
        rows = self._candidates(one, self._offers, declined, one_is_request=True)
        position = _positions(rows, len(self._offers.records.used))
        needs = self._lines["request", request]
        best = best_for_needs(needs, self._offers, position, len(rows), self._names, self._today)
        return self._scored(rows, pair_features(
            one, self._offers.view(rows), best, self._today, self._sizes()
        ))

    def _for_offer(self, row: int) -> tuple[Rows, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Rows of the requests that an offer may be proposed for, their features and scores."""
        one = self._offers.view([row])
        offer = self._offers.id(row)
        declined = self._declined_rows(self._requests, "offer", offer)
        rows = self._candidates(one, self._requests, declined, one_is_request=False)
        position = _positions(rows, len(self._requests.records.used))
        many = self._requests.view(rows)
        places = int((many["shares"] > 0.0).sum(axis=1).max(initial=0))
        best = best_of_provisions(
            self._lines["offer", offer],
            self._requests,
            position,
            (len(rows), places),
            self._names,
            self._today,
        )
        return self._scored(rows, pair_features(many, one, best, self._today, self._sizes()))

    def _candidates(
        self, one: View, index: Index, declined: npt.NDArray[np.bool_], *, one_is_request: bool
    ) -> Rows:
        records = index.records
        names = ("open", "from", "to", "state" if not one_is_request else "eligible")
        many = {name: records.column(name) for name in names}
        requests, offers = (one, many) if one_is_request else (many, one)
        wanted = records.used.copy()
        if one["coded"][0]:
            near = np.uint32(_related(int(one["themes"][0])))
            wanted &= ((records.column("themes") & near) != 0) | ~records.column("coded")
        for _, applies in bars(requests, offers, declined, self._today):
            wanted &= ~applies
        return np.flatnonzero(wanted)

    def _scored(
        self, rows: Rows, features: npt.NDArray[np.float64]
    ) -> tuple[Rows, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        scores = self.model.scores(features)
        kept = scores >= LEAST_SCORE
        return rows[kept], features[kept], scores[kept]

    def _pairing(
        self,
        request: str,
        offer: str,
        features: npt.NDArray[np.float64],
        score: float,
        rank: int,
    ) -> Pairing:
        asked = concept_weights(self._request_profiles[request].text)
        given = concept_weights(self._offer_profiles[offer].text)
        named = {name for name, _ in self._request_profiles[request].text.concepts}
        named &= {name for name, _ in self._offer_profiles[offer].text.concepts}
        shared = sorted(named & asked.keys(), key=lambda name: (-asked[name] * given[name], name))
        return Pairing(
            request=request,
            offer=offer,
            score=float(score),
            rank=rank,
            features=tuple(float(value) for value in features),
            serves=servings(
                self._lines["request", request], self._lines["offer", offer], self._today
            ),
            evidence=tuple(shared[:MOST_EVIDENCE]),
        )

    def _put(self, side: Side, index: Index, entry: Entry, extra: dict[str, object]) -> None:
        index.put(entry, extra)
        self._lines[side, entry.id] = tuple(kept_lines(entry))

    def _remember(self, request: str, entries: tuple[Pairing, ...]) -> None:
        self._forget_list(request)
        self._listed[request] = tuple(entry.offer for entry in entries)
        for entry in entries:
            self._listing[entry.offer].add(request)
        end = entries[-1].score if len(entries) == self.size else _OPEN_END
        self._requests.records.column("end")[self._requests.row(request)] = end

    def _forget_list(self, request: str) -> None:
        for offer in self._listed.pop(request, ()):
            self._listing[offer].discard(request)

    def _declined_rows(self, others: Index, side: Side, record: str) -> npt.NDArray[np.bool_]:
        declined = np.zeros(len(others.records.used), dtype=bool)
        for other in self._declined.get((side, record), ()):
            if other in others:
                declined[others.row(other)] = True
        return declined

    def _sizes(self) -> Sizes:
        return Sizes(len(self._names.concepts), len(self._names.terms))


def _related(themes: int) -> int:
    if themes == ALL_THEMES:
        return ALL_THEMES
    near = 0
    for number, bits in enumerate(related()):
        if themes >> number & 1:
            near |= bits
    return near


def _positions(rows: Rows, size: int) -> npt.NDArray[np.int32]:
    position = np.full(size, -1, dtype=np.int32)
    position[rows] = np.arange(len(rows), dtype=np.int32)
    return position


def _best(scores: npt.NDArray[np.float64], size: int) -> list[int]:
    """Where the `size` best scores are, and all that equal the last of them, in no order."""
    if len(scores) <= size:
        return list(range(len(scores)))
    last = np.partition(scores, len(scores) - size)[len(scores) - size]
    return [int(at) for at in np.flatnonzero(scores >= last)]


def _log_odds(score: float) -> float:
    inside = min(max(score, 1e-6), 1.0 - 1e-6)
    return math.log(inside / (1.0 - inside))
