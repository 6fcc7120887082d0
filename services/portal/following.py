"""From state events to notifications: each step of a record's history is told once to each.

A record's whole history comes with every event, so it does not matter how many events were
coalesced into one, how often one comes, or in which order; `Followed` remembers what was told only
to spare the work. A proposal's donor is told nothing before the request is known by its own event:
by then its steps are told as well.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import UpdateOne

from services.portal.accounts import identity_of
from services.portal.documents import Account
from services.portal.domain.telling import Who, tellings
from services.portal.note_documents import Followed
from services.portal.notifying import MAIL_AGE, Note, notify
from shared.events.envelope import COMMITMENT, MATCH, OFFER, REQUEST, Event
from shared.events.projections import keep_newest
from shared.lifecycle import PARTY
from shared.lifecycle import REQUEST as REQUEST_LIFE
from shared.web.identity import covers
from shared.web.visibility import Sight, sees, sight

TYPES = {REQUEST: "request", OFFER: "offer", MATCH: "match", COMMITMENT: "commitment"}


def keep_telling(
    clock: Callable[[], datetime], mail_age: timedelta = MAIL_AGE
) -> Callable[[Sequence[Event]], None]:
    """The handler of events of requests, offers and matches; others are passed over."""

    def handle(events: Sequence[Event]) -> None:
        known = [event for event in events if event.type in TYPES]
        if not known:
            return
        keep_newest(Followed, known, _key, _state)
        ids = {_key(event) for event in known}
        requests = [event.subject for event in known if event.type == REQUEST]
        # With proposals that came before their request: what they told nobody is told now.
        waiting = Followed.objects(request__in=requests, lacking=True) if requests else ()
        records = {one.id: one for one in (*Followed.objects(id__in=ids), *waiting)}
        world = _World.around(records.values())
        now = clock()
        done = [_done(one) for one in records.values() if _tell(one, world, now, mail_age)]
        if done:
            Followed._get_collection().bulk_write(done, ordered=False)

    return handle


@dataclass(frozen=True)
class _World:
    """What is known around some records: the requests of proposals, and accounts by their role.

    Accounts are read once, when a role is first asked for: there are few, and of a batch of events
    each may concern some.
    """

    requests: Mapping[str, Followed]
    accounts: dict[str, list[Account]]

    @classmethod
    def around(cls, records: Iterable[Followed]) -> "_World":
        ids = {f"request:{one.request}" for one in records if one.record_type == "match"}
        found = Followed.objects(id__in=ids) if ids else ()
        return cls({one.record: one for one in found}, {})

    def request_of(self, record: Followed) -> Followed | None:
        """The request of a proposal, if it is known."""
        return self.requests.get(record.request) if record.record_type == "match" else None

    def of_role(self, role: str) -> list[Account]:
        """The accounts of a role."""
        if role not in self.accounts:
            self.accounts[role] = list(Account.objects(role=role, erased_at=None))
        return self.accounts[role]


def _key(event: Event) -> str:
    return f"{TYPES[event.type]}:{event.subject}"


def _state(event: Event) -> dict[str, Any]:
    """What is kept of a record by its event, without id and version."""
    data, record_type = event.data, TYPES[event.type]
    state: dict[str, Any] = {"record_type": record_type, "record": event.subject, "history": []}
    if event.tombstone:
        return {**state, "status": "gone"}
    state |= {
        "status": data["status"],
        "country": data.get("country"),
        "organisation": data.get("organisation"),
        "history": [dict(step) for step in data["history"]],
    }
    if record_type == "request":
        levels = (line.get("visibility") or _level_before(line) for line in data["needs"])
        state["visibility"] = data.get("visibility") or Sight.RESTRICTED.level
        state["line_levels"] = list(levels)
    if record_type == "match":
        answer_by = data.get("answer_by")
        state["request"] = data["request"]
        state["answer_by"] = None if answer_by is None else _time(answer_by)
        state["lacking"] = True
    if record_type == "commitment":
        # What is taken of the offer's lines both sides see. Where there is no offer no donor is
        # told: a line of the request may be one that donors do not see.
        side = "offer" if data["offer"] is not None else "request"
        if side == "request":
            state["organisation"] = None
        state["amounts"] = [
            {name: line[name] for name in ("measure", "amount", "unit")}
            for line in data["lines"]
            if line["side"] == side
        ]
    return state


def _level_before(line: dict[str, Any]) -> str:
    """The level of a line of an event from before lines had levels."""
    return (Sight.COORDINATORS if line["confidential"] else Sight.RESTRICTED).level


def _tell(record: Followed, world: _World, now: datetime, mail_age: timedelta) -> bool:
    """Tell what was not told of the record's history; whether all of it is told by now."""
    if _told(record) == len(record.history) and not record.lacking:
        return False
    for place in range(_told(record), len(record.history)):
        step = record.history[place]
        at = _time(step["at"])
        for telling in tellings(record.record_type, step):
            if telling.kind == "request-circulated" and at <= now - mail_age:
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
            notify(note, _told_of(record, step, telling.who, world), now, mail_age)
    return record.record_type != "match" or world.request_of(record) is not None


def _done(record: Followed) -> UpdateOne:
    """The write that says that the history is told."""
    return UpdateOne(
        {"_id": record.id, "epoch": record.epoch, "number": record.number},
        {
            "$set": {"told": len(record.history), "told_at": _last(record.history)},
            "$unset": {"lacking": ""},
        },
    )


def _told(record: Followed) -> int:
    """How many steps were told; none where the history is not the one that was told."""
    told = int(record.told or 0)
    return told if _last(record.history[:told]) == record.told_at else 0


def _last(history: Sequence[Any]) -> str | None:
    return str(history[-1]["at"]) if history else None


def _facts(record: Followed, step: dict[str, Any]) -> dict[str, Any]:
    facts = {
        "country": record.country,
        "organisation": record.organisation,
        "target": step["target"],
        "role": step["role"],
        "reason": step.get("reason"),
        "answer_by": record.answer_by if step["target"] == record.status else None,
        "amounts": [dict(amount) for amount in record.amounts],
    }
    return {name: value for name, value in facts.items() if value}


def _told_of(
    record: Followed, step: dict[str, Any], who: Iterable[Who], world: _World
) -> Iterator[Account]:
    """The accounts that are told of a step: all of those named but who took it."""
    for one in who:
        for account in _FINDERS[one](record, world):
            if account.id != step.get("subject"):
                yield account


def _of_state(record: Followed, world: _World) -> Iterator[Account]:
    if record.country is not None:
        yield from (one for one in world.of_role("requester") if one.state == record.country)


def _of_donor(record: Followed, world: _World) -> Iterator[Account]:
    request = world.request_of(record)
    if record.organisation is None or (record.record_type == "match" and request is None):
        return
    party = record.status in PARTY
    for account in world.of_role("donor"):
        own = account.organisation == record.organisation
        if own and (request is None or _may_read(account, request, party=party)):
            yield account


def _coordinating(record: Followed, world: _World) -> Iterator[Account]:
    """Those who coordinate the State; what concerns none, those who coordinate all regions."""
    for account in world.of_role("coordinator"):
        if covers(identity_of(account), record.country):
            yield account


def _donors(record: Followed, world: _World) -> Iterator[Account]:
    if record.status not in REQUEST_LIFE.shown:
        return  # by now no donor reads it
    for account in world.of_role("donor"):
        if _may_read(account, record, party=False):
            yield account


_FINDERS: dict[Who, Callable[[Followed, _World], Iterable[Account]]] = {
    "state": _of_state,
    "donor": _of_donor,
    "coordinators": _coordinating,
    "donors": _donors,
}


def _may_read(account: Account, request: Followed, *, party: bool) -> bool:
    """Whether the account reads the request, and any of its lines."""
    reader = sight(identity_of(account), request.country, party=party)
    lines = request.line_levels
    level = request.visibility or Sight.COORDINATORS.level
    return sees(reader, level) and (not lines or any(sees(reader, line) for line in lines))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
