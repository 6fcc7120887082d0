"""Requests and offers that a coordinator supposes, as if they were there: kept and told nowhere."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from services.matcher.domain import CENTS
from services.matcher.embargo_documents import Embargo
from services.matcher.engine.geography import Geography
from services.matcher.engine.pairing import Pairing
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.stated import Window, unpacked
from services.matcher.engine.supposed import Sides, supposed_pairs
from services.matcher.exchange import Measured
from services.matcher.models import active_model
from services.matcher.record_states import view_state
from services.matcher.record_views import Line, View, Views
from shared.events.envelope import OFFER, REQUEST, Event
from shared.events.versions import Version
from shared.registers.counting import UNNAMED_UNIT, WHOLE_UNIT
from shared.registers.measures import event_unit

_SOURCE = "/entraide/matcher"
_THOUSANDTHS = 1000

Lines = Mapping[tuple[str, int], Measured]


@dataclass(frozen=True)
class Supposed:
    """Views of requests and offers that are only supposed, by ids that no record has."""

    requests: Views
    offers: Views

    def __contains__(self, record: str) -> bool:
        return record in self.requests or record in self.offers

    @property
    def empty(self) -> bool:
        """Whether nothing is supposed."""
        return not (self.requests or self.offers)


NOTHING = Supposed({}, {})


def supposed(
    requests: Sequence[Mapping[str, Any]], offers: Sequence[Mapping[str, Any]], on: date
) -> Supposed:
    """From bodies as what_if_schemas.py loads them; their ids count from 1 in the order given."""
    return Supposed(
        {view.record: view for view in _views(REQUEST, "request", map(_request, requests), on)},
        {view.record: view for view in _views(OFFER, "offer", map(_offer, offers), on)},
    )


def pairs_of(
    wanted: Supposed, requests: Views, offers: Views, needs: Lines, provisions: Lines, on: date
) -> list[Pairing]:
    """The best pairs of what is supposed with one another and with what is there.

    `needs` and `provisions` tell what is left of the lines.
    """
    of_requests = [view for id_, view in requests.items() if id_ not in wanted.requests]
    of_offers = [view for id_, view in offers.items() if id_ not in wanted.offers]
    sides = (
        Sides(list(map(_request_profile, of_requests)), list(map(_offer_profile, of_offers))),
        Sides(
            list(map(_request_profile, wanted.requests.values())),
            list(map(_offer_profile, wanted.offers.values())),
        ),
    )
    taken = [
        (side, record, number, one.line.measure, one.line.limit - one.own_free)
        for side, lines in (("request", needs), ("offer", provisions))
        for (record, number), one in lines.items()
        if one.own_free < one.line.limit
    ]
    return supposed_pairs(
        active_model(),
        Geography.of_vocabulary(on),
        *sides,
        taken,  # type: ignore[arg-type]
        [one.facts() for one in Embargo.objects],
    )


def _views(type_: str, side: str, states: Iterable[dict[str, Any]], on: date) -> Iterator[View]:
    at = datetime.combine(on, time(), UTC)
    for number, data in enumerate(states, start=1):
        id_ = f"supposed-{side}-{number}"
        event = Event(type_, _SOURCE, id_, at, Version(0, number), {**data, "id": id_})
        state = view_state(event)
        lines = [Line(**line) for line in state.pop("lines")]
        yield View(id=f"{side}:{id_}", epoch=0, number=number, lines=lines, **state)


def _request(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body as the data of a request's event, as far as it is looked at."""
    return {
        "status": "published",
        "country": body["country"],
        "priority": body["priority"],
        "window": _days(body["window"]),
        "needs": [
            {
                **_line(number, need, need["quantity"], "quantity"),
                "priority": need["priority"],
                "window": _days(need["window"]),
                "confidential": False,
            }
            for number, need in enumerate(body["needs"], start=1)
        ],
        "signature": None,
    }


def _offer(body: Mapping[str, Any]) -> dict[str, Any]:
    ceiling = body["ceiling"] or {"amount": None, "currency": None}
    return {
        "status": "published",
        "organisation": body["organisation"],
        "donor_type": None,
        "donor_country": None,
        "window": _days(body["window"]),
        "provisions": [
            _line(number, one, one["capacity"], "capacity")
            for number, one in enumerate(body["provisions"], start=1)
        ],
        "eligibility": body["eligibility"],
        "conditions": [{"kind": kind} for kind in body["conditions"]],
        "ceiling_cents": _cents(ceiling["amount"]),
        "ceiling_currency": ceiling["currency"],
        "call": body["call"],
        "signature": None,
    }


def _line(number: int, body: Mapping[str, Any], quantity: Any, name: str) -> dict[str, Any]:
    return {
        "line": number,
        "theme": body["theme"],
        "kind": body["kind"],
        name: None if quantity is None else float(quantity),
        "unit": event_unit(body["unit"]),
        "amount_cents": _cents(body["amount"]),
        "currency": body["currency"],
    }


def _cents(amount: Any) -> int | None:
    return None if amount is None else int(amount * CENTS)


def _days(window: Mapping[str, date] | None) -> dict[str, str] | None:
    return None if window is None else {name: day.isoformat() for name, day in window.items()}


def _request_profile(view: View) -> RequestProfile:
    return RequestProfile.of_event(
        {
            "id": view.record,
            "status": "published",
            "country": view.owner,
            "priority": view.priority,
            "window": _told(unpacked(view.stated).window),
            "needs": _told_lines(view, "quantity"),
            "signature": None,
        }
    )


def _offer_profile(view: View) -> OfferProfile:
    return OfferProfile.of_event(
        {
            "id": view.record,
            "status": "published",
            "organisation": view.owner,
            "donor_type": view.donor_type,
            "donor_country": view.donor_country,
            "window": _told(unpacked(view.stated).window),
            "provisions": _told_lines(view, "capacity"),
            "eligibility": view.eligibility,
            "conditions": view.conditions,
            "ceiling_cents": view.ceiling_cents,
            "ceiling_currency": view.ceiling_currency,
            "signature": None,
        }
    )


def _told_lines(view: View, measure: str) -> list[dict[str, Any]]:
    """A view's lines as an event has them: what is counted in money states no quantity."""
    stated = unpacked(view.stated).lines
    lines = []
    for line in view.lines:
        known = stated.get(line.line)
        if known is None:
            continue
        counted = line.measure == "quantity" and line.unit != WHOLE_UNIT
        is_money = line.measure == "money"
        lines.append(
            {
                "line": line.line,
                "theme": known.theme,
                "kind": known.kind,
                measure: line.limit / _THOUSANDTHS if counted else None,
                "unit": line.unit if counted and line.unit != UNNAMED_UNIT else None,
                "amount_cents": line.limit if is_money else line.worth_cents,
                "currency": line.unit if is_money else line.worth_currency,
                "priority": line.priority,
                "window": _told(known.window),
            }
        )
    return lines


def _told(window: Window | None) -> dict[str, str] | None:
    if window is None:
        return None
    return {"from": window.first.isoformat(), "to": window.last.isoformat()}
