"""Writing alliances: what follows from requests, from answers, from a coordinator's decision.

Every write is one conditional change of one document. What has to be given back is marked in that
same write and given back after it, by whoever comes first: the writer or the worker's sweep.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import structlog

from services.matcher import alliance_limits, commitments
from services.matcher.actors import MATCHER, Actor, transition
from services.matcher.alliance_documents import (
    Alliance,
    AllianceHold,
    AllianceMember,
    alliance_id,
)
from services.matcher.alliance_rules import (
    ALLIANCE,
    LEAST_STATES,
    RUNNING,
    Found,
    Position,
    moved,
    states_of,
    step_due,
    why_dissolved,
)
from shared.events.outbox import (
    DuplicateId,
    NotFound,
    Transition,
    Version,
    change,
    create,
)
from shared.lifecycle import IllegalTransition

log = structlog.get_logger(__name__)


def follow(
    anchor: str, found: Iterable[Found], causes: Mapping[str, str], now: datetime
) -> Alliance | None:
    """Bring the alliance that a request began to what the requests are now; None without one.

    `found` are the requests that belong together, of whatever States; `causes` tells why others are
    open no more. Idempotent, and safe for several at once. Raises Contention and pymongo's errors.
    """
    wanted = tuple(found)

    def step(alliance: Alliance) -> None:
        before = alliance.positions
        after = moved(alliance.status, before, wanted, dict(causes))
        _stand(alliance, after, now)
        newcomers = {one.request for one in after if one.is_in} - {
            one.request for one in before if one.is_in
        }
        if newcomers and alliance.status == "endorsed":  # agreed, it takes a step: `widen`
            invited = transition("invite", alliance.status, alliance.status, MATCHER, now)
            alliance.history.append(invited)
        _step_on(alliance, before, MATCHER, now)
        alliance_limits.reckon(alliance, now)

    try:
        alliance = change(Alliance, alliance_id(anchor), None, step, now)
    except NotFound:
        if len({one.country for one in wanted}) < LEAST_STATES:
            return None
        alliance = _founded(anchor, wanted, now)
        try:
            create(alliance, now)
        except DuplicateId:
            return follow(anchor, wanted, causes, now)
    return _settled(alliance, now)


def decide(
    id_: str,
    action: str,
    reason: str | None,
    expected: Version,
    actor: Actor,
    now: datetime,
    attempt: str | None = None,
) -> Alliance:
    """Take the coordinator's step `endorse` or `dismiss`; returns what is stored.

    `attempt` is the id of the idempotent request that decides; it is kept with the alliance.
    Raises NotFound, StaleVersion and IllegalTransition.
    """

    def step(alliance: Alliance) -> None:
        _move(alliance, action, actor, now)
        alliance.reason = reason
        alliance.dismissed = sorted(states_of(alliance.positions)) if action == "dismiss" else []
        alliance.owes = _owes(alliance)
        _note(alliance, attempt)
        _step_on(alliance, alliance.positions, MATCHER, now)
        alliance_limits.reckon(alliance, now)

    return _settled(change(Alliance, id_, expected, step, now), now)


def answer(
    id_: str,
    request: str,
    agrees: bool,
    reason: str | None,
    expected: Version,
    actor: Actor,
    now: datetime,
    attempt: str | None = None,
) -> Alliance:
    """Take a State's yes or no for its request; a no is for good. Returns what is stored.

    Raises NotFound, StaleVersion, and IllegalTransition for an alliance that is not running and
    for a request that is not (any more) asked.
    """

    def step(alliance: Alliance) -> None:
        before, member = alliance.positions, alliance.member(request)
        action = "agree to" if agrees else "decline"
        if member is None or not member.position.is_in:
            raise IllegalTransition(action, member.standing if member else "gone", ())
        if alliance.status not in RUNNING:
            raise IllegalTransition(action, alliance.status, ALLIANCE.allowed(alliance.status))
        standing, told = ("agreed", "join") if agrees else ("declined", "decline")
        if member.standing != standing:
            alliance.history.append(transition(told, alliance.status, alliance.status, actor, now))
            member.standing, member.since, member.reason = standing, now, reason
        _note(alliance, attempt)
        _sum_up(alliance)
        _step_on(alliance, before, MATCHER, now)
        alliance_limits.reckon(alliance, now)

    return _settled(change(Alliance, id_, expected, step, now), now)


def give_back(alliance: Alliance, release: Callable[[str], object] | None = None) -> None:
    """Give back what was committed for those that left, or for an alliance that is over.

    Safe to repeat. Raises Contention and pymongo's errors; what is left then, the sweep does.
    """
    if not alliance.owes:
        return
    now = alliance.updated_at
    due = [one.commitment for one in alliance.holds if _is_due(alliance, one)]
    for commitment in due:
        (release or (lambda id_: _release(id_, now)))(commitment)

    def step(stored: Alliance) -> None:
        stored.holds = [one for one in stored.holds if one.commitment not in due]
        stored.owes = _owes(stored)

    change(Alliance, alliance.id, None, step, now)


def sweep() -> int:
    """Give back whatever alliances still owe; returns how many alliances there were."""
    owing = list(Alliance.objects(owes=True))
    for alliance in owing:
        give_back(alliance)
    return len(owing)


def _settled(alliance: Alliance, now: datetime) -> Alliance:
    """Let the ledger follow what was written: limits first, then what is given back."""
    alliance_limits.publish(alliance, now)
    give_back(alliance)
    return alliance


def _release(id_: str, now: datetime) -> None:
    try:
        commitments.start_release(id_, None, MATCHER, now)
    except NotFound:
        log.warning("commitment of an alliance is gone", id=id_)
        return
    except IllegalTransition:
        pass  # given back already, or about to be
    commitments.finish(id_, now)


def _founded(anchor: str, found: tuple[Found, ...], now: datetime) -> Alliance:
    alliance = Alliance(
        id=alliance_id(anchor),
        anchor=anchor,
        status=ALLIANCE.initial,
        history=[
            Transition(
                source=None, target=ALLIANCE.initial, action="propose", at=now, role=MATCHER.role
            )
        ],
    )
    _stand(alliance, moved("proposed", (), found, {}), now)
    return alliance


def _stand(alliance: Alliance, positions: Iterable[Position], now: datetime) -> None:
    """Let everybody stand as given; those that stand as before keep what is known of them."""
    known = {one.request: one for one in alliance.members}
    alliance.members = [
        known[one.request]
        if one.request in known and known[one.request].position == one
        else AllianceMember(
            request=one.request,
            country=one.country,
            standing=one.standing,
            cause=one.cause,
            since=now,
        )
        for one in positions
    ]
    _sum_up(alliance)


def _sum_up(alliance: Alliance) -> None:
    alliance.states = sorted(states_of(alliance.positions))
    alliance.owes = _owes(alliance)


def _step_on(alliance: Alliance, before: tuple[Position, ...], actor: Actor, now: datetime) -> None:
    """Take the step that is due by how everybody stands."""
    action = step_due(alliance.status, alliance.positions, frozenset(alliance.dismissed))
    if action is None:
        return
    if action == "dissolve":
        alliance.cause = why_dissolved(before, alliance.positions)
    if action == "propose":
        # What was agreed to was another alliance.
        alliance.cause = alliance.reason = None
        for member in alliance.members:
            if member.standing == "agreed":
                member.standing, member.since = "proposed", now
    _move(alliance, action, actor, now)
    alliance.owes = _owes(alliance)


def _move(alliance: Alliance, action: str, actor: Actor, now: datetime) -> None:
    target = ALLIANCE.target(action, alliance.status)
    alliance.history.append(transition(action, alliance.status, target, actor, now))
    alliance.status = target


def _note(alliance: Alliance, attempt: str | None) -> None:
    if attempt is not None:
        alliance.attempts = [*alliance.attempts, attempt]


def _owes(alliance: Alliance) -> bool:
    return any(_is_due(alliance, one) for one in alliance.holds)


def _is_due(alliance: Alliance, held: AllianceHold) -> bool:
    member = alliance.member(held.request)
    return alliance.status not in RUNNING or member is None or not member.position.is_in
