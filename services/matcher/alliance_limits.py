"""An alliance's lines in the ledger: what its joint project may take in all, and who takes it.

Of each theme, kind and unit that its States ask for in common, a line's limit is what the members
that have agreed ask for together. It is part of the alliance's document, and moves with its
version: as members join, decline or leave, and as what they ask for changes. A commitment that is
made for the alliance takes from its lines what it takes of the member's need lines, and the
alliance's document notes it, in one write that decides between the commitment and a member that
leaves at the same moment. By the same write what an offer gives for its sake keeps within the
offer's ceiling for one project.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from services.matcher.alliance_documents import Alliance, AllianceHold, AllianceLimit
from services.matcher.alliance_parties import open_lines, parties, views_of
from services.matcher.alliance_rules import SETTLED
from services.matcher.ceilings import above_ceiling
from services.matcher.documents import Commitment, CommitmentLine, view_id
from services.matcher.domain import LineLimit
from services.matcher.engine.joint import common_lines
from services.matcher.ledger import Limits, set_limits
from services.matcher.ledger_documents import LedgerLine
from services.matcher.record_views import stored_view
from services.matcher.refusing import Refused
from shared.events.outbox import NotFound, change
from shared.lifecycle import SHOWN

_Counted = tuple[str, str, str, str]
"""Theme, kind, measure, unit."""


def reckon(alliance: Alliance, now: datetime) -> None:
    """Put into the alliance what its lines' limits are now; to be called within a change of it."""
    if alliance.status not in SETTLED:
        if alliance.limits:
            alliance.limits = []
        return
    views = views_of("request", [member.request for member in alliance.members])
    common = {(one.theme, one.kind) for one in common_lines(parties(alliance, views, now.date()))}
    asked: Counter[_Counted] = Counter()
    for member in alliance.members:
        view = views.get(view_id("request", member.request))
        if member.standing != "agreed" or view is None or view.status not in SHOWN:
            continue
        for code, line in open_lines(view):
            if code in common:
                asked[(*code, line.measure, line.unit)] += line.limit
    for theme, kind, *_ in sorted(asked):
        if _name((theme, kind)) not in alliance.codes:
            alliance.codes = [*alliance.codes, _name((theme, kind))]
    limits = [
        AllianceLimit(line=_number(alliance, code), measure=measure, unit=unit, limit=limit)
        for (*code, measure, unit), limit in sorted(asked.items())
    ]
    if [one.to_mongo() for one in limits] != [one.to_mongo() for one in alliance.limits]:
        alliance.limits = limits


def publish(alliance: Alliance, now: datetime) -> None:
    """Let the ledger have an alliance's limits as its document says; older ones change nothing."""
    if not alliance.codes:
        return
    lines = [LineLimit(one.line, one.measure, one.unit, one.limit) for one in alliance.limits]
    is_open = alliance.status in SETTLED
    set_limits([Limits("alliance", alliance.id, alliance.version, is_open, lines)], now)


def follow_requests(requests: Iterable[str], now: datetime) -> None:
    """Move the limits of the alliances that these requests are in to what they ask for now."""
    ids = sorted(requests)
    concerned = Alliance.objects(members__request__in=ids, status__in=sorted(SETTLED)).only("id")
    for id_ in [one.id for one in concerned] if ids else ():
        publish(change(Alliance, id_, None, lambda one: reckon(one, now), now), now)


def joint_lines(alliance: Alliance, lines: Sequence[CommitmentLine]) -> list[CommitmentLine]:
    """What a commitment of these lines takes from the alliance's; nothing of what is not common."""
    requests = {line.record for line in lines if line.side == "request"}
    codes = {
        (record, line.line): code
        for record in requests
        for view in views_of("request", [record]).values()
        for code, line in open_lines(view)
    }
    taken: Counter[tuple[int, str, str]] = Counter()
    for line in lines:
        code = codes.get((line.record, line.line)) if line.side == "request" else None
        if code is not None and _name(code) in alliance.codes:
            taken[_number(alliance, code), line.measure, line.unit] += line.amount
    return [
        CommitmentLine(
            side="alliance",
            record=alliance.id,
            line=number,
            measure=measure,
            unit=unit,
            amount=amount,
        )
        for (number, measure, unit), amount in sorted(taken.items())
    ]


def join(commitment: Commitment, now: datetime) -> Refused | None:
    """Note a commitment in its alliance; why that cannot be, None if it is noted. Repeatable."""
    refusal: Refused | None = None

    def mutate(alliance: Alliance) -> None:
        nonlocal refusal
        refusal = None
        if any(one.commitment == commitment.id for one in alliance.holds):
            return
        refusal = _refusal(alliance, commitment, now.date())
        if refusal is None:
            held = AllianceHold(commitment=commitment.id, request=commitment.request)
            alliance.holds = [*alliance.holds, held]

    change(Alliance, commitment.alliance, None, mutate, now)
    return refusal


def _refusal(alliance: Alliance, commitment: Commitment, on: date) -> Refused | None:
    disagreed = why_not(alliance, commitment.request)
    if disagreed is not None:
        return Refused("not-agreed", disagreed)
    above = above_ceiling_of(alliance, commitment.offer, commitment.lines, on)
    return None if above is None else Refused("ceiling", above)


def why_not(alliance: Alliance, request: str) -> str | None:
    """Why nothing can be committed to a request for the alliance's sake; None if it can."""
    if alliance.status not in SETTLED:
        return f"the alliance is {alliance.status}"
    member = alliance.member(request)
    if member is None or member.standing != "agreed":
        return "the request's State has not agreed to the alliance"
    return None


def above_ceiling_of(
    alliance: Alliance, offer: str | None, lines: Iterable[CommitmentLine], on: date
) -> str | None:
    """Why an offer cannot give these lines beside what it gives for the alliance's sake already.

    To whoever gives for its sake the alliance is one project, whichever members it is given to.
    None where it can.
    """
    view = stored_view("offer", offer) if offer is not None else None
    if view is None:
        return None
    holds = [one.commitment for one in alliance.holds]
    held = Commitment.objects(id__in=holds, offer=offer).only("id") if holds else ()
    return above_ceiling(view, lines, [one.id for one in held], on)


def leave(commitment: Commitment, now: datetime) -> None:
    """Take a commitment that is given back out of its alliance, if it is noted there."""

    def mutate(alliance: Alliance) -> None:
        kept = [one for one in alliance.holds if one.commitment != commitment.id]
        if len(kept) < len(alliance.holds):
            alliance.holds = kept

    try:
        change(Alliance, commitment.alliance, None, mutate, now)
    except NotFound:
        return


def shares(alliance: Alliance) -> list[dict[str, Any]]:
    """The alliance's ledger lines, each with its theme and kind."""
    lines = LedgerLine.objects(record=alliance.id, side="alliance").order_by("id")
    return [{**_code(alliance, line.line), "line": line} for line in lines]


def _code(alliance: Alliance, number: int) -> dict[str, str]:
    theme, kind = alliance.codes[number - 1].split("/")
    return {"theme": theme, "kind": kind}


def _number(alliance: Alliance, code: Sequence[str]) -> int:
    return int(alliance.codes.index(_name(code))) + 1


def _name(code: Sequence[str]) -> str:
    return "/".join(code)
