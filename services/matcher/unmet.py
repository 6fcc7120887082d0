"""Why an allocation leaves a need line open."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.matcher.allocating import Situation
from services.matcher.embargo_checks import rulings
from services.matcher.engine.allocation import Taken
from services.matcher.engine.allocation_filling import cost
from services.matcher.engine.allocation_problem import LineId
from services.matcher.engine.codes import (
    KIND_NUMBERS,
    THEME_NUMBERS,
    closeness_rows,
    serves_rows,
)
from services.matcher.engine.embargoes import Ruling
from services.matcher.engine.geography import Geography
from services.matcher.engine.serving import LEAST_FIT
from services.matcher.engine.stated import Stated, unpacked
from services.matcher.linking import Linked

MOST_OFFERS = 5

REASONS = (
    *("embargo", "used-up", "ceiling", "fund", "indivisible", "unit-mismatch", "spoken-for"),
    "declined",
    *("out-of-time", "not-eligible", "no-offer"),
)
"""In the order in which they are told where several hold.

`embargo`: an arms embargo on the State bars this kind of help. `used-up`: what could serve it goes
to others, or is committed already. `ceiling`: the offer, or the call that it is made under, may
give one project no more. `fund`: the call has nothing more to give.
`indivisible`: what is left cannot be split so. `unit-mismatch`: offers count in other units, and
nobody says what they are worth. `spoken-for`: an endorsed proposal stands before. `declined`:
somebody said no. `out-of-time`, `not-eligible`: offers of this kind do not stand at that time, or
are not for this State. `no-offer`: nobody offers anything of this kind.
"""


@dataclass(frozen=True)
class Unmet:
    """What is left of a need line, in its measure of the allocation, why, and by which offers."""

    need: LineId
    amount: int
    reason: str
    offers: tuple[str, ...]


def unmet(state: Situation, taken: tuple[Taken, ...]) -> Iterator[Unmet]:
    """The need lines of which something is left, by id."""
    met: dict[LineId, int] = {}
    given: dict[LineId, int] = {}
    for one in taken:
        met[one.need] = met.get(one.need, 0) + one.met
        given[one.provision] = given.get(one.provision, 0) + one.given
    linked: dict[LineId, list[LineId]] = {}
    for link in state.links:
        linked.setdefault(link.need, []).append(link.provision)
    limited = _limited(state)
    emptied = _emptied(state, given)
    offered = _Offered(state)
    ruling_for = rulings(state.on)
    for need, line in sorted(state.needs.items()):
        left = line.free - met.get(need, 0)
        if left < min(line.grain, line.free or 1) or line.free <= 0:
            continue
        if _embargoed(state, need, ruling_for):
            yield Unmet(need, left, "embargo", ())
            continue
        provisions = linked.get(need, [])
        spare = [
            id_
            for id_ in provisions
            if state.provisions[id_].free - given.get(id_, 0) >= state.provisions[id_].grain
        ]
        if provisions:
            capped = [id_ for id_ in spare if (need[0], id_[0]) in limited]
            drained = [id_ for id_ in spare if id_ in emptied]
            reason = "used-up"
            if spare:
                reason = "fund" if drained else "ceiling" if capped else "indivisible"
            offers = {id_[0] for id_ in (drained or capped or spare or provisions)}
        else:
            reason, offers = _without_links(state, need, offered)
        yield Unmet(need, left, reason, tuple(sorted(offers)[:MOST_OFFERS]))


def _embargoed(
    state: Situation, need: LineId, ruling_for: Callable[[str | None, str], Ruling]
) -> bool:
    request = state.requests[need[0]]
    found = ruling_for(request.owner, request.record)
    if not found.barred:
        return False
    line = unpacked(request.stated).lines.get(need[1])
    return bool(found.bars(None if line is None else line.kind))


def _limited(state: Situation) -> set[tuple[str, str]]:
    """Requests and offers of which one may not give the other more than so much."""
    of_offers = {(one.request, one.offer) for one in state.ceilings}
    return of_offers.union(
        (request, id_[0])
        for pool in state.pools
        for request in pool.requests or ()
        for id_ in pool.costs
    )


def _emptied(state: Situation, given: Mapping[LineId, int]) -> set[LineId]:
    """The provisions of which not the least can be given any more, by their call's fund."""
    found: set[LineId] = set()
    for pool in state.pools:
        if pool.requests is None:
            left = pool.limit - sum(
                cost(given.get(id_, 0), *of_line) for id_, of_line in pool.costs.items()
            )
            found.update(
                id_
                for id_, of_line in pool.costs.items()
                if cost(state.provisions[id_].grain, *of_line) > left
            )
    return found


def _without_links(state: Situation, need: LineId, offered: "_Offered") -> tuple[str, set[str]]:
    linked = state.linked.get(need[0], Linked())
    known = {
        "unit-mismatch": linked.mismatched,
        "spoken-for": linked.spoken_for,
        "declined": linked.declined,
    }
    for reason, offers in known.items():
        if offers.get(need):
            return reason, set(offers[need])
    found: dict[str, set[str]] = {}
    for offer, reason in offered.reasons(need):
        found.setdefault(reason, set()).add(offer)
        if len(found.get("used-up", ())) == MOST_OFFERS:
            break  # what comes first of the reasons, and no more offers are told
    return next(((one, found[one]) for one in REASONS if one in found), ("no-offer", set()))


class _Offered:
    """What is offered, as the needs that nothing is linked with are held against it."""

    def __init__(self, state: Situation) -> None:
        self._requests = state.requests
        self._on = state.on
        self._geography = Geography.of_vocabulary(state.on)
        self._offers = {
            id_: (unpacked(view.stated), _named(view.eligibility or {}))
            for id_, view in sorted(state.offers.items())
        }
        self._serving: dict[tuple[str, str], list[str]] = {}

    def reasons(self, need: LineId) -> Iterator[tuple[str, str]]:
        """The offers of a kind that serves a need, by id, each with what keeps it from that."""
        request = self._requests[need[0]]
        wanted = unpacked(request.stated)
        line = wanted.lines.get(need[1])
        if line is None or line.theme not in THEME_NUMBERS or line.kind not in KIND_NUMBERS:
            return
        area = self._geography.area(request.owner or "")
        groups = self._geography.groups(request.owner or "")
        asked = line.window or wanted.window
        for offer in self._of_kind(line.theme, line.kind):
            stated, named = self._offers[offer]
            in_countries, in_regions, in_groups = named
            if any(named) and not (
                request.owner in in_countries
                or area in in_regions
                or not in_groups.isdisjoint(groups)
            ):
                yield offer, "not-eligible"
                continue
            windows = [one for one in (asked, stated.window) if one is not None]
            first = max([self._on, *(one.first for one in windows)])
            over = bool(windows) and min(one.last for one in windows) < first
            yield offer, "out-of-time" if over else "used-up"

    def _of_kind(self, theme: str, kind: str) -> list[str]:
        """The offers of which a line serves that kind of help on that theme, by id."""
        of_kind = (theme, kind)
        if of_kind not in self._serving:
            self._serving[of_kind] = [
                id_ for id_, (stated, _) in self._offers.items() if _serves(of_kind, stated)
            ]
        return self._serving[of_kind]


def _named(eligibility: Mapping[str, Iterable[str]]) -> tuple[frozenset[str], ...]:
    """The countries, regions and groups that an offer is for."""
    return tuple(frozenset(eligibility.get(one, ())) for one in ("countries", "regions", "groups"))


def _serves(of_kind: tuple[str, str], offer: Stated) -> bool:
    near = closeness_rows()[THEME_NUMBERS[of_kind[0]]]
    serves = serves_rows()[KIND_NUMBERS[of_kind[1]]]
    return any(
        near[THEME_NUMBERS[one.theme]] * serves[KIND_NUMBERS[one.kind]] >= LEAST_FIT
        for one in offer.lines.values()
        if one.theme in THEME_NUMBERS and one.kind in KIND_NUMBERS
    )
