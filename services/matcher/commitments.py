"""Commitments: reserving several ledger lines as one, giving them back, finishing the half-done.

A commitment's document is written before its first ledger line and says what it means to take, so
whoever finds it half done can go on: every step may be repeated, by several at once. The states
`reserving`, `undoing` and `releasing` are the half-done ones. `step` is called before each write,
with its name; an exception out of it is a crash at that place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.matcher import ledger
from services.matcher.documents import Commitment, CommitmentLine, Match
from services.matcher.domain import COMMITMENT, COMMITTABLE, PROPOSAL, reserving_order
from services.matcher.ledger import Outcome
from shared.events.outbox import NotFound, Transition, Version, change, create
from shared.lifecycle import IllegalTransition

UNFINISHED = ("reserving", "undoing", "releasing")
GRACE = timedelta(seconds=30)
"""How long a half-done commitment is left to whoever began it."""

Step = Callable[[str], None]


@dataclass(frozen=True)
class Actor:
    """Who takes a step: a role, and the State or organisation it acts for, if any."""

    role: str
    party: str | None = None


MATCHER = Actor("matcher")
"""The matcher itself: its sweeps and what follows from others' steps."""


def no_step(_: str) -> None:
    """Goes on."""


def transition(action: str, source: str, target: str, actor: Actor, now: datetime) -> Transition:
    """A step in a proposal's or commitment's history."""
    return Transition(
        source=source, target=target, action=action, at=now, role=actor.role, party=actor.party
    )


def begin(
    id_: str,
    match: Match,
    lines: Sequence[CommitmentLine],
    expires_at: datetime | None,
    actor: Actor,
    now: datetime,
) -> Commitment:
    """Record the intention to commit these lines; nothing is held yet. Raises DuplicateId."""
    commitment = Commitment(
        id=id_,
        match=match.id,
        request=match.request,
        offer=match.offer,
        country=match.country,
        organisation=match.organisation,
        status=COMMITMENT.initial,
        lines=list(lines),
        expires_at=expires_at,
        history=[
            Transition(
                source=None,
                target=COMMITMENT.initial,
                action="reserve",
                at=now,
                role=actor.role,
                party=actor.party,
            )
        ],
    )
    create(commitment, now)
    return commitment


def finish(id_: str, now: datetime, step: Step = no_step) -> Commitment:
    """Bring a commitment to `held`, `refused` or `released` from wherever it stands; returns it.

    Safe to repeat and to run by several at once. Raises NotFound, and Contention after too many
    lost races.
    """
    while True:
        commitment = _load(id_)
        if commitment.status == "reserving":
            _reserve_all(commitment, now, step)
        elif commitment.status in ("undoing", "releasing"):
            _give_back_all(commitment, now, step)
        else:
            return commitment


def start_release(
    id_: str,
    expected: Version | None,
    actor: Actor,
    now: datetime,
    action: str = "release",
) -> Commitment:
    """Begin giving a held commitment back; `finish` does the rest.

    Raises NotFound, StaleVersion, and IllegalTransition unless it is held.
    """
    return change(Commitment, id_, expected, lambda one: _move(one, action, actor, now), now)


def recover(now: datetime, grace: timedelta = GRACE, step: Step = no_step) -> int:
    """Finish what was left half done for longer than `grace`; returns how many there were."""
    stale = Commitment.objects(status__in=UNFINISHED, updated_at__lte=now - grace).only("id")
    ids = [one.id for one in stale]
    for id_ in ids:
        finish(id_, now, step)
    return len(ids)


def expire(now: datetime, step: Step = no_step) -> int:
    """Give back the commitments whose time is over; returns how many there were."""
    due = [one.id for one in Commitment.objects(status="held", expires_at__lte=now).only("id")]
    for id_ in due:
        try:
            step("start release")
            start_release(id_, None, MATCHER, now, action="expire")
        except IllegalTransition:
            pass  # another sweep, or its owner, was faster
        finish(id_, now, step)
    return len(due)


def _load(id_: str) -> Commitment:
    commitment: Commitment | None = Commitment.objects(id=id_).first()
    if commitment is None:
        raise NotFound(id_)
    return commitment


def _reserve_all(commitment: Commitment, now: datetime, step: Step) -> None:
    for take in reserving_order(line.take() for line in commitment.lines):
        step(f"reserve {take.ledger_line}")
        outcome = ledger.reserve(take, commitment.id)
        if outcome is not Outcome.HELD:
            reason = f"{take.side} line {take.line}: {outcome.value}"
            step("undo")
            _try_to_move(commitment.id, "undo", now, reason)
            return
    step("commit the proposal")
    if _follow(commitment, "commit", now) in COMMITTABLE:
        step("hold")
        _try_to_move(commitment.id, "hold", now)
    else:
        step("undo")
        _try_to_move(commitment.id, "undo", now, "the proposal was rejected meanwhile")


def _give_back_all(commitment: Commitment, now: datetime, step: Step) -> None:
    for take in reserving_order(line.take() for line in commitment.lines):
        step(f"give back {take.ledger_line}")
        ledger.release(take, commitment.id)
    if not _others(commitment):
        step("release the proposal")
        _follow(commitment, "release", now)
    if _others(commitment):
        # Begun before the release just now, or before a crash behind it: that one still commits.
        step("commit the proposal for another")
        _follow(commitment, "commit", now)
    step("finish")
    _try_to_move(commitment.id, "refuse" if commitment.status == "undoing" else "finish", now)


def _others(commitment: Commitment) -> bool:
    others = Commitment.objects(
        match=commitment.match, id__ne=commitment.id, status__in=("reserving", "held")
    )
    return others.only("id").first() is not None


def _follow(commitment: Commitment, action: str, now: datetime) -> str:
    """Let the proposal take the step where its state allows it; returns its state."""

    def step(match: Match) -> None:
        if action in PROPOSAL.allowed(match.status):
            target = PROPOSAL.target(action, match.status)
            match.history.append(transition(action, match.status, target, MATCHER, now))
            match.status = target

    status: str = change(Match, commitment.match, None, step, now).status
    return status


def _try_to_move(id_: str, action: str, now: datetime, refusal: str | None = None) -> None:
    """Take the step unless another who finishes the same commitment took one already."""

    def step(commitment: Commitment) -> None:
        if action in COMMITMENT.allowed(commitment.status):
            _move(commitment, action, MATCHER, now)
            commitment.refusal = refusal or commitment.refusal

    change(Commitment, id_, None, step, now)


def _move(commitment: Commitment, action: str, actor: Actor, now: datetime) -> None:
    target = COMMITMENT.target(action, commitment.status)
    commitment.history.append(transition(action, commitment.status, target, actor, now))
    commitment.status = target
