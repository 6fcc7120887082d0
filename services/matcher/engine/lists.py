"""Which offers stand in which requests' lists, found from either side."""

from collections.abc import Sequence

from services.matcher.engine.chains import Chains


class Lists:
    """The offers that the last lists of requests' rows name, `size` at most.

    A list takes 16 bytes a place, whatever it names; a set of requests for each offer would take
    four times as much.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._offers: list[str | None] = []
        """By place: a list has `size` of them, and names offers in no order."""
        self._chains: Chains[str] = Chains()
        self._lists: dict[int, int] = {}
        """The first place of each row's list."""
        self._rows: list[int] = []
        """Whose each list is, or was."""
        self._free: list[int] = []

    def put(self, row: int, offers: Sequence[str]) -> None:
        """Make these a row's list, instead of what it had: O(1) an offer."""
        if row not in self._lists:
            if offers:
                first = self._take(row)
                self._offers[first : first + len(offers)] = offers
                self._chains.put_all(offers, first)
            return
        first = self._lists[row]
        before = self._offers[first : first + self._size]
        named = set(offers)
        coming = iter(named.difference(before))
        # What stays, as most does where a list is made anew, stays in its place.
        for place, offer in enumerate(before, start=first):
            if offer in named:
                continue
            if offer is not None:
                self._chains.remove(offer, place)
            other = self._offers[place] = next(coming, None)
            if other is not None:
                self._chains.put(other, place)
        if not offers:
            self._free.append(self._lists.pop(row))

    def rows(self, offer: str) -> list[int]:
        """The rows in whose lists an offer stands, in no order."""
        return [self._rows[place // self._size] for place in self._chains.rows(offer)]

    @property
    def places(self) -> int:
        """How many places there are, free ones among them."""
        return len(self._offers)

    def _take(self, row: int) -> int:
        """The first of as many free places as a list has, which are the row's from now on."""
        if self._free:
            first = self._free.pop()
            self._rows[first // self._size] = row
        else:
            first = len(self._offers)
            self._offers.extend([None] * self._size)
            self._rows.append(row)
        self._lists[row] = first
        return first
