"""Joint projects in an allocation: who can make one, what one may be given, and which are made.

An alliance's agreed members are one project to whoever could serve every one of them: one ceiling
holds for all that it gives them, as the alliance's document decides for commitments
(alliance_limits.py).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.matcher.alliance_documents import Alliance
from services.matcher.alliance_rules import LEAST_STATES, SETTLED
from services.matcher.call_pools import pool_of
from services.matcher.ceilings import ceiling_left
from services.matcher.documents import Commitment, RecordView
from services.matcher.engine.allocation import Taken
from services.matcher.engine.allocation_problem import Joint, LineId, Link, Pool
from services.matcher.engine.joint import once
from services.matcher.engine.stated import unpacked
from services.matcher.exchange import Measured

Views = Mapping[str, RecordView]


@dataclass(frozen=True)
class Together:
    """What an offer could make of an alliance: `joints` by theme and kind, all members in each.

    `pool` is the offer's ceiling for all of them together; None where it has none.
    """

    joints: tuple[Joint, ...]
    pool: Pool | None


def projects(
    requests: Views,
    offers: Views,
    links: Iterable[Link],
    provisions: Mapping[LineId, Measured],
    on: date,
) -> Iterator[Together]:
    """What each offer could make of each alliance that States have agreed to.

    What is spent once, whoever takes part, is what a joint project counts more than its parts.
    Money is at the rates of the day `on`.
    """
    by_offer: defaultdict[str, dict[str, list[Link]]] = defaultdict(lambda: defaultdict(list))
    for link in links:
        by_offer[link.provision[0]][link.need[0]].append(link)
    for alliance in Alliance.objects(status__in=sorted(SETTLED)).order_by("id"):
        agreed = [one for one in alliance.members if one.standing == "agreed"]
        if len({one.country for one in agreed}) < LEAST_STATES:
            continue
        members = sorted({one.request for one in agreed})
        for offer, of_request in sorted(by_offer.items()):
            if not all(member in of_request for member in members):
                continue
            joints = tuple(_joints(alliance.id, offer, requests, members, of_request))
            if joints:
                every = [link for member in members for link in of_request[member]]
                pool = _ceiling(alliance, offers[offer], members, every, provisions, on)
                yield Together(joints, pool)


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
    offer: RecordView,
    members: Sequence[str],
    links: Sequence[Link],
    provisions: Mapping[LineId, Measured],
    on: date,
) -> Pool | None:
    """The offer's ceiling for the joint project, less what it gives for its sake already."""
    if offer.ceiling_cents is None or offer.ceiling_currency is None:
        return None
    holds = [one.commitment for one in alliance.holds]
    held = Commitment.objects(id__in=holds, offer=offer.record) if holds else ()
    left = ceiling_left(offer, held, on)
    id_ = f"{alliance.id}:{offer.record}"
    money = (left, offer.ceiling_currency)
    return pool_of(id_, tuple(members), money, links, provisions, on)
