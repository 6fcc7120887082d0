"""Whom offers are for, asked of rows: by eligibility, by embargo, and between neighbours."""

import numpy as np
import numpy.typing as npt

from services.matcher.engine.cooperation import land_neighbours
from services.matcher.engine.eligibility import CAPACITY, Admission, States, admits, eligibility_of
from services.matcher.engine.geography import Geography
from services.matcher.engine.index import Index
from services.matcher.engine.profiles import OfferProfile

Rows = npt.NDArray[np.int32]

_EVERY_STATE = np.array([*range(CAPACITY), -1], dtype=np.int16)


class Admitting:
    """What the rows of both sides have to do with States, whose numbers are kept here."""

    def __init__(self, requests: Index, offers: Index, geography: Geography) -> None:
        """`geography` is that of a day."""
        self._requests = requests
        self._offers = offers
        self._states = States(geography)
        self._neighbours: dict[int, npt.NDArray[np.bool_]] = {}

    def move(self, geography: Geography) -> None:
        """Go on to the geography of another day."""
        self._states.move(geography)

    def asking(self, alpha3: str) -> int:
        """The number of a State that asks; `neighbours` knows it from then on."""
        number = self._states.number(alpha3)
        if number not in self._neighbours:
            # By number, and the last place for -1, an offer that is no State's know-how.
            near = np.zeros(CAPACITY + 1, dtype=bool)
            near[[self._states.number(other) for other in sorted(land_neighbours(alpha3))]] = True
            near[-1] = False
            self._neighbours[number] = near
        return number

    def expert(self, alpha3: str | None) -> int:
        """The number of a State that offers its know-how, -1 for none."""
        return -1 if alpha3 is None else self._states.number(alpha3)

    def eligibility(self, offer: OfferProfile) -> int:
        """The number of an offer's eligibility."""
        return self._states.kind(eligibility_of(offer))

    def admission(self, request_row: int) -> Admission:
        """Which eligibilities admit the State of a request, for compiled loops."""
        return self._states.admission(int(self._requests.records.column("state")[request_row]))

    def states(self, offer_row: int) -> npt.NDArray[np.bool_]:
        """Of every State's number, and last for -1, whether an offer is for it."""
        kind = int(self._offers.records.column("eligibility")[offer_row])
        return admits(self._states.words()[[kind]], _EVERY_STATE)

    def offers(self, request_row: int) -> npt.NDArray[np.bool_]:
        """Of every row of offers, whether it is for the State of a request."""
        state = int(self._requests.records.column("state")[request_row])
        kinds = self._offers.records.column("eligibility")
        admitted: npt.NDArray[np.bool_] = self._states.admitting(state)[kinds]
        return admitted

    def requests(self, offer_row: int) -> npt.NDArray[np.bool_]:
        """Of every row of requests, whether an offer is for its State."""
        kind = int(self._offers.records.column("eligibility")[offer_row])
        return admits(self._states.words()[[kind]], self._requests.records.column("state"))

    def within_embargo(self, request_row: int, offer_rows: Rows) -> npt.NDArray[np.bool_]:
        """Of which of some offers a line may be given to a request that an embargo concerns."""
        barred = self._requests.records.column("barred")[request_row]
        within: npt.NDArray[np.bool_] = (
            self._offers.records.column("kinds")[offer_rows] & ~barred != 0
        )
        return within

    def may_have(self, offer_row: int, request_rows: Rows) -> Rows:
        """Those of some requests to which embargoes leave a line of an offer."""
        column = self._requests.records.column
        barred = column("barred")[request_rows]
        given = self._offers.records.column("kinds")[offer_row] & ~barred
        kept = ~column("embargoed")[request_rows] & ((barred == 0) | (given != 0))
        within: Rows = request_rows[kept]
        return within

    def neighbours(self, request_row: int) -> npt.NDArray[np.bool_]:
        """Of every State's number, and last for -1, whether it borders on a request's State."""
        return self._neighbours[int(self._requests.records.column("state")[request_row])]
