"""Requests and activities as the engine's coverage sees them, from texts written for the tests."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.matcher.engine.activities import Activities, ActivityProfile
from services.matcher.engine.profiles import RequestProfile
from shared.language import signature
from shared.language.particulars import Author

KEY = b"for tests"
SENEGAL = Author(country="SEN")
WINDOW = {"from": "2026-06-01", "to": "2028-06-30"}
NEED = (
    "Rifles of the border guard bear no mark. Six engraving machines with spare parts are needed."
)
GIVEN = (
    "Six engraving machines and spare parts are delivered to mark the rifles of the border guard."
)


def line(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A need line for six marking machines, with other values where given."""
    return {
        "line": number,
        "theme": "marking",
        "kind": "equipment",
        "quantity": 6,
        "unit": "machines",
        "amount_cents": 20_000_000,
        "currency": "USD",
        **fields,
    }


def request(
    id_: str = "r", lines: Sequence[Mapping[str, Any]] = (), text: str | None = NEED, **fields: Any
) -> RequestProfile:
    """A published request of SEN."""
    data = {
        "id": id_,
        "status": "published",
        "country": "SEN",
        "priority": None,
        "window": WINDOW,
        "needs": [dict(one) for one in lines] or [line()],
        "signature": text and signature({"description": text}, "en", KEY, "request", SENEGAL),
        **fields,
    }
    return RequestProfile.of_event(data)


def activity(id_: str = "a", text: str | None = GIVEN, **fields: Any) -> ActivityProfile:
    """An activity under way in SEN that gives what the request needs."""
    data = {
        "id": id_,
        "status": "ongoing",
        "country": "SEN",
        "window": WINDOW,
        **{name: value for name, value in line().items() if name != "line"},
        "signature": text and signature({"description": text}, "en", KEY, "offer", SENEGAL),
        **fields,
    }
    return ActivityProfile.of_event(data)


def held(*profiles: RequestProfile | ActivityProfile) -> Activities:
    """An index of these, in the order given."""
    index = Activities()
    for profile in profiles:
        if isinstance(profile, RequestProfile):
            index.put_request(profile)
        else:
            index.put_activity(profile)
    return index
