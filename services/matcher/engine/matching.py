"""The engine: two directions of one question, answered from memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from struct import Struct

import numpy as np
import numpy.typing as npt

from services.matcher.engine import search
from services.matcher.engine.duplicates import Likely, likely_duplicates, likely_pair
from services.matcher.engine.embargoes import Embargo
from services.matcher.engine.features import FEATURES
from services.matcher.engine.geography import Geography
from services.matcher.engine.lists import Lists
from services.matcher.engine.pairing import (
    Pairing,
    Told,
    offers_told,
    offers_told_fast,
    requests_told,
)
from services.matcher.engine.permitted import permitted_serves
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import LISTED, Model, list_places
from services.matcher.engine.records import LARGE, Measure, Records, Refused, Side
from services.matcher.engine.rules import Bar, bars
from services.matcher.engine.suiting import suits
from services.matcher.engine.track_records import Standing
from services.matcher.engine.whereabouts import OPEN_END

_FEATURES = Struct(f"={len(FEATURES)}d")

_MARGIN = 2e-6
"""Scores no further apart than two units of their rounding are taken as possibly equal."""


@dataclass(frozen=True, slots=True)
class Shortlist:
    """A request's best offers, best first, as ranked by a model (its version) on a day."""

    request: str
    model: str
    as_of: date
    entries: tuple[Pairing, ...]


class Engine:
    """Requests and offers in memory, and which suit which.

    What it answers depends on the records, the ledger's figures, the declined pairs, the register
    of embargoes, donors' track records, the model and the day; never on the order in which these
    came. Putting a record, and saying what is committed of it, raise whatever keeps the record from
    being used: then it is as if it were not here, until it is put again or another day makes it
    fit. Not safe for use by several threads.
    """

    def __init__(self, model: Model, geography: Geography, as_of: date, size: int = LISTED) -> None:
        """`size` is how many offers a shortlist has at most.

        ValueError for a model that was made for other features.
        """
        _require_features(model)
        self.model = model
        self.size = size
        self._records = Records(geography, as_of)
        self._lists = Lists(size)

    @property
    def as_of(self) -> date:
        """The day it is."""
        return self._records.as_of

    def advance(self, as_of: date) -> list[Refused]:
        """Make it another day: windows, groups of States and exchange rates are as of then.

        Every shortlist may change by it, so every request is to be ranked again. Returns the
        records that cannot be used on that day: they are as if they were not here.
        """
        self._lists = Lists(self.size)
        return self._records.advance(as_of)

    def use(self, model: Model) -> None:
        """Rank with another model: every shortlist may change, and is to be made again.

        ValueError for a model that was made for other features; the former one stays then.
        """
        _require_features(model)
        self.model = model
        self._lists = Lists(self.size)
        self._records.found.open_ends()

    def put_request(self, profile: RequestProfile) -> None:
        """Add a request or replace it; its list is to be made anew. O(1) in the records held."""
        self._forget_list(profile.id)
        self._records.put_request(profile)

    def put_offer(self, profile: OfferProfile) -> None:
        """Add an offer or replace it; `affected` tells whose lists it concerns. O(1)."""
        self._records.put_offer(profile)

    def remove_request(self, request: str) -> None:
        """Take a request out, and its list; nothing happens if it is not here."""
        self._forget_list(request)
        self._records.remove_request(request)

    def remove_offer(self, offer: str) -> None:
        """Take an offer out; `affected` still tells whose lists it stood in."""
        self._records.remove_offer(offer)

    def set_committed(
        self, side: Side, record: str, line: int, measure: Measure, amount: int
    ) -> None:
        """Say how much of a line is committed in all, by the ledger; 0 if nothing is any more.

        `amount` is in the line's own unit: thousandths of a quantity (of one whole, for a line
        without any), or hundredths of the line's currency. The record may come later.
        """
        self._records.commit(side, record, line, measure, amount)
        if side == "request" and record in self._records.requests:
            self._restore_end(record)

    def decline(self, request: str, offer: str) -> None:
        """Bar a pair because somebody said no to it; either record may come later."""
        self._records.noes.say(request, offer)

    def undecline(self, request: str, offer: str) -> None:
        """Take back a no; nothing happens if there was none."""
        self._records.noes.take_back(request, offer)

    def set_embargo(self, id_: str, embargo: Embargo | None) -> set[str]:
        """Put an arms embargo in force, change it, or with None lift it.

        Returns the States concerned: all of their requests are to be ranked again.
        """
        concerned = self._records.embargo(id_, embargo)
        for country in concerned:
            for request in self._records.requests_of(country):
                self._restore_end(request)
        return concerned

    def judge(self, organisation: str, standing: Standing) -> list[str]:
        """Set what came of a donor's earlier help; its offers may come later.

        Returns the offers whose score changes by it: `affected` tells whose lists that concerns.
        """
        return self._records.judge(organisation, standing)

    def barred(self, request: str, offer: str) -> Bar | None:
        """The first rule that bars a pair, None if no rule does. KeyError for an unknown record."""
        records = self._records
        row, other = records.requests.row(request), records.offers.row(offer)
        admitted = records.whom.offers(row)[[other]]
        declined = np.array([records.noes.has(request, offer)])
        one, many = records.requests.view([row]), records.offers.view([other])
        for reason, applies in bars(one, many, admitted, declined, records.today):
            if applies.any():
                return reason
        return None

    def shortlist(self, request: str, size: int | None = None, *, exact: bool = False) -> Shortlist:
        """The best offers for a request, at most `size` (the engine's own by default).

        Best first; of equal scores unconditional offers first, then a neighbouring State's
        know-how, then by id. The engine remembers where a list of its own size ends, for
        `affected`. A request that is not here has no offers.
        In a large register only those are scored that an estimate finds worth it, unless `exact`.
        """
        most = self.size if size is None else size
        entries: tuple[Pairing, ...] = ()
        if request in self._records.requests:
            found = search.offers_for(self._records, self.model, request, most, exact=exact)
            entries = self._ranked(request, found, most)
            if self._records.barred_kinds(request):
                entries = self._permitted(entries)
            if most == self.size:
                self._remember(request, entries)
        return Shortlist(request, self.model.version, self.as_of, entries)

    def duplicates(self, side: Side, record: str) -> tuple[Likely, ...]:
        """The pairs of a record with others of its side that seem to be the same, likeliest first.

        Whether the records are open does not matter. Nothing for a record that is not here.
        """
        return likely_duplicates(self._records, side, record)

    def likely_pair(self, side: Side, left: str, right: str) -> Likely | None:
        """What `duplicates` tells of these two, the lesser id first, however many others are nearer
        to either; None where they do not seem to be the same, or one is not here."""
        return likely_pair(self._records, side, left, right)

    def open_needs(self, request: str) -> tuple[int, ...]:
        """The numbers of a request's own lines of which something is still needed, in order."""
        if request not in self._records.requests:
            return ()
        requests = self._records.requests
        return tuple(sorted(filter(None, requests.numbers_left(requests.row(request)))))

    def affected(self, offer: str, *, exact: bool = False) -> list[str]:
        """The requests whose shortlist may change because this offer did, by id.

        Those in whose last list it stands, and those into whose list it would come now: every one
        whose list does change, and few more. To be asked after the change. The offer may be gone.
        In a large register only those are scored that an estimate finds worth it, unless `exact`.
        """
        requests = self._records.requests
        concerned = {requests.id(row) for row in self._lists.rows(offer)}
        if offer in self._records.offers:
            found = search.requests_entered(self._records, self.model, offer, exact=exact)
            ends = requests.records.column("end")[found.rows]
            entering = found.rows[found.scores >= ends - _MARGIN]
            concerned.update(requests.ids(entering))
        return sorted(concerned)

    def requests_for(self, offer: str, size: int | None = None) -> tuple[Pairing, ...]:
        """The requests that an offer suits best, at most `size` (the engine's own by default).

        Here the State's own priority counts beside the score; the donor's wishes bar or admit and
        do nothing else, and its track record nothing at all. Best first, of equals by id. An offer
        that is not here suits none.
        """
        if offer not in self._records.offers:
            return ()
        requests = self._records.requests
        found = search.requests_for(self._records, self.model, offer)
        priorities = requests.records.column("priority")[found.rows]
        ids = requests.ids(found.rows)
        suited = suits(self.model, found.features, priorities).tolist()
        order = sorted(range(len(ids)), key=lambda at: (-suited[at], ids[at]))
        order = order[: self.size if size is None else size]
        told = requests_told(self._records, self._records.offers.row(offer), found.rows[order])
        named = [ids[at] for at in order], [offer] * len(order)
        chosen = np.array(order, dtype=np.intp)
        return self._permitted(_pairings(self.model, *named, found, chosen, told))

    def _permitted(self, pairings: tuple[Pairing, ...]) -> tuple[Pairing, ...]:
        """The pairings without what embargoes keep an offer from serving."""
        records = self._records
        requests = {one.request for one in pairings}
        barred = {request for request in requests if records.barred_kinds(request)}
        if not barred:
            return pairings
        return tuple(
            one._replace(serves=permitted_serves(records, one.request, one.offer, one.serves))
            if one.request in barred
            else one
            for one in pairings
        )

    def _ranked(self, request: str, found: search.Found, most: int) -> tuple[Pairing, ...]:
        offers = self._records.offers
        row, rows = self._records.requests.row(request), found.rows
        ids = offers.ids(rows)
        near = self._records.whom.neighbours(row)
        places = list_places(rows, found.scores, offers.records.table, near)
        keys = list(zip(places.tolist(), ids, strict=True))
        ranked = sorted(range(len(keys)), key=keys.__getitem__)[:most]
        tell = offers_told_fast if len(offers) > LARGE else offers_told
        told = tell(self._records, row, rows[ranked])
        named = [request] * len(ranked), [ids[at] for at in ranked]
        return _pairings(self.model, *named, found, np.array(ranked, dtype=np.intp), told)

    def _remember(self, request: str, entries: tuple[Pairing, ...]) -> None:
        row = self._records.requests.row(request)
        self._lists.put(row, [entry.offer for entry in entries])
        if len(entries) == self.size:
            self._records.found.set_end(row, entries[-1].score)
        else:
            self._restore_end(request)

    def _restore_end(self, request: str) -> None:
        self._records.found.set_end(self._records.requests.row(request), OPEN_END)

    def _forget_list(self, request: str) -> None:
        if request in self._records.requests:
            self._lists.put(self._records.requests.row(request), ())


def _pairings(
    model: Model,
    requests: Sequence[str],
    offers: Sequence[str],
    found: search.Found,
    order: npt.NDArray[np.intp],
    told: Told,
) -> tuple[Pairing, ...]:
    """Pairs of requests and offers with what was found and is told of them, all in one order."""
    features = found.features[order]
    columns = (
        requests,
        offers,
        found.scores[order].tolist(),
        range(1, len(order) + 1),
        _FEATURES.iter_unpack(features.tobytes()),
        told.serves,
        told.evidence,
        suits(model, features, np.zeros(len(order), dtype=np.int8)).tolist(),
    )
    return tuple(map(partial(tuple.__new__, Pairing), zip(*columns, strict=True)))


def _require_features(model: Model) -> None:
    if model.feature_names != FEATURES:
        raise ValueError(f"the model {model.version} was made for other features")
