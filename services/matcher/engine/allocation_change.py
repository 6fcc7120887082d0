"""What has changed between two registers, and how much more an allocation could be worth by it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
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

_TOLD = frozenset({"needs", "provisions", "links", "ceilings"})
"""The parts of a register that a change tells of."""


@dataclass(frozen=True)
class Register:
    """The parts of a problem: what is needed, what is given, and what may serve what."""

    needs: tuple[Need, ...]
    provisions: tuple[Provision, ...]
    links: tuple[Link, ...]
    ceilings: tuple[Ceiling, ...] = ()
    joints: tuple[Joint, ...] = ()
    pools: tuple[Pool, ...] = ()

    @property
    def parts(self) -> tuple[Any, ...]:
        """The parts in the order in which `Problem.of` and `Allocator` take them."""
        return tuple(getattr(self, one.name) for one in fields(self))

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

    @cached_property
    def of_request(self) -> Mapping[str, Sequence[Link]]:
        """The links by request, as they come."""
        found: defaultdict[str, list[Link]] = defaultdict(list)
        for link in self.links:
            found[link.need[0]].append(link)
        return found

    def linked(self, request: str) -> Mapping[tuple[LineId, LineId], Link]:
        """A request's links by need and provision; of two between the same lines the better."""
        found: dict[tuple[LineId, LineId], Link] = {}
        for link in self.of_request.get(request, ()):
            key = (link.need, link.provision)
            if key not in found or found[key].score < link.score:
                found[key] = link
        return found

    def requests_of(self, provisions: Collection[LineId]) -> set[str]:
        """The requests that these provisions could give to."""
        if not provisions:
            return set()
        return {link.need[0] for link in self.links if link.provision in provisions}


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
        ones, others = before.linked(request), after.linked(request)
        for key in ones.keys() | others.keys():
            need, provision = key
            if provision in provisions or provision in gone_provisions or need not in after.need:
                continue
            if ones.get(key) != others.get(key):
                needs.add(need)
    if len(needs) + len(provisions) + len(gone_needs) + len(gone_provisions) > most:
        return None
    ended = before.ceiling.keys() - after.ceiling.keys()
    if ended and any((link.need[0], link.provision[0]) in ended for link in after.links):
        return None
    concerned = {need[0] for need in needs} | after.requests_of(provisions)
    return Change(
        needs=tuple(need for need in after.needs if need.id in needs),
        provisions=tuple(one for one in after.provisions if one.id in provisions),
        links=tuple(
            link
            for request in sorted(concerned)
            for key, link in after.linked(request).items()
            if key[0] in needs or key[1] in provisions
        ),
        ceilings=tuple(
            one for pair, one in after.ceiling.items() if before.ceiling.get(pair) != one
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
        and (was.costs != one.costs or was.limit < one.limit)
    }
    best: defaultdict[LineId, float] = defaultdict(float)
    rates: defaultdict[LineId, float] = defaultdict(float)
    gained, touched = 0.0, set()
    # Of a request that none of this concerns, every link is worth what it was.
    concerned = _requests_linked_otherwise(before, after) | after.requests_of(freer)
    concerned |= {need[0] for need in wider} | {request for request, _ in raised}
    links = [item for request in sorted(concerned) for item in after.linked(request).items()]
    known = {key: one for request in concerned for key, one in before.linked(request).items()}
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
    ones, others = before.of_request, after.of_request
    return {
        request
        for request in ones.keys() | others.keys()
        if ones.get(request) != others.get(request)
    }


def _has_grown(before: Need | Provision | None, after: Need | Provision) -> bool:
    """Whether a line can take or give what it could not before, or counts for more."""
    if before == after:
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
    changed = {id_ for id_, one in after.items() if before.get(id_) != one}
    return changed, before.keys() - after.keys()


def _by_id(parts: Iterable[Any]) -> dict[str, Any]:
    return {one.id: one for one in parts}
