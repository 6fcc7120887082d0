"""Pairs to which somebody said no, whether their records are here or not."""

from collections import defaultdict
from collections.abc import Set


class Noes:
    """A request's noes and an offer's, each found by either."""

    def __init__(self) -> None:
        self._of_requests: defaultdict[str, set[str]] = defaultdict(set)
        self._of_offers: defaultdict[str, set[str]] = defaultdict(set)

    def say(self, request: str, offer: str) -> None:
        """Keep a no to a pair, for whenever its records come."""
        self._of_requests[request].add(offer)
        self._of_offers[offer].add(request)

    def take_back(self, request: str, offer: str) -> None:
        """Forget a no; nothing happens if there was none."""
        for known, one, other in (
            (self._of_requests, request, offer),
            (self._of_offers, offer, request),
        ):
            if one in known:
                known[one].discard(other)
                if not known[one]:
                    del known[one]

    def has(self, request: str, offer: str) -> bool:
        """Whether somebody said no to the pair."""
        return offer in self.to_request(request)

    def to_request(self, request: str) -> Set[str]:
        """The offers that are declined for a request."""
        return self._of_requests.get(request, frozenset())

    def to_offer(self, offer: str) -> Set[str]:
        """The requests for which an offer is declined."""
        return self._of_offers.get(offer, frozenset())
