"""From state events to notifications: each step of a record's history is told once to each.

A record's whole history comes with every event, so it does not matter how many events were
coalesced into one, how often one comes, or in which order; `Followed` remembers what was told only
to spare the work. A proposal's donor is told nothing before the request is known by its own event:
by then its steps are told as well. So it is with an offer to join a proposal that nobody endorsed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import UpdateOne

from services.portal.audience import World, party_since, told_of
from services.portal.changes import hearing
from services.portal.documents import Account
from services.portal.domain.telling import is_stale, tellings
from services.portal.followed_state import FOLLOWED, key_of, state_of
from services.portal.note_documents import Followed
from services.portal.notifying import MAIL_AGE, Note, notify_all
from shared.events.envelope import MATCH, REQUEST, Event
from shared.events.projections import keep_newest
from shared.lifecycle import FILING, PARTY

Telling = tuple[Note, Iterable[Account]]
"""What is told, and to whom."""


def keep_telling(
    clock: Callable[[], datetime], mail_age: timedelta = MAIL_AGE
) -> Callable[[Sequence[Event]], None]:
    """The handler of events of the types of FOLLOWED; others are passed over."""

    def handle(events: Sequence[Event]) -> None:
        known = [event for event in events if event.type in FOLLOWED]
        if not known:
            return
        keep_newest(Followed, known, key_of, state_of)
        records = {one.id: one for one in Followed.objects(id__in={key_of(one) for one in known})}
        records |= {one.id: one for one in _waiting_for(known)}
        world = World.around(records.values())
        now = clock()
        notes = [
            note
            for one in records.values()
            for note in (*_untold(one, world, now - mail_age), *_files(one, world, now - mail_age))
        ]
        notify_all(notes, now, mail_age)
        told = {one.id for one in records.values() if _is_untold(one) and world.knows_of(one)}
        now = clock()  # the time of the write: pages ask for what was heard since they were made
        written = (_written(one, hearing(one, now), one.id in told) for one in records.values())
        if writes := [one for one in written if one is not None]:
            Followed._get_collection().bulk_write(writes, ordered=False)

    return handle


def _waiting_for(events: Sequence[Event]) -> Sequence[Followed]:
    """What came before its request or before its proposal: what it told nobody is told now."""
    requests = {event.subject for event in events if event.type == REQUEST}
    requests |= {event.data["request"] for event in events if _is_of_match(event)}
    return list(Followed.objects(request__in=requests, lacking=True)) if requests else []


def _is_of_match(event: Event) -> bool:
    return event.type == MATCH and not event.tombstone


def _is_untold(record: Followed) -> bool:
    """Whether not all of the record's history was told to all that it could be."""
    return bool(_told(record) != len(record.history) or record.lacking)


def _untold(record: Followed, world: World, since: datetime) -> Iterator[Telling]:
    """What was not told of the record's history; circulated is what happened `since` then."""
    for place in range(_told(record), len(record.history)):
        yield from _step(record, place, world, since)


def _step(record: Followed, place: int, world: World, since: datetime) -> Iterator[Telling]:
    step = record.history[place]
    at = datetime.fromisoformat(step["at"])
    if is_stale(record.record_type, step["action"], record.status):
        return
    for telling in tellings(record.record_type, step):
        if telling.kind == "request-circulated" and at <= since:
            continue  # a log that is read from its beginning circulates nothing to anybody
        note = Note(
            kind=telling.kind,
            record_type=record.record_type,
            record=record.record,
            action=step["action"],
            key=f"{place} {step['action']} {step['at']}",
            at=at,
            facts=_facts(record, step),
        )
        yield note, told_of(record, step, telling.who, world)


def _files(match: Followed, world: World, since: datetime) -> Iterator[Telling]:
    """What the sides of a proposal are to know of the files of each other's records that were heard
    of before it: told again, nothing changes."""
    if match.record_type != "match" or party_since(match) is None or not _became_party(match):
        return
    sides = (world.requests.get(match.request), world.offers.get(match.offer))
    for record in (one for one in sides if one is not None):
        for place, step in enumerate(record.history[: _told(record)]):
            if step["action"] in FILING:
                yield from _step(record, place, world, since)


def _became_party(match: Followed) -> bool:
    """Whether what was not told of the proposal made its donor a party."""
    untold = match.history[_told(match) :]
    return any(one["target"] in PARTY and one["source"] not in PARTY for one in untold)


def _written(record: Followed, heard: dict[str, Any], is_told: bool) -> UpdateOne | None:
    """The write that says what was heard and told of this version; None where nothing was."""
    change: dict[str, dict[str, Any]] = {"$set": heard} if heard else {}
    if is_told:
        told = {"told": len(record.history), "told_at": _last(record.history)}
        change = {"$set": {**heard, **told}, "$unset": {"lacking": ""}}
    this = {"_id": record.id, "epoch": record.epoch, "number": record.number}
    return UpdateOne(this, change) if change else None


def _told(record: Followed) -> int:
    """How many steps were told; none where the history is not the one that was told."""
    told = int(record.told or 0)
    return told if _last(record.history[:told]) == record.told_at else 0


def _last(history: Sequence[Any]) -> str | None:
    return str(history[-1]["at"]) if history else None


def _facts(record: Followed, step: dict[str, Any]) -> dict[str, Any]:
    facts = {
        "country": record.country or _stepping_state(step),
        "organisation": record.organisation,
        "target": step["target"],
        "role": step["role"],
        "reason": step.get("reason"),
        "answer_by": record.answer_by if step["target"] == record.status else None,
        "amounts": [dict(amount) for amount in record.amounts],
    }
    return {name: value for name, value in facts.items() if value}


def _stepping_state(step: dict[str, Any]) -> str | None:
    """The State that took a step of what several States have a part in."""
    return step["party"] if step["role"] == "requester" else None
