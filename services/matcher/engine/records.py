"""What the engine holds: both sides' records as of a day, the ledger's figures, the noes said."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from services.matcher.engine.admitting import Admitting
from services.matcher.engine.codes import THEME_CODES
from services.matcher.engine.columns import Spec
from services.matcher.engine.comparing import Room
from services.matcher.engine.embargoes import Embargo, Embargoes, Ruling
from services.matcher.engine.entries import (
    MOST_LINES,
    UNKNOWN,
    Committed,
    is_embargoed,
    is_spent,
    kinds_of,
    offer_entry,
    request_entry,
    resolved,
    usd,
)
from services.matcher.engine.features import Sizes
from services.matcher.engine.finding import FOUND, NOT_FOUND_YET, Finding
from services.matcher.engine.geography import Geography
from services.matcher.engine.index import Index
from services.matcher.engine.names import Names
from services.matcher.engine.noes import Noes
from services.matcher.engine.packing import padded_shares
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.suiting import PRIORITIES
from services.matcher.engine.track_records import NEUTRAL, Standing
from services.matcher.engine.whereabouts import OPEN_END, Whereabouts

Side = Literal["request", "offer"]
Measure = Literal["quantity", "money"]

LARGE = 400
"""Offers from which on one record is not compared with all of them."""

_REQUEST: Spec = {
    "owner": (np.int32, ()),
    "state": (np.int16, ()),
    "area": (np.int16, ()),
    "priority": (np.int8, ()),
    "end": (np.float64, ()),
    "barred": (np.uint32, ()),
    "embargoed": (np.bool_, ()),
    **FOUND,
    "shares": (np.float64, (MOST_LINES,)),
}
_OFFER: Spec = {
    "owner": (np.int32, ()),
    "eligibility": (np.int32, ()),
    "kinds": (np.uint32, ()),
    "unconditional": (np.bool_, ()),
    "ceiling": (np.int64, ()),
    "ceiling_currency": (np.int32, ()),
    "expert": (np.int16, ()),
    "record": (np.uint8, ()),
    **FOUND,
}


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that could not be indexed as of a day, and why."""

    side: Side
    record: str
    error: Exception


class Records:
    """Requests and offers, indexed. Of a profile only what the columns hold is kept.

    Putting one raises whatever keeps it from being indexed: nothing of it is in the index then,
    not its former state either, and another day tries again.
    """

    def __init__(self, geography: Geography, as_of: date) -> None:
        self._geography = geography
        self.names = Names()
        self.requests = Index(self.names, _REQUEST)
        self.offers = Index(self.names, _OFFER)
        self._committed: defaultdict[tuple[Side, str], dict[tuple[int, str], int]] = defaultdict(
            dict
        )
        self.noes = Noes()
        self._refused: dict[tuple[Side, str], RequestProfile | OfferProfile] = {}
        self._standings: dict[int, Standing] = {}
        self.whom = Admitting(self.requests, self.offers, geography.at(as_of))
        self._embargoes = Embargoes()
        self.found = Whereabouts(self.requests, self.offers, geography)
        self.room = Room()
        self._on(as_of)

    def advance(self, as_of: date) -> list[Refused]:
        """Resolve everything as of another day; returns the records that cannot be."""
        self._on(as_of)
        self.whom.move(self._geography.at(as_of))
        for index, side in ((self.requests, "request"), (self.offers, "offer")):
            dated = np.flatnonzero(index.records.used & index.records.column("dated"))
            for row in dated.tolist():
                self._resolve(side, row)  # type: ignore[arg-type]
        self._resolve_of(self._embargoes)
        self.found.open_ends()
        refused: list[Refused] = []
        for (side, record), profile in list(self._refused.items()):
            try:
                self._put(profile)
            except Exception as error:  # noqa: BLE001 (told to the caller)
                refused.append(Refused(side, record, error))
        return refused

    def put_request(self, profile: RequestProfile) -> None:
        """Add a request or replace it."""
        self._put(profile)

    def put_offer(self, profile: OfferProfile) -> None:
        """Add an offer or replace it."""
        self._put(profile)

    def remove_request(self, request: str) -> None:
        """Take a request out; nothing happens if it is not here."""
        self._refused.pop(("request", request), None)
        self._take_out("request", request)

    def remove_offer(self, offer: str) -> None:
        """Take an offer out; nothing happens if it is not here."""
        self._refused.pop(("offer", offer), None)
        self._take_out("offer", offer)

    def commit(self, side: Side, record: str, line: int, measure: Measure, amount: int) -> None:
        """Set what is committed of a line in all; it holds for the record whenever it comes."""
        of_record = self._committed[side, record]
        if amount:
            of_record[line, measure] = amount
        else:
            of_record.pop((line, measure), None)
        if not of_record:
            del self._committed[side, record]
        index = self._index(side)
        if record in index:
            self._resolve(side, index.row(record))

    def declined_rows(self, side: Side, record: str) -> list[int]:
        """The rows of the other side's index that are declined with a record of this side."""
        if side == "request":
            return [
                self.offers.row(one) for one in self.noes.to_request(record) if one in self.offers
            ]
        return [
            self.requests.row(one) for one in self.noes.to_offer(record) if one in self.requests
        ]

    def embargo(self, id_: str, embargo: Embargo | None) -> set[str]:
        """Put an embargo, change it, or with None lift it; returns the States concerned."""
        concerned = self._embargoes.put(id_, embargo)
        self._resolve_of(concerned)
        return concerned

    def judge(self, organisation: str, standing: Standing) -> list[str]:
        """Set a donor's track record; returns the offers whose own it changes."""
        owner = self.names.owners.of(organisation)
        self._standings[owner] = standing
        rows = self.offers.owned(owner).tolist()
        return [self.offers.id(row) for row in rows if self._judge(row)]

    def barred_kinds(self, request: str) -> int:
        """The kinds that embargoes keep from a request, as bits."""
        return int(self.requests.records.column("barred")[self.requests.row(request)])

    def requests_of(self, country: str) -> list[str]:
        """The ids of a State's requests."""
        rows = self.requests.owned(self.names.owners.of(country)).tolist()
        return [self.requests.id(row) for row in rows]

    def ruling(self, country: str, request: str) -> Ruling:
        """What embargoes say today of a State's request, which need not be here."""
        return self._embargoes.ruling(country, request, self.today)

    def sizes(self) -> Sizes:
        """How many numbers for concepts and terms are in use."""
        return Sizes(len(self.names.concepts), len(self.names.terms))

    def _on(self, as_of: date) -> None:
        self.as_of = as_of
        self.today = as_of.toordinal()

    def _index(self, side: Side) -> Index:
        return self.requests if side == "request" else self.offers

    def _committed_of(self, side: Side, record: str) -> Committed:
        return self._committed.get((side, record), {})

    def _put(self, profile: RequestProfile | OfferProfile) -> None:
        side: Side = "request" if isinstance(profile, RequestProfile) else "offer"
        self._take_out(side, profile.id)
        self._refused[side, profile.id] = profile
        committed = self._committed_of(side, profile.id)
        if isinstance(profile, RequestProfile):
            barred = self.ruling(profile.country, profile.id).bits
            entry = request_entry(profile, committed, self.as_of, barred)
            row = self.requests.put(
                entry,
                {
                    "owner": self.names.owners.of(profile.country),
                    "state": self.whom.asking(profile.country),
                    "area": self.found.area(profile.country),
                    "priority": PRIORITIES.get(profile.priority or "", 0),
                    "end": OPEN_END,
                    "barred": barred,
                    "embargoed": is_embargoed(entry.lines, entry.coded, barred),
                    "shares": padded_shares(entry.lines),
                    **NOT_FOUND_YET,
                },
            )
            self.found.put_request(row, entry)
        else:
            entry = offer_entry(profile, committed, self.as_of)
            row = self.offers.put(
                entry,
                {
                    "owner": self.names.owners.of(profile.organisation),
                    "eligibility": self.whom.eligibility(profile),
                    "kinds": kinds_of(profile),
                    "unconditional": profile.unconditional,
                    "ceiling": UNKNOWN if profile.ceiling is None else profile.ceiling,
                    "ceiling_currency": self.names.currencies.of(profile.ceiling_currency),
                    "expert": self.whom.expert(profile.expert),
                    "record": NEUTRAL,
                    **NOT_FOUND_YET,
                },
            )
            self.found.put_offer(row, entry, profile)
            self._judge(row)
        del self._refused[side, profile.id]

    def _take_out(self, side: Side, record: str) -> None:
        index = self._index(side)
        if record in index:
            self._found(side).remove(index.row(record))
            index.remove(record)

    def _found(self, side: Side) -> Finding:
        return self.found.requests if side == "request" else self.found.offers

    def _resolve(self, side: Side, row: int) -> None:
        """Make a record's lines anew, as of the day and by what is committed of them."""
        index = self._index(side)
        columns = index.records.column
        ceiling = self._ceiling(row) if side == "offer" else UNKNOWN
        barred = self._barred(row) if side == "request" else 0
        if columns("coded")[row]:
            window = (int(columns("from")[row]), int(columns("to")[row]))
            committed = self._committed_of(side, index.id(row))
            written = index.written_lines(row)
            lines = resolved(written, window, committed, self.as_of, ceiling, barred)
        else:
            lines = [line._replace(amount=ceiling) for line in index.lines_of(row)]
        index.refill(row, lines)
        index.set_open(row, bool(columns("published")[row]) and not is_spent(lines, barred))
        if side == "request":
            columns("shares")[row] = padded_shares(lines)
            columns("barred")[row] = barred
            columns("embargoed")[row] = is_embargoed(lines, bool(columns("coded")[row]), barred)
        else:
            self._judge(row)
        self._found(side).change(row, lines)

    def _judge(self, offer_row: int) -> bool:
        """Give an offer its donor's record on what it is about; whether it had another."""
        columns = self.offers.records.column
        themes = [THEME_CODES[theme] for theme in self.offers.themes_of(offer_row)[:1]]
        known = self._standings.get(int(columns("owner")[offer_row]))
        record = NEUTRAL if known is None else known.on(themes[0] if themes else None)
        changed = bool(columns("record")[offer_row] != record)
        columns("record")[offer_row] = record
        return changed

    def _barred(self, request_row: int) -> int:
        """The kinds that embargoes keep from a request, as bits."""
        country = self.names.owners.name(int(self.requests.records.column("owner")[request_row]))
        return self.ruling(country or "", self.requests.id(request_row)).bits

    def _resolve_of(self, countries: Iterable[str]) -> None:
        """Make the lines of these States' requests anew."""
        for country in countries:
            for row in self.requests.owned(self.names.owners.of(country)).tolist():
                self._resolve("request", row)

    def _ceiling(self, offer_row: int) -> int:
        """The most for one project of an offer, in US cents as of the day."""
        ceiling = int(self.offers.records.column("ceiling")[offer_row])
        number = int(self.offers.records.column("ceiling_currency")[offer_row])
        currency = self.names.currencies.name(number)
        return UNKNOWN if ceiling == UNKNOWN else usd(ceiling, currency, self.as_of)
