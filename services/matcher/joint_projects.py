"""Joint projects in an allocation: who can make one, what one may be given, and which are made.

An alliance's agreed members are one project to whoever could serve every one of them: one ceiling
holds for all that an offer gives them, as the alliance's document decides for commitments
(alliance_limits.py), and one for all that offers under a call give them, as the ledger decides
(calls.py).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.matcher.alliance_documents import Alliance
from services.matcher.alliance_rules import LEAST_STATES, SETTLED
from services.matcher.call_pools import pool_of, project_pool
from services.matcher.calls import project_record
from services.matcher.ceilings import ceiling_left
from services.matcher.documents import Commitment
from services.matcher.engine.allocation import Taken
from services.matcher.engine.allocation_problem import Joint, LineId, Link, Pool
from services.matcher.engine.joint import once
from services.matcher.engine.stated import unpacked
from services.matcher.exchange import Measured
from services.matcher.record_views import View, Views


@dataclass(frozen=True)
class Together:
    """What could be made of an alliance: `joints` by offer, theme and kind, all members in each.

    `pools` are the ceilings for all of them together: of each such offer, and of each call that
    such offers are made under.
    """

    joints: tuple[Joint, ...]
    pools: tuple[Pool, ...]


def projects(
    requests: Views,
    offers: Views,
    calls: Views,
    links: Iterable[Link],
    provisions: Mapping[LineId, Measured],
    free: Mapping[str, int],
    on: date,
) -> Iterator[Together]:
    """What offers could make of each alliance that States have agreed to.

    What is spent once, whoever takes part, is what a joint project counts more than its parts.
    `free` is what the ledger has left, by its lines' ids; money is at the rates of the day `on`.
    """
    alliances = list(Alliance.objects(status__in=sorted(SETTLED)).order_by("id"))
    by_offer: defaultdict[str, dict[str, list[Link]]] = defaultdict(lambda: defaultdict(list))
    for link in links if alliances else ():
        by_offer[link.provision[0]][link.need[0]].append(link)
    for alliance in alliances:
        agreed = [one for one in alliance.members if one.standing == "agreed"]
        if len({one.country for one in agreed}) < LEAST_STATES:
            continue
        members = tuple(sorted({one.request for one in agreed}))
        joints: list[Joint] = []
        pools: list[Pool] = []
        drawing: defaultdict[str | None, list[Link]] = defaultdict(list)
        for offer, of_request in sorted(by_offer.items()):
            if not all(member in of_request for member in members):
                continue
            found = tuple(_joints(alliance.id, offer, requests, members, of_request))
            if found:
                joints += found
                every = [link for member in members for link in of_request[member]]
                pools += _ceiling(alliance, offers[offer], members, every, provisions, on)
                drawing[offers[offer].call] += every
        for call, every in sorted((id_, one) for id_, one in drawing.items() if id_ is not None):
            ceiling = calls[call].ceiling
            if ceiling is not None:
                project = (project_record(call, alliance.id), ceiling, members)
                pools.append(project_pool(*project, every, provisions, free, on))
        if joints:
            yield Together(tuple(joints), tuple(pools))


def made(
    joints: Iterable[Joint], needs: Mapping[LineId, Measured], taken: Collection[Taken]
) -> dict[tuple[str, str], str]:
    """For which alliance's sake a request is given to by an offer, by both ids.

    Where an offer meets every need of a joint project wholly. A commitment is for one alliance's
    sake: of joint projects that would make it two, the first by id counts.
    """
    met = {(one.need, one.provision): one.met for one in taken}
    found: dict[tuple[str, str], str] = {}
    for joint in sorted(joints, key=lambda one: one.id):
        alliance = joint.id.partition(":")[0]
        ends = {(need[0], provision[0]) for need, provision in joint.pairs}
        is_made = all(0 < _open(needs[pair[0]]) <= met.get(pair, 0) for pair in joint.pairs)
        if is_made and all(found.get(end, alliance) == alliance for end in ends):
            found |= dict.fromkeys(ends, alliance)
    return found


def _open(need: Measured) -> int:
    return need.free // need.grain * need.grain


def _joints(
    alliance: str,
    offer: str,
    requests: Views,
    members: Sequence[str],
    links: Mapping[str, list[Link]],
) -> Iterator[Joint]:
    by_code: defaultdict[tuple[str, str], list[Link]] = defaultdict(list)
    for request in members:
        lines = unpacked(requests[request].stated).lines
        for link in links[request]:
            stated = lines.get(link.need[1])
            if stated is not None:
                by_code[stated.theme, stated.kind].append(link)
    for (theme, kind), found in sorted(by_code.items()):
        if {link.need[0] for link in found} == set(members):
            pairs = tuple(sorted((link.need, link.provision) for link in found))
            yield Joint(f"{alliance}:{offer}:{theme}:{kind}", pairs, 1.0 + once(kind))


def _ceiling(
    alliance: Alliance,
    offer: View,
    members: tuple[str, ...],
    links: Sequence[Link],
    provisions: Mapping[LineId, Measured],
    on: date,
) -> Iterator[Pool]:
    """The offer's ceiling for the joint project, less what it gives for its sake already."""
    if offer.ceiling is None:
        return
    holds = [one.commitment for one in alliance.holds]
    held = Commitment.objects(id__in=holds, offer=offer.record) if holds else ()
    left = ceiling_left(offer, held, on)
    id_ = f"{alliance.id}:{offer.record}"
    _, currency = offer.ceiling
    yield pool_of(id_, members, (left, currency), links, provisions, on)
