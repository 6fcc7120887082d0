"""The rules of merging a record into another and of undoing that: what it takes and what it does.

They work on records that were loaded; merging.py brings them into the store.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.registers.commitments import held
from shared.registers.lines import number_lines, require_room
from shared.registers.merged import Absorbed, LineSource, MergeableRecord, Merging
from shared.registers.steps import party_of, take_step, take_step_as
from shared.web.identity import Identity
from shared.web.problems import FieldError, conflict, invalid, invalid_field

TAKING_OVER, MERGED, GIVING_BACK = "taking-over", "merged", "giving-back"


@dataclass(frozen=True)
class Register:
    """What merging needs to know of a register.

    `owner` names the field that both records must have alike. `refuse(record, other)` raises the
    problem where the other may not take over lines of the record, `complete(line, record)` puts
    into a line what it had from its record as a whole.
    """

    document: type[MergeableRecord]
    owner: str
    refuse: Callable[[Any, Any], None]
    complete: Callable[[Any, Any], None]


def find_other(register: Register, identifier: str, readable: Callable[[Any], bool]) -> Any:
    """The record to merge into; the 422 problem naming `into` where the reader sees none."""
    other = register.document.objects(id=identifier).first()
    if other is None or not readable(other):
        raise invalid_field("into", "There is no such record.", "unknown")
    return other


def begin_merge(
    register: Register,
    record: MergeableRecord,
    other: MergeableRecord,
    lines: Sequence[int] | None,
    identity: Identity,
    now: datetime,
) -> None:
    """Say that the record is merged into the other, which takes over some of its lines.

    `lines` are their numbers; None stands for those of which the other has none of the same theme
    and kind. Raises problems: 422 naming `into` or `lines`, 409 where the state of either does not
    allow it or something of the record is committed, and IllegalTransition.
    """
    if other.id == record.id:
        raise invalid_field("into", "A record cannot be merged into itself.", "same")
    if getattr(other, register.owner) != getattr(record, register.owner):
        message = f"Both records must be of one {register.owner}."
        raise invalid_field("into", message, f"other-{register.owner}")
    numbers = _lacking(record, other) if lines is None else _known(record, lines)
    before = record.status
    take_step(record.lifecycle, record, "merge", identity, now)
    hint = "merge the other record into this one, or release it first"
    _require_uncommitted(record.id, None, hint)
    record.merging = Merging(
        into=other.id,
        mark=str(record.version),
        lines=numbers,
        state=TAKING_OVER,
        role=identity.role,
        party=party_of(identity),
    )
    _require_takeable(register, record, other, before)


def begin_unmerge(register: Register, record: MergeableRecord, identity: Identity) -> None:
    """Say that the record is to be as it was before it was merged.

    Raises IllegalTransition for one that is not merged, and the 409 problem where the other was
    itself merged since, or something of the lines that it took over is committed.
    """
    record.lifecycle.target("unmerge", record.status, record.status)
    if record.merging.state != MERGED:
        raise conflict("under-way", "The merging, or its undoing, is still under way.")
    other = register.document.objects(id=record.merging.into).first()
    if other is not None:
        if other.status == "merged":
            message = f"{other.id} was itself merged since: undo that first."
            raise conflict("merged", message, [FieldError("into", message, "merged")])
        taken = [line.line for line in _lines(other) if _is_from(line, record.id)]
        _require_uncommitted(other.id, taken, "release it first")
    record.merging.state = GIVING_BACK
    record.merging.role, record.merging.party = identity.role, party_of(identity)


def take_over(register: Register, record: MergeableRecord, other: MergeableRecord) -> None:
    """Let the other have the lines of the record that is merged into it; once for each merging.

    Raises the problem where it cannot take them.
    """
    merging = record.merging
    if any(_is_mark(one, record) for one in other.absorbed):
        return
    _require_takeable(register, record, other, record.history[-1].source)
    taken = [line for line in _lines(record) if line.line in merging.lines]
    numbers, other.next_line = number_lines([{} for _ in taken], (), other.next_line, "lines")
    lines = list(_lines(other))
    for number, line in zip(numbers, taken, strict=True):
        copy = type(line)._from_son(line.to_mongo())
        register.complete(copy, record)
        copy.line, copy.taken_from = number, LineSource(record=record.id, line=line.line)
        lines.append(copy)
    setattr(other, other.lines_field, lines)
    other.absorbed.append(Absorbed(record=record.id, mark=merging.mark))


def give_back(record: MergeableRecord, other: MergeableRecord) -> None:
    """Take the lines away again that the other took over; it never takes them over after that."""
    noted = next((one for one in other.absorbed if _is_mark(one, record)), None)
    if noted is None:
        noted = Absorbed(record=record.id, mark=record.merging.mark)
        other.absorbed.append(noted)
    if noted.undone:
        return
    noted.undone = True
    kept = [line for line in _lines(other) if not _is_from(line, record.id)]
    setattr(other, other.lines_field, kept)


def set_merged(record: MergeableRecord, merging: Merging, state: str) -> None:
    """Say how a merging ended whose lines were being taken over; another one stays as it is."""
    if _is_same(record.merging, merging) and record.merging.state == TAKING_OVER:
        record.merging.state = state


def reopen(record: MergeableRecord, merging: Merging, now: datetime) -> None:
    """Let the record be again what it was before a merging; nothing happens after another one."""
    if _is_same(record.merging, merging) and record.merging.state == GIVING_BACK:
        actor = (merging.role, merging.party)
        take_step_as(record.lifecycle, record, "unmerge", actor, now)
        record.merging = None


def _require_takeable(
    register: Register, record: MergeableRecord, other: MergeableRecord, before: str
) -> None:
    """Raise the problem where the other may not take over the record as it was `before`."""
    lifecycle = record.lifecycle
    if "merge" not in lifecycle.allowed(other.status):
        message = f"The other record is {other.status}."
        raise conflict("not-open", message, [FieldError("into", message, "not-open")])
    shown = before in lifecycle.shown, other.status in lifecycle.shown
    if shown == (True, False):
        message = f"A record that is {before} cannot be merged into one that is {other.status}."
        raise conflict("not-published", message, [FieldError("into", message, "not-published")])
    if not record.merging.lines:
        return
    if before != other.status and not all(shown):
        message = f"Lines of a record that is {before} cannot go into one that is {other.status}."
        raise invalid_field("lines", message, "not-published")
    register.refuse(record, other)
    require_room(len(_lines(other)) + len(record.merging.lines), "lines")


def _require_uncommitted(identifier: str, lines: Collection[int] | None, hint: str) -> None:
    """Raise the 409 problem if anything of these lines, of all unless given, is committed."""
    of_lines = held([identifier]).items()
    committed = {line for (_, line, _), amounts in of_lines if any(amounts.values())}
    numbers = sorted(committed if lines is None else committed & set(lines))
    if numbers:
        named = ", ".join(map(str, numbers))
        message = f"Something of {identifier} is committed (line {named}): {hint}."
        raise conflict("committed", message, [FieldError("lines", message, "committed")])


def _lacking(record: MergeableRecord, other: MergeableRecord) -> list[int]:
    there = {(line.theme, line.kind) for line in _lines(other)}
    return [line.line for line in _lines(record) if (line.theme, line.kind) not in there]


def _known(record: MergeableRecord, numbers: Sequence[int]) -> list[int]:
    known = {line.line for line in _lines(record)}
    errors = []
    for place, number in enumerate(numbers):
        if number not in known:
            message = f"There is no line {number}."
            errors.append(FieldError(f"lines[{place}]", message, "unknown-line"))
        elif number in numbers[:place]:
            message = f"Line {number} was sent twice."
            errors.append(FieldError(f"lines[{place}]", message, "repeated-line"))
    if errors:
        raise invalid(errors)
    return list(numbers)


def _lines(record: MergeableRecord) -> Any:
    return getattr(record, record.lines_field)


def _is_from(line: Any, record: str) -> bool:
    return line.taken_from is not None and line.taken_from.record == record


def _is_mark(absorbed: Absorbed, record: MergeableRecord) -> bool:
    return bool(absorbed.record == record.id and absorbed.mark == record.merging.mark)


def _is_same(one: Merging | None, other: Merging) -> bool:
    return one is not None and one.mark == other.mark
