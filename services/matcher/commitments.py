"""Commitments: reserving several ledger lines as one, giving them back, finishing the half-done.

A commitment's document is written before its first ledger line and says what it means to take, so
whoever finds it half done can go on: every step may be repeated, by several at once. The states
`reserving`, `undoing` and `releasing` are the half-done ones. The proposal is a line like the
ledger's: one conditional write lets it hold a commitment, or let it go for ever; so is the alliance
for whose sake it is made, if there is one. `step` is called
before each write, with its name; an exception out of it is a crash at that place.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.matcher import alliance_limits, ledger
from services.matcher.actors import MATCHER, Actor, transition
from services.matcher.apart import apart
from services.matcher.calls import open_projects
from services.matcher.ceilings import above_ceiling
from services.matcher.conditions import unaccepted
from services.matcher.documents import Commitment, CommitmentLine, Match
from services.matcher.domain import (
    COMMITMENT,
    COMMITTABLE,
    KEPT,
    PROPOSAL,
    WAITING,
    reserving_order,
)
from services.matcher.embargo_checks import lines_bar
from services.matcher.ledger import Outcome
from services.matcher.life import advance
from services.matcher.pledges import above_pledge
from services.matcher.record_views import stored_view
from services.matcher.refusing import Refused
from services.matcher.shortages import refusal_of, shortage_of
from shared.events.outbox import NotFound, Version, change, create
from shared.graces import over
from shared.lifecycle import IllegalTransition

UNFINISHED = ("reserving", "undoing", "releasing")
GRACE = timedelta(seconds=30)
"""How long a half-done commitment is left to whoever began it."""

Step = Callable[[str], None]


def no_step(_: str) -> None:
    """Goes on."""


def begin(
    id_: str,
    match: Match,
    lines: Sequence[CommitmentLine],
    expires_at: datetime | None,
    actor: Actor,
    now: datetime,
    *,
    alliance: str | None = None,
    provisional: bool = False,
) -> Commitment:
    """Record the intention to commit these lines; nothing is held yet. Raises DuplicateId.

    `alliance` is the one for whose sake it is, if any. A `provisional` one may be held before
    donor and State have agreed.
    """
    open_projects(lines, now)
    commitment = Commitment(
        id=id_,
        match=match.id,
        request=match.request,
        offer=match.offer,
        country=match.country,
        organisation=match.organisation,
        alliance=alliance,
        lines=list(lines),
        expires_at=expires_at,
        provisional=provisional or None,
    )
    return begin_with(commitment, actor, now)


def begin_with(commitment: Commitment, actor: Actor, now: datetime) -> Commitment:
    """Record the intention of a commitment that is not stored yet. Raises DuplicateId."""
    commitment.status = COMMITMENT.initial
    commitment.history = [transition("reserve", None, COMMITMENT.initial, actor, now)]
    create(commitment, now)
    return commitment


def finish(id_: str, now: datetime, step: Step = no_step) -> Commitment:
    """Bring a commitment to `held`, `refused` or `released` from wherever it stands; returns it.

    Safe to repeat and to run by several at once. Raises NotFound, and Contention after too many
    lost races.
    """
    commitment = _load(id_)
    while commitment.status in UNFINISHED:
        work = _reserve_all if commitment.status == "reserving" else _give_back_all
        commitment = work(commitment, now, step)
    return commitment


def start_release(
    id_: str,
    expected: Version | None,
    actor: Actor,
    now: datetime,
    said: str | None = None,
) -> Commitment:
    """Begin giving a held commitment back, `said` why in the actor's words; `finish` does the rest.

    Raises NotFound, StaleVersion, and IllegalTransition unless it is held.
    """

    def step(commitment: Commitment) -> None:
        _move(commitment, "release", actor, now)
        commitment.reason = said

    return change(Commitment, id_, expected, step, now)


def recover(now: datetime, grace: timedelta = GRACE, step: Step = no_step) -> int:
    """Finish what was left half done for longer than `grace`; returns how many there were.

    One that cannot be finished is logged, counted and tried again by the next call.
    """
    left = over("updated_at", now, grace)
    ids = list(Commitment.objects(status__in=UNFINISHED, __raw__=left).scalar("id"))
    _each(ids, lambda id_: finish(id_, now, step))
    return len(ids)


def unfinished(now: datetime) -> tuple[int, float]:
    """How many are half done, and for how many seconds the longest of them has stood still."""
    halves = Commitment.objects(status__in=UNFINISHED)
    oldest = halves.order_by("updated_at").only("updated_at").first()
    if oldest is None:
        return 0, 0.0
    return halves.count(), max((now - oldest.updated_at).total_seconds(), 0.0)


def expire(now: datetime, step: Step = no_step) -> int:
    """Give back the commitments whose time is over; returns how many there were.

    One that cannot be given back is logged, counted and tried again by the next call.
    """

    def begin_release(commitment: Commitment) -> None:
        # Many may be given back before this one: meanwhile both may have agreed, or begun.
        until = commitment.expires_at
        if until is None or until > now or _taken_over([commitment]):
            raise _GoesOn
        _move(commitment, "expire", MATCHER, now)

    def give_back(id_: str) -> None:
        try:
            step("start release")
            change(Commitment, id_, None, begin_release, now)
        except (IllegalTransition, _GoesOn):
            pass  # another sweep, or its owner, was faster
        finish(id_, now, step)

    held = Commitment.objects(status="held", expires_at__lte=now)
    shown = list(held.only("id", "match", "provisional"))
    taken_over = _taken_over(shown)
    due = [one.id for one in shown if one.id not in taken_over]
    _each(due, give_back)
    return len(due)


class _GoesOn(Exception):  # noqa: N818 (named for what happened)
    """The commitment does not expire any more."""


def _taken_over(held: Sequence[Commitment]) -> set[str]:
    """Those of these commitments that expire no more: donor and State have agreed to what was held
    provisionally, or delivery has begun. One look at their proposals."""
    matches = sorted({one.match for one in held if one.match is not None})
    if not matches:
        return set()
    found = Match.objects(id__in=matches, status__in=sorted(KEPT)).only("status", "holds")
    states = {(match.id, id_): match.status for match in found for id_ in match.holds}
    return {
        one.id
        for one in held
        if (status := states.get((one.match, one.id))) is not None
        and (one.provisional or status != "committed")
    }


def _each(ids: Sequence[str], work: Callable[[str], object]) -> None:
    """Do the work for each commitment, whatever becomes of the others."""
    for id_ in ids:
        with apart("commitment not finished", id_):
            work(id_)


def _load(id_: str) -> Commitment:
    commitment: Commitment | None = Commitment.objects(id=id_).first()
    if commitment is None:
        raise NotFound(id_)
    return commitment


def _reserve_all(commitment: Commitment, now: datetime, step: Step) -> Commitment:
    for take in reserving_order(line.take() for line in commitment.lines):
        step(f"reserve {take.ledger_line}")
        outcome = ledger.reserve(take, commitment.id)
        if outcome is not Outcome.HELD:
            shortage = shortage_of(take, outcome)
            reason = refusal_of(take, outcome)
            step("undo")
            return _try_to_move(commitment.id, "undo", now, reason, shortage)
    step("commit the proposal")
    refusal = _commit_proposal(commitment, now)
    if refusal is None and commitment.alliance is not None:
        step("join the alliance")
        refusal = alliance_limits.join(commitment, now)
    if refusal is None:
        step("hold")
        return _try_to_move(commitment.id, "hold", now)
    step("undo")
    return _try_to_move(commitment.id, "undo", now, refusal)


def _give_back_all(commitment: Commitment, now: datetime, step: Step) -> Commitment:
    for take in reserving_order(line.take() for line in commitment.lines):
        step(f"give back {take.ledger_line}")
        ledger.release(take, commitment.id)
    step("release the proposal")
    _release_proposal(commitment, now)
    if commitment.alliance is not None:
        step("leave the alliance")
        alliance_limits.leave(commitment, now)
    step("finish")
    last = "refuse" if commitment.status == "undoing" else "finish"
    return _try_to_move(commitment.id, last, now)


def _commit_proposal(commitment: Commitment, now: datetime) -> Refused | None:
    """Let the proposal hold the commitment; returns why it does not, None if it does.

    One write decides for all that are committed at once, so that no two of them can go above the
    offer's ceiling together; repeating changes nothing.
    """
    refusal: Refused | None = None
    if commitment.match is None:
        return None

    def step(match: Match) -> None:
        nonlocal refusal
        refusal = _refusal(commitment, match, now)
        if refusal is None and commitment.id not in match.holds:
            match.holds.append(commitment.id)
            _take_step(match, "commit", commitment, now)
            match.owes = match.owes or (commitment.provisional and match.status in KEPT) or None

    change(Match, commitment.match, None, step, now)
    return refusal


def _refusal(commitment: Commitment, match: Match, now: datetime) -> Refused | None:
    if commitment.id in match.holds:
        return None
    if commitment.id in match.released:
        return Refused("finished", Outcome.RELEASED.value)
    if match.status not in COMMITTABLE and not (commitment.provisional and match.status in WAITING):
        code = "not-agreed" if match.status in WAITING else "illegal-transition"
        return Refused(code, f"the proposal is {match.status}")
    above_pledged = above_pledge(match, commitment.lines, match.holds)
    if above_pledged is not None:
        return above_pledged
    offer = stored_view("offer", match.offer)
    if offer is None:
        return None
    if match.status in COMMITTABLE and unaccepted(match, offer):
        words = "the offer's conditions have changed, and the State has not accepted them"
        return Refused("conditions-changed", words)
    barred = lines_bar(match.country, match.request, commitment.lines, now.date())
    if barred is not None:
        return Refused("embargo", barred)
    above = above_ceiling(offer, commitment.lines, match.holds, now.date())
    return None if above is None else Refused("ceiling", above)


def _release_proposal(commitment: Commitment, now: datetime) -> None:
    """Let the proposal go, for ever, whether it held the commitment or not."""
    if commitment.match is None:
        return

    def step(match: Match) -> None:
        match.holds = [id_ for id_ in match.holds if id_ != commitment.id]
        if commitment.id not in match.released:
            match.released.append(commitment.id)
        if not match.holds:
            _take_step(match, "release", commitment, now)

    change(Match, commitment.match, None, step, now)


def _take_step(match: Match, action: str, commitment: Commitment, now: datetime) -> None:
    """Take the step where the proposal's state allows it, as who brought the commitment there."""
    if action in PROPOSAL.allowed(match.status):
        by = commitment.history[-1]
        advance(match, action, Actor(by.role, by.party, by.subject), now)


def _try_to_move(
    id_: str,
    action: str,
    now: datetime,
    refusal: Refused | None = None,
    shortage: dict[str, Any] | None = None,
) -> Commitment:
    """Take the step unless another who finishes the same commitment took one already."""

    def step(commitment: Commitment) -> None:
        if action in COMMITMENT.allowed(commitment.status):
            _move(commitment, action, MATCHER, now)
            if refusal is not None:
                commitment.refusal, commitment.because = refusal.words, refusal.data()
            commitment.shortage = shortage or commitment.shortage

    return change(Commitment, id_, None, step, now)


def _move(commitment: Commitment, action: str, actor: Actor, now: datetime) -> None:
    target = COMMITMENT.target(action, commitment.status)
    commitment.history.append(transition(action, commitment.status, target, actor, now))
    commitment.status = target
