"""What the matcher keeps of requests, offers and calls for its API and its ledger.

And what follows from a change: a declined pair comes back (reopening.py), one whose record is
withdrawn falls (settling.py).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.matcher.alliance_limits import follow_requests
from services.matcher.calls import follow_ceilings
from services.matcher.documents import RecordView, view_id
from services.matcher.domain import LedgerSide, line_limits
from services.matcher.engine.stated import packed
from services.matcher.experience import keep_work
from services.matcher.ledger import Limits, set_limits
from services.matcher.material import MaterialSide, material
from services.matcher.reopening import reopen_of_records, reopen_pairs
from services.matcher.settling import follow_proposals, follow_records
from shared.events.envelope import CALL, MATCH, OFFER, REQUEST, Event
from shared.events.projections import keep_newest
from shared.lifecycle import SHOWN
from shared.web.visibility import Sight

_SIDES: dict[str, LedgerSide] = {REQUEST: "request", OFFER: "offer", CALL: "call"}
GONE = "gone"
"""Status of a record that a restore made vanish."""
_CALL_STATUS = {"open": "published", "removed": "withdrawn"}
_NOTHING_LEFT = frozenset({"withdrawn", "merged", GONE})

_GRANTS = "scholarships"
"""The vocabulary's code for scholarships and grants."""


def keep_records(clock: Callable[[], datetime]) -> Callable[[Sequence[Event]], None]:
    """The handler of events of requests, offers, calls, activities and matches; others are passed
    over.

    Order and repetition do not matter: each view and each ledger line keeps the version that it
    was read from, and older or equal ones change nothing.
    """

    def handle(events: Sequence[Event]) -> None:
        known = [event for event in events if event.type in _SIDES]
        keep_newest(RecordView, known, _view_key, _view)
        keep_work(events)
        now = clock()
        set_limits([_limits(event) for event in _current(known)], now)
        follow_ceilings({event.subject for event in known if event.type == CALL}, now)
        follow_requests({event.subject for event in known if event.type == REQUEST}, now)
        records = {(_SIDES[event.type], event.subject) for event in known}
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
    views = {view.id: view.version for view in RecordView.objects(id__in=ids)}
    return [
        event
        for id_, event in zip(ids, events, strict=True)
        if id_ not in views or views[id_] <= event.version
    ]


def _limits(event: Event) -> Limits:
    """The limits that an event sets.

    A closed record takes no more holds and keeps its limits: what is held of it stays promised. A
    withdrawn one, one that is gone, and one that was merged into another, which has taken over
    what it asked for or gave, has nothing left to give or take.
    """
    side = _SIDES[event.type]
    status = _status(event)
    lines = () if status in _NOTHING_LEFT else line_limits(side, event.data)
    return Limits(side, event.subject, event.version, status in SHOWN, lines)


def _status(event: Event) -> str:
    if event.tombstone:
        return GONE
    status = str(event.data["status"])
    return _CALL_STATUS[status] if event.type == CALL else status


def _view_key(event: Event) -> str:
    return view_id(_SIDES[event.type], event.subject)


def _view(event: Event) -> dict[str, Any]:
    side = _SIDES[event.type]
    state: dict[str, Any] = {
        "side": side,
        "record": event.subject,
        "status": _status(event),
        "stated": None,
        "material": None,
    }
    if not event.tombstone:
        state |= _VIEWS[side](event)
        state["lines"] = [
            {
                "line": line.line,
                "measure": line.measure,
                "unit": line.unit,
                "limit": line.limit,
                "confidential": line.confidential,
                "worth_cents": line.worth_cents,
                "worth_currency": line.worth_currency,
                **written,
            }
            for line, written in zip(
                line_limits(side, event.data), _written(side, event.data), strict=True
            )
        ]
    return state


def _written(side: LedgerSide, data: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What the ledger does not need of each line: its priority and level, in how many grants."""
    if side == "request":
        return [
            {
                "priority": line["priority"],
                "for_parties": line.get("visibility") == Sight.PARTIES.level,
            }
            for line in data["needs"]
        ]
    if side == "offer":
        return [{"portions": _portions(line)} for line in data["provisions"]]
    return [{} for _ in line_limits(side, data)]


def _portions(line: Mapping[str, Any]) -> int | None:
    many = line["capacity"] or 0
    is_money = line["kind"] == "funding" and line["amount_cents"] is not None
    return int(many) if is_money and line["unit"] == _GRANTS and many >= 1 else None


def _view_of_request(event: Event) -> dict[str, Any]:
    return {
        "owner": event.data["country"],
        "priority": event.data["priority"],
        "visibility": event.data.get("visibility"),
        **_judged(event),
    }


def _view_of_offer(event: Event) -> dict[str, Any]:
    data = event.data
    return {
        "owner": data["organisation"],
        "donor_type": data["donor_type"],
        "donor_country": data["donor_country"],
        "conditions": [condition["kind"] for condition in data["conditions"]],
        "condition_hashes": [condition.get("hash", "") for condition in data["conditions"]],
        "call": data["call"],
        **_ceiling(data),
        **_judged(event),
        "eligibility": data["eligibility"],
    }


def _view_of_call(event: Event) -> dict[str, Any]:
    terms = ("window", "themes", "kinds")
    return {
        "owner": event.data["organisation"],
        **_ceiling(event.data),
        "eligibility": event.data["eligibility"],
        "terms": {name: event.data[name] for name in terms},
    }


def _ceiling(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("ceiling_cents", "ceiling_currency")}


def _judged(event: Event) -> dict[str, Any]:
    """What proposals are explained with, and judged by."""
    side: MaterialSide = "request" if event.type == REQUEST else "offer"
    return {"stated": packed(event.data), "material": material(side, event.data)}


_VIEWS: Mapping[str, Callable[[Event], dict[str, Any]]] = {
    "request": _view_of_request,
    "offer": _view_of_offer,
    "call": _view_of_call,
}
