"""Keeping the register of arms embargoes: every entry and change has who, when and why."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from services.matcher.embargo_documents import (
    Embargo,
    EmbargoChange,
    EmbargoExemption,
    embargo_id,
)
from services.matcher.embargo_rules import EMBARGO
from shared.events.outbox import DuplicateId, Transition, Version, change, create
from shared.lifecycle import IllegalTransition
from shared.registers.steps import subject_of, take_step
from shared.web.identity import Identity
from shared.web.problems import FieldError, invalid, invalid_field

_WRITTEN = ("resolution", "source")
_DAYS = {"start": "from", "end": "to", "stated_on": "stated_on", "review_by": "review_by"}

Body = Mapping[str, Any]
"""A loaded `EmbargoBody`, or as much of one as a list has."""


def record(
    body: Body, identity: Identity, now: datetime, attempt: str | None = None, *, sure: bool = True
) -> Embargo:
    """Enter an embargo; it counts from its first day on. `sure`: it is confirmed by whoever enters.

    Raises DuplicateId for one of the same State and resolution, and the 422 problem.
    """
    id_ = embargo_id(body["country"], body["resolution"])
    embargo = Embargo(id=id_, country=body["country"], status=EMBARGO.initial)
    _note(embargo, "record", body["reason"], identity, now, attempt)
    embargo.history.append(_told(embargo.status, None, "record", identity, now))
    if sure:
        take_step(EMBARGO, embargo, "confirm", identity, now)
    _fill(embargo, body)
    create(embargo, now)
    return embargo


def amend(
    id_: str,
    body: Body,
    expected: Version,
    identity: Identity,
    now: datetime,
    attempt: str | None = None,
) -> Embargo:
    """Replace what an entry says, its State and resolution apart.

    Raises NotFound, StaleVersion, IllegalTransition for one that was ended, the 422 problem.
    """

    def step(embargo: Embargo) -> None:
        if EMBARGO.is_final(embargo.status):
            raise IllegalTransition("amend", embargo.status, ())
        if embargo_id(body["country"], body["resolution"]) != embargo.id:
            message = "An entry is of one State and one resolution; record another."
            raise invalid_field("resolution", message, "immutable")
        _note(embargo, "amend", body["reason"], identity, now, attempt)
        told = _told(embargo.status, embargo.status, "amend", identity, now)
        embargo.history.append(told)
        _fill(embargo, body)

    return change(Embargo, id_, expected, step, now)


def confirm(
    id_: str,
    reason: str,
    expected: Version,
    identity: Identity,
    now: datetime,
    attempt: str | None = None,
) -> Embargo:
    """Say that an entry of a list is right. Raises NotFound, StaleVersion, IllegalTransition."""
    return _take(id_, "confirm", reason, expected, identity, now, attempt, lambda _: None)


def end(
    id_: str,
    last: date,
    reason: str,
    expected: Version,
    identity: Identity,
    now: datetime,
    attempt: str | None = None,
) -> Embargo:
    """Say that an embargo is over after a day; before its first one, that it never was in force.

    Raises NotFound, StaleVersion, IllegalTransition, and the 422 problem for a day after the last
    one that was known.
    """

    def set_end(embargo: Embargo) -> None:
        if embargo.end is not None and embargo.end < last.isoformat():
            raise invalid_field("on", f"It was over after {embargo.end} already.", "order")
        embargo.end = last.isoformat()

    return _take(id_, "end", reason, expected, identity, now, attempt, set_end)


def load(entries: Iterable[Body], identity: Identity, now: datetime) -> tuple[int, int]:
    """Enter those of a list that the register does not have, unconfirmed; (entered, left alone).

    What coordinators made of an entry is theirs: an entry that is there is left as it is.
    """
    entered = known = 0
    for entry in entries:
        try:
            record(entry, identity, now, sure=False)
        except DuplicateId:
            known += 1
        else:
            entered += 1
    return entered, known


def _take(
    id_: str,
    action: str,
    reason: str,
    expected: Version,
    identity: Identity,
    now: datetime,
    attempt: str | None,
    more: Callable[[Embargo], None],
) -> Embargo:
    def step(embargo: Embargo) -> None:
        take_step(EMBARGO, embargo, action, identity, now)
        _note(embargo, action, reason, identity, now, attempt)
        more(embargo)

    return change(Embargo, id_, expected, step, now)


def _fill(embargo: Embargo, body: Body) -> None:
    for name in _WRITTEN:
        setattr(embargo, name, body[name])
    for name, given in _DAYS.items():
        day = body[given]
        setattr(embargo, name, None if day is None else day.isoformat())
    embargo.allowed = sorted(set(body["allowed"]))
    embargo.exemptions = _exemptions(embargo, body["exemptions"])


def _exemptions(embargo: Embargo, sent: Iterable[Body]) -> list[EmbargoExemption]:
    """The exemptions of a body; one without a number is new and gets the next."""
    found: list[EmbargoExemption] = []
    errors: list[FieldError] = []
    for place, one in enumerate(sent):
        number = one["number"]
        if number is None:
            embargo.exempted += 1
            number = str(embargo.exempted)
        elif embargo.exemption(number) is None or any(number == e.number for e in found):
            message = "There is no such exemption here; leave the number out for a new one."
            errors.append(FieldError(f"exemptions[{place}].number", message, "unknown"))
            continue
        found.append(
            EmbargoExemption(
                number=number,
                reference=one["reference"],
                kinds=sorted(set(one["kinds"])),
                request=one["request"],
                start=one["from"].isoformat(),
                end=one["to"].isoformat(),
            )
        )
    if errors:
        raise invalid(errors)
    return found


def _told(
    target: str, source: str | None, action: str, identity: Identity, now: datetime
) -> Transition:
    return Transition(
        source=source,
        target=target,
        action=action,
        at=now,
        role=identity.role,
        subject=subject_of(identity),
    )


def _note(
    embargo: Embargo,
    action: str,
    reason: str,
    identity: Identity,
    now: datetime,
    attempt: str | None,
) -> None:
    embargo.changes.append(
        EmbargoChange(
            action=action, at=now, role=identity.role, subject=subject_of(identity), reason=reason
        )
    )
    if attempt is not None:
        embargo.attempts = [*embargo.attempts, attempt]
