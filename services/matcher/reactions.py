"""What the matcher keeps of requests, offers and calls for its API and its ledger.

Donors' track records (track_records.py) too. And what follows from a change: a declined pair comes
back (reopening.py), one whose record is withdrawn falls (settling.py).
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from services.matcher.alliance_limits import follow_requests
from services.matcher.calls import follow_ceilings
from services.matcher.documents import RecordView, view_id
from services.matcher.domain import line_limits, line_numbers
from services.matcher.experience import keep_work
from services.matcher.ledger import Limits, set_limits
from services.matcher.record_states import GONE, SIDES, status_of, view_state
from services.matcher.record_views import stored_versions
from services.matcher.reopening import reopen_of_records, reopen_pairs
from services.matcher.settling import follow_proposals, follow_records
from services.matcher.track_records import keep_track_records
from shared.events.envelope import CALL, MATCH, REQUEST, Event
from shared.events.projections import keep_newest
from shared.lifecycle import SHOWN

_NOTHING_LEFT = frozenset({"withdrawn", "merged", GONE})


def keep_records(clock: Callable[[], datetime]) -> Callable[[Sequence[Event]], None]:
    """The handler of events of requests, offers, calls, activities and matches; others are passed
    over.

    Order and repetition do not matter: each view and each ledger line keeps the version that it
    was read from, and older or equal ones change nothing.
    """

    def handle(events: Sequence[Event]) -> None:
        known = [event for event in events if event.type in SIDES]
        keep_newest(RecordView, known, _view_key, view_state)
        keep_work(events)
        keep_track_records(events)
        now = clock()
        set_limits([_limits(event) for event in _current(known)], now)
        follow_ceilings({event.subject for event in known if event.type == CALL}, now)
        follow_requests({event.subject for event in known if event.type == REQUEST}, now)
        records = {(SIDES[event.type], event.subject) for event in known}
        reopen_of_records(records, now)
        follow_records(records, now)
        decided = {event.subject for event in events if event.type == MATCH}
        if decided:
            reopen_pairs(decided, now)
            follow_proposals(decided, now)

    return handle


def _current(events: Sequence[Event]) -> list[Event]:
    """The events that no newer one is known to follow: a line long gone must not come back."""
    ids = [_view_key(event) for event in events]
    known = stored_versions(ids)
    return [
        event
        for id_, event in zip(ids, events, strict=True)
        if id_ not in known or known[id_] <= event.version
    ]


def _limits(event: Event) -> Limits:
    """The limits that an event sets.

    A closed record takes no more holds and keeps its limits: what is held of it stays promised. A
    withdrawn one, one that is gone, and one that was merged into another, which has taken over
    what it asked for or gave, has nothing left to give or take.
    """
    side = SIDES[event.type]
    status = status_of(event)
    lines = () if status in _NOTHING_LEFT else line_limits(side, event.data)
    numbers = None if status == GONE else line_numbers(side, event.data)
    return Limits(side, event.subject, event.version, status in SHOWN, lines, numbers)


def _view_key(event: Event) -> str:
    return view_id(SIDES[event.type], event.subject)
