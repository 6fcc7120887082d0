"""What has changed between two registers, and how much more an allocation could be worth by it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

from services.matcher.engine.allocation_problem import (
    Ceiling,
    Joint,
    LineId,
    Link,
    Need,
    Pool,
    Provision,
)
from services.matcher.engine.allocation_repair import Change

_TOLD = frozenset({"needs", "provisions", "linked", "ceilings"})
"""The parts of a register that a change tells of."""


@dataclass(frozen=True)
class Links:
    """The links of one request, as they come.

    Registers that follow one another share those of requests that nothing concerns, so that two of
    them are compared at the cost of what changed.
    """

    every: tuple[Link, ...] = ()

    @cached_property
    def best(self) -> Mapping[tuple[LineId, LineId], Link]:
        """The links by need and provision; of two between the same lines the better."""
        found: dict[tuple[LineId, LineId], Link] = {}
        for link in self.every:
            key = (link.need, link.provision)
            if key not in found or found[key].score < link.score:
                found[key] = link
        return found

    @cached_property
    def provisions(self) -> frozenset[LineId]:
        """The provisions that could give to the request."""
        return frozenset(link.provision for link in self.every)


_NONE = Links()


def grouped(links: Iterable[Link]) -> dict[str, Links]:
    """Links by their request."""
    found: defaultdict[str, list[Link]] = defaultdict(list)
    for link in links:
        found[link.need[0]].append(link)
    return {request: Links(tuple(every)) for request, every in found.items()}


@dataclass(frozen=True)
class Register:
    """The parts of a problem: what is needed, what is given; by request, what may serve what."""

    needs: tuple[Need, ...]
    provisions: tuple[Provision, ...]
    linked: Mapping[str, Links]
    ceilings: tuple[Ceiling, ...] = ()
    joints: tuple[Joint, ...] = ()
    pools: tuple[Pool, ...] = ()

    @classmethod
    def of(
        cls,
        needs: Iterable[Need],
        provisions: Iterable[Provision],
        links: Iterable[Link],
        *others: Iterable[Any],
    ) -> "Register":
        """From the parts in the order in which `Problem.of` takes them."""
        rest = [tuple(one) for one in others]
        return cls(tuple(needs), tuple(provisions), grouped(links), *rest)

    @property
    def parts(self) -> tuple[Any, ...]:
        """The parts in the order in which `Problem.of` and `Allocator` take them."""
        rest = (self.ceilings, self.joints, self.pools)
        return (self.needs, self.provisions, self.links, *rest)

    @property
    def links(self) -> tuple[Link, ...]:
        """The links of all requests."""
        return tuple(link for one in self.linked.values() for link in one.every)

    @property
    def size(self) -> int:
        """How many links there are."""
        return sum(len(one.every) for one in self.linked.values())

    @cached_property
    def need(self) -> Mapping[LineId, Need]:
        """The needs by id."""
        return {need.id: need for need in self.needs}

    @cached_property
    def provision(self) -> Mapping[LineId, Provision]:
        """The provisions by id."""
        return {one.id: one for one in self.provisions}

    @cached_property
    def ceiling(self) -> Mapping[tuple[str, str], Ceiling]:
        """The ceilings by request and offer."""
        return {(one.request, one.offer): one for one in self.ceilings}

    def best(self, request: str) -> Mapping[tuple[LineId, LineId], Link]:
        """A request's links by need and provision; of two between the same lines the better."""
        return self.linked.get(request, _NONE).best

    def requests_of(self, provisions: Collection[LineId]) -> set[str]:
        """The requests that these provisions could give to."""
        if not provisions:
            return set()
        return {
            request
            for request, one in self.linked.items()
            if not one.provisions.isdisjoint(provisions)
        }


def change_between(before: Register, after: Register, most: int) -> Change | None:
    """What makes the one register the other, if that is `most` lines at most; else None.

    None too where something changes that a change does not tell of: a joint project, a call's fund,
    or that a ceiling is no more.
    """
    rest = [one.name for one in fields(Register) if one.name not in _TOLD]
    if any(_by_id(getattr(before, name)) != _by_id(getattr(after, name)) for name in rest):
        return None
    needs, gone_needs = _differing(before.need, after.need)
    provisions, gone_provisions = _differing(before.provision, after.provision)
    for request in _requests_linked_otherwise(before, after):
        ones, others = before.best(request), after.best(request)
        for key in ones.keys() | others.keys():
            need, provision = key
            if provision in provisions or provision in gone_provisions or need not in after.need:
                continue
            if ones.get(key) != others.get(key):
                needs.add(need)
    if len(needs) + len(provisions) + len(gone_needs) + len(gone_provisions) > most:
        return None
    ended = before.ceiling.keys() - after.ceiling.keys()
    if any(offer == id_[0] for request, offer in ended for _, id_ in after.best(request)):
        return None
    concerned = {need[0] for need in needs} | after.requests_of(provisions)
    return Change(
        needs=tuple(need for need in after.needs if need.id in needs),
        provisions=tuple(one for one in after.provisions if one.id in provisions),
        links=tuple(
            link
            for request in sorted(concerned)
            for key, link in after.best(request).items()
            if key[0] in needs or key[1] in provisions
        ),
        ceilings=tuple(
            one for pair, one in after.ceiling.items() if not _same(before.ceiling.get(pair), one)
        ),
        gone_needs=tuple(sorted(gone_needs)),
        gone_provisions=tuple(sorted(gone_provisions)),
    )


def most_gained(before: Register, after: Register) -> float:
    """How much more the best allocation can be worth after a change than before it, at most.

    Taking away what goes through lines, links and ceilings that have grown leaves an allocation
    that was possible before; so it is no more than what all of these can be worth, and what higher
    scores add to the others.
    """
    needs = after.need
    wider = {need.id for need in after.needs if _has_grown(before.need.get(need.id), need)}
    freer = {one.id for one in after.provisions if _has_grown(before.provision.get(one.id), one)}
    raised = {
        pair
        for pair, one in after.ceiling.items()
        if (was := before.ceiling.get(pair)) is not None
        and was is not one
        and (was.costs != one.costs or was.limit < one.limit)
    }
    best: defaultdict[LineId, float] = defaultdict(float)
    rates: defaultdict[LineId, float] = defaultdict(float)
    gained, touched = 0.0, set()
    # Of a request that none of this concerns, every link is worth what it was.
    concerned = _requests_linked_otherwise(before, after) | after.requests_of(freer)
    concerned |= {need[0] for need in wider} | {request for request, _ in raised}
    links = [item for request in sorted(concerned) for item in after.best(request).items()]
    known = {key: one for request in concerned for key, one in before.best(request).items()}
    for key, link in links:
        need, provision = needs.get(link.need), after.provision.get(link.provision)
        if need is None or provision is None:
            continue
        worth = need.weight * link.score * need.open / need.whole
        more = _more(known.get(key), link)
        is_raised = (link.need[0], link.provision[0]) in raised
        if link.need in wider:
            best[link.need] = max(best[link.need], worth)
        elif link.provision in freer:
            rate = need.weight * link.score * link.meet / (need.whole * link.give)
            rates[link.provision] = max(rates[link.provision], rate)
            gained += worth * more if more < 1.0 else 0.0
        else:
            gained += worth if is_raised else worth * more
        if more or is_raised or link.need in wider or link.provision in freer:
            touched.add(key)
    gained += sum(best.values())
    gained += sum(after.provision[id_].free * rate for id_, rate in rates.items())
    for joint in after.joints:
        if touched.intersection(joint.pairs):
            gained += (joint.factor - 1.0) * sum(
                needs[need].weight * needs[need].open / needs[need].whole
                for need, _ in joint.pairs
                if need in needs
            )
    return gained


def _requests_linked_otherwise(before: Register, after: Register) -> set[str]:
    """The requests of which not every link is what it was."""
    ones, others = before.linked, after.linked
    return {
        request
        for request in ones.keys() | others.keys()
        if not _same(ones.get(request, _NONE), others.get(request, _NONE))
    }


def _has_grown(before: Need | Provision | None, after: Need | Provision) -> bool:
    """Whether a line can take or give what it could not before, or counts for more."""
    if _same(before, after):
        return False
    if isinstance(after, Need) and isinstance(before, Need):
        return before != replace(after, open=before.open) or before.open < after.open
    if isinstance(after, Provision) and isinstance(before, Provision):
        return before.grain != after.grain or before.free < after.free
    return True


def _more(before: Link | None, after: Link) -> float:
    """The part of what a link is worth now that it could not be worth before; 1 for all of it."""
    if before is None or (before.give, before.meet) != (after.give, after.meet):
        return 1.0
    if before.most is not None and (after.most is None or before.most < after.most):
        return 1.0
    return max(0.0, 1.0 - before.score / after.score)


def _differing(
    before: Mapping[LineId, Any], after: Mapping[LineId, Any]
) -> tuple[set[LineId], set[LineId]]:
    """The ids of lines that are new or otherwise, and of those that are gone."""
    changed = {id_ for id_, one in after.items() if not _same(before.get(id_), one)}
    return changed, before.keys() - after.keys()


def _same(before: Any, after: Any) -> bool:
    """Whether two are equal, at once where they are one."""
    return before is after or before == after


def _by_id(parts: Iterable[Any]) -> dict[str, Any]:
    return {one.id: one for one in parts}
