"""State events as the other services send them, for what the portal makes of them."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import shared.events
from shared.events.aggregate import timestamp
from shared.events.envelope import (
    ALLIANCE,
    APPLICATION,
    COMMITMENT,
    COVERAGE,
    DRAFT,
    DUPLICATE,
    EMBARGO,
    JOINING,
    MATCH,
    OFFER,
    REQUEST,
    Event,
    check,
)
from shared.events.versions import Version

REQUEST_ID, OFFER_ID = "66f0000000000000000000a1", "66f0000000000000000000b1"
MATCH_ID = f"{REQUEST_ID}.{OFFER_ID}"
DONOR, ORGANISATION = "66f0000000000000000000d1", "66f0000000000000000000d2"
ENDORSED = ("endorse", "proposed", "endorsed")
_EXAMPLES = Path(shared.events.__file__).parent / "examples"
_SOURCES = {REQUEST: "requests", OFFER: "offers"} | dict.fromkeys(
    (MATCH, COMMITMENT, JOINING, ALLIANCE, DUPLICATE, COVERAGE, EMBARGO, APPLICATION, DRAFT),
    "matcher",
)


def step(action: str, source: str | None, target: str, at: datetime, **more: Any) -> dict[str, Any]:
    """A step of a history; `role` is the coordinator's unless `more` says otherwise."""
    who = {"role": "coordinator", "party": None, **more}
    return {"source": source, "target": target, "action": action, "at": timestamp(at), **who}


def event(
    type_: str,
    history: Sequence[dict[str, Any]],
    number: int | None = None,
    epoch: int = 1,
    **changes: Any,
) -> Event:
    """A valid event of that type: the schema's example with another history and what differs."""
    data = json.loads((_EXAMPLES / f"{type_}.json").read_text())
    status = history[-1]["target"] if history else data["status"]
    data |= {"status": status, "history": list(history), **changes}
    made = Event(
        type=type_,
        source=f"/entraide/{_SOURCES[type_]}",
        subject=data["id"],
        time=datetime.fromisoformat(history[-1]["at"] if history else "2026-01-01T00:00:00Z"),
        version=Version(epoch, len(history) if number is None else number),
        data=data,
    )
    check(made)
    return made


def circulated(clock: Callable[[], datetime], **changes: Any) -> Event:
    history = [
        step("submit", "draft", "submitted", clock(), role="requester", party="SEN"),
        step("authenticate", "submitted", "authenticated", clock()),
        step("circulate", "authenticated", "circulated", clock(), role="service"),
    ]
    return event(REQUEST, history, **changes)


def matched(clock: Callable[[], datetime], *actions: tuple[str, str, str], **changes: Any) -> Event:
    history = [step(action, source, target, clock()) for action, source, target in actions]
    return event(MATCH, history, **changes)
