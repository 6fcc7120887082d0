"""What is kept of a request, an offer or a call by its event: the fields of its RecordView."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.matcher.domain import LedgerSide, line_limits
from services.matcher.engine.stated import packed
from services.matcher.material import MaterialSide, material
from shared.events.envelope import CALL, OFFER, REQUEST, Event
from shared.web.visibility import Sight

SIDES: dict[str, LedgerSide] = {REQUEST: "request", OFFER: "offer", CALL: "call"}
GONE = "gone"
"""Status of a record that a restore made vanish."""
_CALL_STATUS = {"open": "published", "removed": "withdrawn"}

_GRANTS = "scholarships"
"""The vocabulary's code for scholarships and grants."""


def status_of(event: Event) -> str:
    """What the record is now: as its event says, a call as an offer would."""
    if event.tombstone:
        return GONE
    status = str(event.data["status"])
    return _CALL_STATUS[status] if event.type == CALL else status


def view_state(event: Event) -> dict[str, Any]:
    """What is kept of a record by its event, without id and version."""
    side = SIDES[event.type]
    state: dict[str, Any] = {
        "side": side,
        "record": event.subject,
        "status": status_of(event),
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
