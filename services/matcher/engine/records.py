"""What the engine holds: both sides' records as of a day, the ledger's figures, the noes said."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt

from services.matcher.engine import glance
from services.matcher.engine.cells import Cells, Key
from services.matcher.engine.codes import THEME_CODES
from services.matcher.engine.columns import Spec
from services.matcher.engine.cooperation import land_neighbours
from services.matcher.engine.eligibility import CAPACITY, States, admits, eligibility_of
from services.matcher.engine.embargoes import Embargo, Embargoes, Ruling
from services.matcher.engine.entries import (
    MOST_LINES,
    UNKNOWN,
    Committed,
    Entry,
    is_embargoed,
    is_spent,
    kinds_of,
    offer_entry,
    request_entry,
    resolved,
    usd,
)
from services.matcher.engine.features import Sizes
from services.matcher.engine.geography import Geography
from services.matcher.engine.index import Index, padded_shares, vector_of, weightiest
from services.matcher.engine.inference import CLEAR
from services.matcher.engine.names import Names, Numbers
from services.matcher.engine.profiles import OfferProfile, RequestProfile

Side = Literal["request", "offer"]
Measure = Literal["quantity", "money"]

OPEN_END = -1.0
"""The end of a list that has room, or that was never made: any offer may enter."""

LARGE = 20_000
"""Offers from which on one record is not compared with all of them."""

ANYWHERE = 0
"""The area of what is for everyone, or for States by something else than where they lie."""

_REQUEST: Spec = {
    "owner": (np.int32, ()),
    "state": (np.int16, ()),
    "area": (np.int16, ()),
    "priority": (np.int8, ()),
    "end": (np.float64, ()),
    "gist": (np.uint64, (glance.GIST,)),
    "barred": (np.uint32, ()),
    "embargoed": (np.bool_, ()),
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
    "gist": (np.uint64, (glance.GIST,)),
    "first_spot": (np.int32, ()),
    "spot_count": (np.int16, ()),
}
_RUN = ("first_spot", "spot_count")
_BRIEFED = ("open", "field", "eligibility", "from", "to", "text_themes", "text_kinds", "coded")
_PRIORITIES = {"critical": 4, "high": 3, "medium": 2, "low": 1}


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
        self._declined: defaultdict[tuple[Side, str], set[str]] = defaultdict(set)
        self._refused: dict[tuple[Side, str], RequestProfile | OfferProfile] = {}
        self._states = States(geography.at(as_of))
        self._areas = Numbers()
        self._embargoes = Embargoes()
        self._neighbours: dict[int, npt.NDArray[np.bool_]] = {}
        self.offer_cells = Cells(glance.WORDS)
        self._on(as_of)

    def advance(self, as_of: date) -> list[Refused]:
        """Resolve everything as of another day; returns the records that cannot be."""
        self._on(as_of)
        self._states.move(self._geography.at(as_of))
        for index, side in ((self.requests, "request"), (self.offers, "offer")):
            dated = np.flatnonzero(index.records.used & index.records.column("dated"))
            for row in dated.tolist():
                self._resolve(side, row)  # type: ignore[arg-type]
        self._resolve_of(self._embargoes)
        self.requests.records.column("end")[:] = OPEN_END
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
        self.requests.remove(request)

    def remove_offer(self, offer: str) -> None:
        """Take an offer out; nothing happens if it is not here."""
        self._refused.pop(("offer", offer), None)
        self._take_out(offer)

    def commit(self, side: Side, record: str, line: int, measure: Measure, amount: int) -> None:
        """Set what is committed of a line in all; it holds for the record whenever it comes."""
        self._committed[side, record][line, measure] = amount
        index = self._index(side)
        if record in index:
            self._resolve(side, index.row(record))

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

    def declined_rows(self, side: Side, record: str) -> Iterator[int]:
        """The rows of the other side's index that are declined with a record of this side."""
        others = self.offers if side == "request" else self.requests
        for other in self._declined.get((side, record), ()):
            if other in others:
                yield others.row(other)

    def embargo(self, id_: str, embargo: Embargo | None) -> set[str]:
        """Put an embargo, change it, or with None lift it; returns the States concerned."""
        concerned = self._embargoes.put(id_, embargo)
        self._resolve_of(concerned)
        return concerned

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

    def within_embargo(
        self, request_row: int, offer_rows: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.int32]:
        """Those of some offers of which a line may be given to a request."""
        barred = self.requests.records.column("barred")[request_row]
        if not barred:
            return offer_rows
        given = self.offers.records.column("kinds")[offer_rows] & ~barred
        within: npt.NDArray[np.int32] = offer_rows[given != 0]
        return within

    def admitted_kinds(self, request_row: int) -> npt.NDArray[np.bool_]:
        """Of every eligibility, whether it admits the State of a request."""
        return self._states.admitting(int(self.requests.records.column("state")[request_row]))

    def cells_for(self, request_row: int) -> list[Key]:
        """Where offers stand that may be for a request's State and speak of what it needs."""
        area = int(self.requests.records.column("area")[request_row])
        areas = (ANYWHERE,) if area == ANYWHERE else (ANYWHERE, area)
        spoken = _spoken_of(self.requests.records.column("text_themes")[request_row])
        lines = self.requests.lines_of(request_row)
        if not spoken and not lines:
            spoken = set(range(len(THEME_CODES)))
        themes = spoken | {line.theme for line in lines}
        return [(theme, place) for theme in sorted(themes) for place in areas]

    def offers_speaking_like(self, offer_row: int) -> npt.NDArray[np.int32]:
        """Rows of offers that speak of a theme that an offer speaks of, itself among them."""
        spoken = _spoken_of(self.offers.records.column("text_themes")[offer_row])
        places = range(len(self._areas))
        return self.offer_cells.rows((theme, place) for theme in sorted(spoken) for place in places)

    def admitted_offers(self, request_row: int) -> npt.NDArray[np.bool_]:
        """Of every row of offers, whether it is for the State of a request."""
        kinds = self.offers.records.column("eligibility")
        admitted: npt.NDArray[np.bool_] = self.admitted_kinds(request_row)[kinds]
        return admitted

    def admitted_requests(self, offer_row: int) -> npt.NDArray[np.bool_]:
        """Of every row of requests, whether an offer is for its State."""
        kind = int(self.offers.records.column("eligibility")[offer_row])
        return admits(self._states.words()[[kind]], self.requests.records.column("state"))

    def from_neighbours(
        self, request_row: int, offer_rows: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.bool_]:
        """Of some offers, whether a State that borders on the request's offers its know-how."""
        near = self._neighbours[int(self.requests.records.column("state")[request_row])]
        found: npt.NDArray[np.bool_] = near[self.offers.records.column("expert")[offer_rows]]
        return found

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
        if side == "offer":
            self._take_out(profile.id)
        self._index(side).remove(profile.id)
        self._refused[side, profile.id] = profile
        committed = self._committed_of(side, profile.id)
        if isinstance(profile, RequestProfile):
            self._note_neighbours(profile.country)
            barred = self.ruling(profile.country, profile.id).bits
            entry = request_entry(profile, committed, self.as_of, barred)
            self.requests.put(
                entry,
                {
                    "owner": self.names.owners.of(profile.country),
                    "state": self._states.number(profile.country),
                    "area": self._area(profile.country),
                    "priority": _PRIORITIES.get(profile.priority or "", 0),
                    "end": OPEN_END,
                    "gist": _gist(entry),
                    "barred": barred,
                    "embargoed": is_embargoed(entry.lines, entry.coded, barred),
                    "shares": padded_shares(entry.lines),
                },
            )
        else:
            entry = offer_entry(profile, committed, self.as_of)
            self.offers.put(
                entry,
                {
                    "owner": self.names.owners.of(profile.organisation),
                    "eligibility": self._states.kind(eligibility_of(profile)),
                    "kinds": kinds_of(profile),
                    "unconditional": profile.unconditional,
                    "ceiling": UNKNOWN if profile.ceiling is None else profile.ceiling,
                    "ceiling_currency": self.names.currencies.of(profile.ceiling_currency),
                    "expert": self._number(profile.expert),
                    "gist": _gist(entry),
                    "first_spot": 0,
                    "spot_count": 0,
                },
            )
            self._let_find(self.offers.row(profile.id), entry, self._places(profile))
        del self._refused[side, profile.id]

    def _number(self, alpha3: str | None) -> int:
        """The number of a State, -1 for none."""
        return -1 if alpha3 is None else self._states.number(alpha3)

    def _note_neighbours(self, alpha3: str) -> None:
        number = self._states.number(alpha3)
        if number not in self._neighbours:
            # By number, and the last place for -1, an offer that is no State's know-how.
            near = np.zeros(CAPACITY + 1, dtype=bool)
            near[[self._states.number(other) for other in sorted(land_neighbours(alpha3))]] = True
            near[-1] = False
            self._neighbours[number] = near

    def _area(self, alpha3: str) -> int:
        """The number of a State's area, ANYWHERE for a code that is in none."""
        return self._areas.of(self._geography.area(alpha3))

    def _places(self, offer: OfferProfile) -> set[int]:
        """Where to look for an offer: the areas that it is for, ANYWHERE for all or by group."""
        if offer.groups or offer.open_to_all():
            return {ANYWHERE}
        return {self._areas.of(region) for region in offer.regions} | {
            self._area(alpha3) for alpha3 in offer.countries
        }

    def _let_find(self, row: int, entry: Entry, places: set[int]) -> None:
        """Let a new offer be found in its places under what it speaks of, else under its codes."""
        themes = _spoken_of(np.array(entry.text_themes)) or {
            theme for theme in range(len(THEME_CODES)) if entry.themes >> theme & 1
        }
        keys = [(theme, place) for theme in sorted(themes) for place in sorted(places)]
        concepts, columns = self.offers.concepts(row), self.offers.records
        words = {
            **self._brief(row),
            "concepts": glance.concept_words(concepts),
            "named": min(len(concepts), glance.MOST_NAMED),
        }
        run = self.offer_cells.put(row, keys, words)
        for name, value in zip(_RUN, run, strict=True):
            columns.column(name)[row] = value

    def _take_out(self, offer: str) -> None:
        if offer in self.offers:
            row = self.offers.row(offer)
            self.offer_cells.remove(self._run(row))
            self.offers.remove(offer)

    def _run(self, row: int) -> tuple[int, int]:
        first, count = (int(self.offers.records.column(name)[row]) for name in _RUN)
        return first, count

    def _brief(self, row: int) -> dict[str, int]:
        """The words of a glance at an offer that may change with the day and the ledger."""
        one = {name: self.offers.records.column(name)[row] for name in _BRIEFED}
        window = (int(one["from"]), int(one["to"]))
        return {
            "stated": glance.stated(
                bool(one["open"]), int(one["field"]), int(one["eligibility"]), window
            ),
            "told": glance.told(
                self.offers.lines_of(row),
                one["text_themes"].tolist(),
                one["text_kinds"].tolist(),
                bool(one["coded"]),
            ),
        }

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
            lines = [replace(line, amount=ceiling) for line in index.lines_of(row)]
        index.refill(row, lines)
        index.set_open(row, bool(columns("published")[row]) and not is_spent(lines, barred))
        if side == "request":
            columns("shares")[row] = padded_shares(lines)
            columns("barred")[row] = barred
            columns("embargoed")[row] = is_embargoed(lines, bool(columns("coded")[row]), barred)
        else:
            self.offer_cells.change(self._run(row), self._brief(row))

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


def _gist(entry: Entry) -> npt.NDArray[np.uint64]:
    return glance.gist_words(vector_of(entry), weightiest(entry))


def _spoken_of(text_themes: npt.NDArray[np.integer]) -> set[int]:
    """The themes that a text clearly speaks of, and that it does most; none if it names none."""
    most = text_themes.max(initial=0)
    if not most:
        return set()
    return set(np.flatnonzero((text_themes >= CLEAR) | (text_themes == most)).tolist())
