"""Judges a history with the final reads, in the manner of Jepsen's queue and bank workloads.

Pure functions: each gives the violations of one promise. None of them believes what the system
says of itself beyond what clients were told and what anybody can read afterwards.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from shared.events.versions import Version
from tests.faults.decisions import (
    decisions_lost,
    decisions_twice,
    deferred_late,
    deferred_lost,
    deferred_twice,
    invitations_lost,
    invitations_twice,
)
from tests.faults.history import Final, History, Line, Operation

_NEAR = 1e-6
_ROUNDED = 2e-6
"""Scores are rounded to 1e-6, and sums that come in another order may be rounded otherwise."""


@dataclass(frozen=True)
class Violation:
    """A broken promise: its kind (a name of CHECKS), and what was found."""

    kind: str
    what: str


Check = Callable[[History, Final], Iterator[str]]


def check(history: History, final: Final) -> list[Violation]:
    """Every violation that any check finds."""
    return [Violation(kind, what) for kind, one in CHECKS.items() for what in one(history, final)]


def check_history(history: History) -> list[Violation]:
    """Those that are seen without final reads."""
    return [
        Violation(kind, what)
        for kind in ("versions go back", "ledger invariant")
        for what in CHECKS[kind](history, Final())
    ]


def _acknowledged(history: History, *kinds: str) -> Iterator[Operation]:
    return (one for one in history.operations if one.outcome == "ok" and one.kind in kinds)


def lost_writes(history: History, final: Final) -> Iterator[str]:
    """An acknowledged write is readable, unless a later one has taken its place."""
    for one in _acknowledged(history, "write", "publish"):
        seen = final.records.get(one.record)
        if seen is None:
            yield f"{one.record} was acknowledged and is not there"
        elif one.version is None:
            yield f"{one.record}: a write was acknowledged without a version"
        elif seen.version < one.version:
            yield f"{one.record}: {one.version} was acknowledged, {seen.version} is there"
        elif seen.version == one.version and one.kind == "write" and seen.value != one.value:
            yield f"{one.record} {one.version}: {one.value!r} was written, {seen.value!r} is there"


def foreign_values(history: History, final: Final) -> Iterator[str]:
    """What is read was written: by a call that was acknowledged, or whose answer was lost.

    A write that was refused has left nothing.
    """
    written = defaultdict(set)
    for one in history.operations:
        if one.kind == "write" and one.outcome != "failed":
            written[one.record].add(one.value)
    read = [(one.record, one.value) for one in _acknowledged(history, "read")]
    for record, value in (*read, *((id_, seen.value) for id_, seen in final.records.items())):
        if record in written and value not in written[record]:
            yield f"{record}: {value!r} was read, which nobody has written"


def same_version_twice(history: History, _final: Final) -> Iterator[str]:
    """No two acknowledged writes of a record made the same version."""
    made = Counter(
        (one.record, one.version)
        for one in _acknowledged(history, "write", "publish")
        if one.version is not None
    )
    for (record, version), times in made.items():
        if times > 1:
            yield f"{record}: {times} writes were told that they made {version}"


def versions_back(history: History, final: Final) -> Iterator[str]:
    """Whoever begins to read after a version was shown or acknowledged finds no older one.

    A commit that is sent again may be told what the first was told.
    """
    by_record: dict[str, list[Operation]] = defaultdict(list)
    for one in _acknowledged(history, "write", "publish", "read", "commit"):
        if one.version is not None:
            record = f"commitment:{one.made}" if one.kind == "commit" else one.record
            by_record[record].append(one)
    there = _there(final)
    for record, done in by_record.items():
        ended = sorted(done, key=lambda one: one.end)
        newest: Version | None = None
        position = 0
        for one in sorted(done, key=lambda one: one.start):
            while position < len(ended) and ended[position].end < one.start:
                version = ended[position].version
                if version is not None and (newest is None or version > newest):
                    newest = version
                position += 1
            if newest is None or one.version is None or one.kind == "commit":
                continue
            if one.version < newest:
                yield f"{record}: {one.version} was shown after {newest}"
        last = max(one.version for one in done if one.version is not None)
        if record in there and there[record] < last:
            yield f"{record}: {there[record]} is there after {last}"


def _there(final: Final) -> dict[str, Version]:
    """The versions that owners have: of requests and offers, and of what the matcher keeps."""
    return {record: seen.version for record, seen in final.records.items()} | dict(final.kept)


def _is_known(record: str) -> bool:
    """Whether others than the owner keep what they were told of the record."""
    return not record.startswith("activity:")


def _told_of(final: Final) -> dict[str, Version]:
    """Those of them that others are told."""
    matched = {record: one.version for record, one in final.records.items() if one.matched}
    return matched | dict(final.kept)


def events_missing(history: History, final: Final) -> Iterator[str]:
    """Each acknowledged version of what is matched stands in its topic, or one that supersedes it,
    and the newest version of all that the matcher keeps.

    Drafts are told to nobody: what was acknowledged before a record was published need not be.
    """
    newest = _newest_told(final)
    for one in _acknowledged(history, "publish", "write"):
        seen = final.records.get(one.record)
        if one.version is None or (one.kind == "write" and (seen is None or not seen.matched)):
            continue
        told = newest.get(one.record)
        if told is None or told < one.version:
            yield f"{one.record}: {one.version} was acknowledged, the topic has {told or 'nothing'}"
    for record, version in final.kept.items():
        told = newest.get(record)
        if told is None or told < version:
            yield f"{record} is at {version}, the topic has {told or 'nothing'}"


def events_out_of_order(_history: History, final: Final) -> Iterator[str]:
    """A key's last event is its newest: an older one that came late was said again."""
    newest = _newest_told(final)
    last = {one.record: one.version for one in final.events}
    for record, version in last.items():
        if version < newest[record]:
            yield f"{record}: {version} was the last word after {newest[record]}"


def events_unknown(_history: History, final: Final) -> Iterator[str]:
    """No event tells of a version that its owner does not have, or that a record is gone which is
    shown. Of what a restore made vanish, or a draft again, the last word is a tombstone.
    """
    last = {one.record: one for one in final.events}
    there, shown = _there(final), _told_of(final)
    for record, version in _newest_told(final).items():
        if record not in there and not last[record].gone:
            yield f"{record} was told of, which no owner has"
        elif record in shown and last[record].gone:
            yield f"{record} is shown, and was told to be gone"
        elif record in there and there[record] < version:
            yield f"{record}: {version} was told, its owner has {there[record]}"


def _newest_told(final: Final) -> dict[str, Version]:
    newest: dict[str, Version] = {}
    for one in final.events:
        newest[one.record] = max(one.version, newest.get(one.record, one.version))
    return newest


def unworked(history: History, final: Final) -> Iterator[str]:
    """Every published request has proposals, and they were ranked by its last version."""
    published = {
        one.record for one in _acknowledged(history, "publish") if one.record.startswith("request:")
    }
    for record in sorted(published):
        seen, ranked = final.records.get(record), final.shortlists.get(record)
        if seen is None or not seen.matched:
            continue
        if ranked is None or not ranked.offers:
            yield f"{record} was published and has no proposals"
        elif ranked.version != seen.version:
            yield f"{record} is at {seen.version} and was ranked at {ranked.version}"


def proposals_twice(_history: History, final: Final) -> Iterator[str]:
    """No offer is proposed to a request twice."""
    for request, ranked in final.shortlists.items():
        for offer, times in Counter(ranked.offers).items():
            if times > 1:
                yield f"{offer} is proposed to {request} {times} times"


def ledger_broken(history: History, final: Final) -> Iterator[str]:
    """At every read each line's sums are right, and no line holds more than its limit.

    That holds of a load whose owners lower no limit below what is held.
    """
    read = chain.from_iterable(one.lines for one in history.ledger_reads)
    for line in (*read, *final.ledger):
        yield from (f"{line.id}: {what}" for what in _wrong(line))


def _wrong(line: Line) -> Iterator[str]:
    if abs(sum(amount for _, amount in line.holds) - line.held) > _NEAR:
        yield "held is not the sum of the holds"
    if abs(line.limit - line.held - line.free) > _NEAR:
        yield "free is not what is left"
    if line.held > line.limit + _NEAR:
        yield f"{line.held} is held of {line.limit}"
    if len({commitment for commitment, _ in line.holds}) < len(line.holds):
        yield "a commitment holds it twice"


def commitments_lost(history: History, final: Final) -> Iterator[str]:
    """An acknowledged commitment is there and holds; one that was refused does not."""
    holding = {held.key: id_ for id_, held in final.commitments.items() if held.holds}
    for one in history.operations:
        if one.kind != "commit":
            continue
        if one.outcome == "ok":
            held = final.commitments.get(one.made)
            if held is None or not held.holds:
                yield f"commitment {one.made} was acknowledged and does not hold"
        elif one.outcome == "failed" and one.key in holding:
            yield f"a commitment was refused, and {holding[one.key]} holds"


def commitments_twice(history: History, final: Final) -> Iterator[str]:
    """One key makes one commitment, however often it was sent; nobody else's are there."""
    sent = {one.key for one in history.operations if one.kind == "commit"}
    for key, times in Counter(held.key for held in final.commitments.values()).items():
        if times > 1:
            yield f"{times} commitments were made of one call ({key})"
        if key not in sent:
            yield f"there is a commitment that nobody made ({key})"


def ledger_apart(_history: History, final: Final) -> Iterator[str]:
    """What the ledger holds is what the commitments take: nothing half, nothing left behind."""
    due: dict[str, dict[str, float]] = defaultdict(dict)
    for id_, held in final.commitments.items():
        if held.holds:
            for line, amount in held.lines.items():
                due[line][id_] = amount
    lines = {line.id: dict(line.holds) for line in final.ledger}
    for id_ in sorted({*due, *lines}):
        if not _alike(due.get(id_, {}), lines.get(id_, {})):
            yield f"{id_} holds {lines.get(id_, {})}, its commitments take {due.get(id_, {})}"


def _alike(one: dict[str, float], other: dict[str, float]) -> bool:
    return one.keys() == other.keys() and all(abs(one[k] - other[k]) < _NEAR for k in one)


def views_apart(_history: History, final: Final) -> Iterator[str]:
    """The matcher's view of a record is its owner's, once nothing is left to read.

    It keeps none of activities: what it knows of those its cases tell.
    """
    for record, seen in final.records.items():
        if seen.matched and _is_known(record) and final.views.get(record) != seen.version:
            yield f"{record} is at {seen.version}, the matcher sees {final.views.get(record)}"
    yield from _strangers(final.views, final)


def portal_apart(_history: History, final: Final) -> Iterator[str]:
    """The portal knows the newest version of all that is told of, and of nothing else.

    Activities it does not follow.
    """
    for record, version in _told_of(final).items():
        if _is_known(record) and final.followed.get(record) != version:
            yield f"{record} is at {version}, the portal knows {final.followed.get(record)}"
    there = _there(final)
    for record in final.followed:
        if record not in there:
            yield f"the portal knows {record}, which nobody has"


def lines_apart(_history: History, final: Final) -> Iterator[str]:
    """What owners say is committed of their lines is what the ledger holds of them."""
    held = {line.id: line.held for line in final.ledger}
    for id_ in sorted({*held, *final.taken}):
        due, told = held.get(id_, 0.0), final.taken.get(id_)
        if told is None or abs(told - due) > _NEAR:
            yield f"{id_}: the ledger holds {due}, its owner says {told}"


def cases_missing(_history: History, final: Final) -> Iterator[str]:
    """Of each two that seem to be the same, and each need that seems to be covered, is a case.

    It is open, if nobody has decided on it, and again once either changed materially since.
    """
    kept = {one.pair: one.status for one in final.cases}
    for one in final.due:
        status = kept.get(one.pair)
        if status != one.status and one.status != "closed":
            yield f"{one.pair} should be {one.status}, and is {status or 'not there'}"


def cases_unfounded(_history: History, final: Final) -> Iterator[str]:
    """No case is open, or what somebody decided, of two of which nothing is alike by now."""
    due = {one.pair: one.status for one in final.due}
    for one in final.cases:
        status = due.get(one.pair, "closed")
        if one.status != status and status == "closed":
            yield f"{one.pair} is {one.status}, and should not be"


def cases_outdated(_history: History, final: Final) -> Iterator[str]:
    """What a case tells of its two is so of both as they are now."""
    due = {one.pair: one for one in final.due}
    for one in final.cases:
        now = due.get(one.pair)
        if now is None or now.status != one.status or now.score is None:
            continue
        if one.score is None or abs(one.score - now.score) > _ROUNDED:
            yield f"{one.pair} tells of {one.score}, and is {now.score} by now"


def cases_twice(_history: History, final: Final) -> Iterator[str]:
    """No two have two cases."""
    for pair, times in Counter(one.pair for one in final.cases).items():
        if times > 1:
            yield f"{pair} has {times} cases"


def _strangers(views: Iterable[str], final: Final) -> Iterator[str]:
    for record in views:
        if record not in final.records:
            yield f"the matcher sees {record}, which no owner has"


CHECKS: dict[str, Check] = {
    "acknowledged write lost": lost_writes,
    "value from nowhere": foreign_values,
    "version made twice": same_version_twice,
    "versions go back": versions_back,
    "event missing": events_missing,
    "event out of order": events_out_of_order,
    "event from nowhere": events_unknown,
    "request not worked": unworked,
    "proposal twice": proposals_twice,
    "ledger invariant": ledger_broken,
    "commitment lost": commitments_lost,
    "commitment twice": commitments_twice,
    "ledger apart from commitments": ledger_apart,
    "matcher's view apart from owners'": views_apart,
    "portal's view apart from the others'": portal_apart,
    "owners' lines apart from the ledger": lines_apart,
    "case missing": cases_missing,
    "case from nowhere": cases_unfounded,
    "case out of date": cases_outdated,
    "case twice": cases_twice,
    "decision lost": decisions_lost,
    "decision twice": decisions_twice,
    "decision at the portal lost": deferred_lost,
    "decision at the portal twice": deferred_twice,
    "decision at the portal late": deferred_late,
    "invitation lost": invitations_lost,
    "invitation twice": invitations_twice,
}
MENDED_BY_TIME = frozenset(
    {
        "event missing",
        "event from nowhere",
        "event out of order",
        "request not worked",
        "ledger apart from commitments",
        "matcher's view apart from owners'",
        "portal's view apart from the others'",
        "owners' lines apart from the ledger",
        "case missing",
        "case from nowhere",
        "case out of date",
        "decision at the portal late",
    }
)
"""Kinds that are none while something is still on its way: broken only if they last."""
