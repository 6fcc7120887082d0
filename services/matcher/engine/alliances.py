"""Which requests make a joint project: formed step by step, the same whatever came first.

A request that no earlier one is enough like begins a group of its own: it is the group's anchor.
Any other joins the anchor that it is most like, of equals the earlier. Earlier means: submitted on
an earlier day, on the same day by id; it never means who was heard of first. So a new request joins
or founds and moves nobody else, and the groups depend on nothing but the requests and what was
said of alliances: `settle` brings what has changed to where forming everything anew would.

A request that is withdrawn or closed keeps its place as an anchor, though it is a member of nothing
any more: what it began goes on without it.
"""

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable

import numpy as np
import numpy.typing as npt

from services.matcher.engine.affinity import Affinity, bound, features, joining
from services.matcher.engine.asks import Ask, Asks
from services.matcher.engine.bonds import Bonds
from services.matcher.engine.chains import Chains
from services.matcher.engine.geography import Geography
from services.matcher.engine.texts import Texts

LEAST_STATES = 2
"""One State's requests alone are no alliance, however many."""


class Formation:
    """Keeps requests in groups. Not for several threads.

    After changes call `settle` until nothing waits; only then do `members` and `changed` tell what
    is so.
    """

    def __init__(
        self, affinity: Affinity, geography: Geography, texts: Texts | None = None
    ) -> None:
        """`texts` are those that others share, its own unless given."""
        self._affinity = affinity
        self._asks = Asks(Bonds(geography), texts)
        self._anchors: dict[str, str] = {}
        self._groups: Chains[str] = Chains()
        """The rows of each anchor's group."""
        self._barred: dict[str, frozenset[str]] = {}
        self._barred_from: defaultdict[str, set[str]] = defaultdict(set)
        self._kept: dict[str, frozenset[str]] = {}
        self._kept_by: dict[str, str] = {}
        self._waiting: list[tuple[int, str]] = []
        self._changed: set[str] = set()

    def put(self, ask: Ask) -> None:
        """Add a request or replace it. Raises whatever keeps it from being read: it is out then."""
        self.remove(ask.id)
        if ask.usable:
            self._asks.put(ask)
            self._wait(ask.id)

    def remove(self, request: str) -> None:
        """Take a request out as if it had never been; nothing happens if it is not here."""
        if request not in self._asks:
            return
        self._leave(request)
        self._asks.remove(request)

    def agree(self, anchor: str, kept: Collection[str], barred: Collection[str]) -> None:
        """Say what was said of the alliance that a request began.

        `kept` stay in it whatever others are like, `barred` are never in it again. It replaces
        what was said before.
        """
        before = self._kept.pop(anchor, frozenset()) | self._barred.pop(anchor, frozenset())
        for request in before:
            self._barred_from[request].discard(anchor)
            if self._kept_by.get(request) == anchor:
                del self._kept_by[request]
        if kept:
            self._kept[anchor] = frozenset(kept)
            self._kept_by |= dict.fromkeys(kept, anchor)
        if barred:
            self._barred[anchor] = frozenset(barred)
            for request in barred:
                self._barred_from[request].add(anchor)
        for request in {anchor, *before, *kept, *barred}:
            self._wait(request)
        self._changed.add(anchor)

    def settle(self, most: int) -> bool:
        """Do at most so much of what waits; returns whether nothing waits any more."""
        for _ in range(most):
            if not self._waiting:
                break
            key = heapq.heappop(self._waiting)
            while self._waiting and self._waiting[0] == key:
                heapq.heappop(self._waiting)
            if key[1] in self._asks:
                self._place(key[1])
        return not self._waiting

    def changed(self) -> set[str]:
        """The anchors whose members may have changed since this was last asked."""
        changed, self._changed = self._changed, set()
        return changed

    def anchors(self) -> tuple[str, ...]:
        """The anchors of all groups, by id."""
        return tuple(sorted(self._groups))

    def group(self, anchor: str, today: int) -> tuple[str, ...]:
        """The requests that belong to an anchor on a day, the earliest first, of any States.

        Those that are open and whose window is not over, without those barred. `today` is a
        proleptic day number.
        """
        barred = self._barred.get(anchor, frozenset())
        found = [
            request
            for request in self._standing_by(anchor)
            if request not in barred and self._is_open(request, today)
        ]
        return tuple(sorted(found, key=self._asks.key))

    def members(self, anchor: str, today: int) -> tuple[str, ...]:
        """The group that makes an alliance: none where it is of fewer than two States."""
        found = self.group(anchor, today)
        states = {self._asks.country(request) for request in found}
        return found if len(states) >= LEAST_STATES else ()

    def country(self, request: str) -> str | None:
        """The State whose request it is; None for one that is not here."""
        return self._asks.country(request) if request in self._asks else None

    def likeness(self, request: str, others: Iterable[str]) -> tuple[float, ...]:
        """How likely a request makes one project with each of some others, all of them here."""
        rows = [self._asks.row(other) for other in others]
        found = self._affinity.probabilities(features(self._asks, request, rows))
        return tuple(float(one) for one in found)

    def _is_open(self, request: str, today: int) -> bool:
        row = self._asks.row(request)
        return bool(self._asks.column("open")[row] and self._asks.column("to")[row] >= today)

    def _wait(self, request: str) -> None:
        if request in self._asks:
            heapq.heappush(self._waiting, self._asks.key(request))

    def _leave(self, request: str) -> None:
        """Forget where a request stands; those that stood by it are placed anew."""
        anchor = self._anchors.pop(request, None)
        if anchor is None:
            return
        self._groups.remove(anchor, self._asks.row(request))
        self._changed.add(anchor)
        if anchor == request:
            self._asks.column("anchor")[self._asks.row(request)] = False
            for follower in self._standing_by(request):
                self._wait(follower)

    def _standing_by(self, anchor: str) -> list[str]:
        """The requests of an anchor's group, in no order."""
        return [self._asks.id(row) for row in self._groups.rows(anchor)]

    def _place(self, request: str) -> None:
        anchor = self._choice(request)
        before = self._anchors.get(request)
        if anchor != before:
            self._leave(request)
            self._anchors[request] = anchor
            self._groups.put(anchor, self._asks.row(request))
        self._changed.add(anchor)
        if anchor == request != before:
            self._asks.column("anchor")[self._asks.row(request)] = True
            for other, _ in self._alike(request, self._later(request)):
                self._wait(other)

    def _choice(self, request: str) -> str:
        """The anchor that a request belongs to: itself where it begins a group."""
        kept = self._kept_by.get(request)
        if request in self._kept:
            return request  # what began an alliance that States have joined stays where it is
        if kept is not None and kept in self._asks:
            return kept
        barred = self._barred_from.get(request, set())
        if request in barred:
            return request
        found = [
            (-score, self._asks.key(anchor))
            for anchor, score in self._alike(request, self._earlier_anchors(request))
            if anchor not in barred
        ]
        return min(found)[1][1] if found else request

    def _earlier_anchors(self, request: str) -> npt.NDArray[np.intp]:
        anchors = self._asks.table.used & self._asks.column("anchor")
        return self._bound(request, anchors, earlier=True)

    def _later(self, request: str) -> npt.NDArray[np.intp]:
        return self._bound(request, self._asks.table.used, earlier=False)

    def _bound(
        self, request: str, among: npt.NDArray[np.bool_], *, earlier: bool
    ) -> npt.NDArray[np.intp]:
        key = self._asks.key(request)
        since = self._asks.column("since")
        near = among & (since <= key[0] if earlier else since >= key[0])
        rows = np.flatnonzero(near)
        rows = rows[bound(self._asks, request, rows)]
        kept = since[rows] != key[0]
        for at in np.flatnonzero(~kept).tolist():  # of one day, by id
            other = self._asks.id(int(rows[at]))
            kept[at] = other < request if earlier else other > request
        return np.asarray(rows[kept], dtype=np.intp)

    def _alike(self, request: str, rows: npt.NDArray[np.intp]) -> list[tuple[str, float]]:
        """The requests of some rows that would join a request or be joined, with how likely."""
        if not len(rows):
            return []
        joins, scores = joining(self._affinity, self._asks, request, rows)
        picked = zip(joins.tolist(), scores.tolist(), strict=True)
        return [(self._asks.id(row), score) for row, score in picked]
