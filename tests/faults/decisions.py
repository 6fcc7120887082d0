"""Judges what coordinators did: what was acknowledged took effect, and once."""

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.faults.history import Final, History, Operation

DECISIONS: Mapping[str, tuple[str, ...]] = {
    "duplicates": ("link", "dismiss"),
    "coverage": ("dismiss",),
}
"""What is decided on cases: to confirm coverage would take what the bank counts on."""
_DECIDED = frozenset(step for steps in DECISIONS.values() for step in steps)
Steps = Counter[tuple[str, str]]
"""How often each step was taken of a pair."""


def decided(final: Final) -> Steps:
    """What the cases' own histories tell of coordinators' decisions."""
    return Counter(
        (case.pair, step) for case in final.cases for step in case.steps if step in _DECIDED
    )


def decisions_lost(history: History, final: Final) -> Iterator[str]:
    """An acknowledged decision on a case is in the case's history, whatever came after it."""
    found = decided(final)
    for (pair, step), times in _sent(history, "ok").items():
        if found[pair, step] < times:
            yield f"{pair}: {step} was acknowledged {times} times, it tells of {found[pair, step]}"


def decisions_twice(history: History, final: Final) -> Iterator[str]:
    """No decision on a case is taken twice, and none that was refused or that nobody sent."""
    sent = _sent(history, "ok", "unknown")
    for (pair, step), times in decided(final).items():
        if times > sent[pair, step]:
            yield f"{pair}: {step} was taken {times} times, and sent {sent[pair, step]} times"


def _sent(history: History, *outcomes: str) -> Steps:
    return Counter((one.record, one.value) for one in _of(history, "decide", *outcomes))


def deferred_lost(history: History, final: Final) -> Iterator[str]:
    """What the portal kept for a minute took effect, waits, or was told to have been given up.

    But for what somebody took back, or may have; and what is told to have taken effect did.
    """
    back = {one.key for one in _of(history, "take-back", "ok", "unknown")}
    for one in _of(history, "defer", "ok"):
        fate = final.fates.get(one.key)
        if one.key not in back and not (fate and (fate.times or fate.waits or fate.told)):
            yield f"{one.record}: {one.value} ({one.key}) was acknowledged, and nothing came of it"
    for one in _of(history, "carry-out", "ok"):
        fate = final.fates.get(one.key)
        if fate is None or not fate.times:
            yield f"{one.record}: {one.key} was told to have taken effect, and has not"


def deferred_twice(history: History, final: Final) -> Iterator[str]:
    """It takes effect once, and not at all if that was told, it was taken back or refused."""
    sent = {one.key for one in _of(history, "defer", "ok", "unknown")}
    back = {one.key for one in _of(history, "take-back", "ok")}
    for key, fate in final.fates.items():
        name = f"{fate.proposal}: {key}"
        if fate.times > 1:
            yield f"{name} took effect {fate.times} times"
        if fate.times and fate.told:
            yield f"{name} was told to be given up, and took effect"
        if key in back and (fate.times or fate.waits):
            yield f"{name} was taken back, and {'took effect' if fate.times else 'waits'}"
        if key not in sent and (fate.times or fate.waits):
            yield f"{name} was refused, or nobody sent it"


def deferred_late(_history: History, final: Final) -> Iterator[str]:
    """It does not wait for longer than it should."""
    for key, fate in final.fates.items():
        if fate.late:
            yield f"{fate.proposal}: {key} waits though its time is long over"


def invitations_lost(history: History, final: Final) -> Iterator[str]:
    """An acknowledged invitation is there, and the mail that has its link."""
    for one in _of(history, "invite", "ok"):
        invited = final.invited.get(one.made)
        if invited is None:
            yield f"{one.record} was invited, and the invitation ({one.made}) is not there"
        elif not invited.mails:
            yield f"{one.record} was invited, and there is no mail ({one.made})"


def invitations_twice(history: History, final: Final) -> Iterator[str]:
    """Who is invited once has one invitation and one mail, who was refused or never is has none."""
    sent = {one.record for one in _of(history, "invite", "ok", "unknown")}
    for email, times in Counter(one.email for one in final.invited.values()).items():
        if times > 1:
            yield f"{email} has {times} invitations"
        if email not in sent:
            yield f"{email} is invited, and nobody did so"
    for one in final.invited.values():
        if one.mails > 1:
            yield f"{one.email} has {one.mails} mails of one invitation"


def _of(history: History, kind: str, *outcomes: str) -> Iterator[Operation]:
    return (one for one in history.operations if one.kind == kind and one.outcome in outcomes)
