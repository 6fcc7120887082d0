"""Requests and offers as their events tell of them, for the matcher's tests."""

from datetime import UTC, datetime
from typing import Any

from services.matcher.documents import CommitmentLine, Match
from shared.events import validation
from shared.events.envelope import ACTIVITY, CALL, MATCH, OFFER, REQUEST, Event
from shared.events.outbox import Transition, create
from shared.events.versions import Version

NOW = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)


def need(line: int = 1, **fields: Any) -> dict[str, Any]:
    """A need line for marking machines, with other values where given."""
    (example,) = validation.example(REQUEST)["needs"]
    return {**example, "line": line, **fields}


def provision(line: int = 1, **fields: Any) -> dict[str, Any]:
    """A provision line of marking machines, with other values where given."""
    (example,) = validation.example(OFFER)["provisions"]
    return {**example, "line": line, **fields}


def request_event(id_: str, number: int = 1, *, epoch: int = 1, **fields: Any) -> Event:
    """The state of a request at a version; fields as in the schema's example unless given."""
    return _event(REQUEST, "/entraide/requests", id_, Version(epoch, number), fields)


def offer_event(id_: str, number: int = 1, *, epoch: int = 1, **fields: Any) -> Event:
    """The state of an offer at a version, open to all; else as in the schema's example."""
    fields = {"eligibility": {"countries": [], "regions": [], "groups": []}, **fields}
    return _event(OFFER, "/entraide/offers", id_, Version(epoch, number), fields)


def call_event(id_: str, number: int = 1, **fields: Any) -> Event:
    """The state of a trust fund's call at a version; fields as in the schema's example."""
    return _event(CALL, "/entraide/offers", id_, Version(1, number), fields)


def activity_event(id_: str, number: int = 1, *, epoch: int = 1, **fields: Any) -> Event:
    """The state of an activity that gives what the example of a request needs, without a text."""
    (asked,) = validation.example(REQUEST)["needs"]
    measures = ("theme", "kind", "quantity", "unit", "amount_cents", "currency")
    given = {name: asked[name] for name in measures}
    window = {"from": "2026-03-01", "to": "2027-06-30"}
    fields = {**given, "window": window, "signature": None, **fields}
    return _event(ACTIVITY, "/entraide/offers", id_, Version(epoch, number), fields)


def tombstone(event: Event) -> Event:
    """The tombstone of the record that the event is about, above its version."""
    version = Version(event.version.epoch + 1, 0)
    return Event(event.type, event.source, event.subject, NOW, version, {}, tombstone=True)


def _event(type_: str, source: str, id_: str, version: Version, fields: dict[str, Any]) -> Event:
    data = {**validation.example(type_), **fields, "id": id_}
    event = Event(type_, source, id_, NOW, version, data)
    assert validation.problem(type_, data) is None, validation.problem(type_, data)
    return event


def agreed(request: str, offer: str) -> Match:
    """A stored proposal that was endorsed, and that donor and State have agreed to."""
    match = Match(
        id=f"{request}.{offer}",
        request=request,
        offer=offer,
        country="SEN",
        organisation="66f0000000000000000000d1",
        status="agreed",
        request_version="1.1",
        offer_version="1.1",
        history=[
            Transition(source=source, target=target, action=action, at=NOW, role=role)
            for source, target, action, role in (
                ("proposed", "endorsed", "endorse", "coordinator"),
                ("endorsed", "donor-agreed", "donor-agree", "donor"),
                ("donor-agreed", "agreed", "agree", "requester"),
            )
        ],
    )
    create(match, NOW)
    return match


def commitment_line(side: str, record: str, amount: int, line: int = 1) -> CommitmentLine:
    """Machines, in thousandths, of a line of a record."""
    return CommitmentLine(
        side=side, record=record, line=line, measure="quantity", unit="machines", amount=amount
    )


DONOR = "66f0000000000000000000d1"


def followed_up(
    id_: str, country: str, score: int | None, number: int = 1, donor: str = DONOR, **facts: Any
) -> Event:
    """The event of a proposal that was delivered, and judged so after 3 months, if at all."""
    at = "2026-03-05T08:00:00Z"
    question = {
        "months": 3,
        **dict.fromkeys(("due_at", "asked_at"), at),
        "answered_at": None if score is None else at,
        "replied_at": None,
        **dict.fromkeys(("adequate", "effective", "sustainable"), score),
    }
    known = {"theme": "marking", "in_time": None, "received": None, **facts}
    data = {
        **validation.example(MATCH),
        "id": id_,
        "country": country,
        "organisation": donor,
        "status": "follow-up",
        "follow_ups": [question],
        "outcome": known,
    }
    assert validation.problem(MATCH, data) is None, validation.problem(MATCH, data)
    return Event(MATCH, "/entraide/matcher", id_, NOW, Version(1, number), data)
