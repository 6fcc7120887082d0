"""Requests as event data for tests of alliances; States are used as examples only."""

from typing import Any

from services.matcher.engine.affinity import shipped
from services.matcher.engine.alliances import Formation
from services.matcher.engine.asks import Ask
from services.matcher.engine.geography import Geography
from tests.services.matcher.engine.samples import TODAY, WINDOW, need, signed

MARKING = "Four marking machines and training of operators for the police"
DEPOT = "Construction of an ammunition depot with lightning protection"


def ask_data(
    id_: str, country: str, text: str = MARKING, day: str = "2026-01-05", **more: Any
) -> dict[str, Any]:
    """A request first submitted on a day: by the text, for marking machines or for a depot."""
    theme = "marking" if text == MARKING else "ammunition"
    return {
        "id": id_,
        "status": "published",
        "country": country,
        "priority": None,
        "window": WINDOW,
        "needs": [{**need(theme=theme), "confidential": False}],
        "signature": signed(text),
        "history": [
            {"source": "draft", "target": "submitted", "at": f"{day}T08:00:00Z"},
            {"source": "submitted", "target": "published", "at": f"{day}T09:00:00Z"},
        ],
        **more,
    }


def ask(id_: str, country: str, *args: Any, **more: Any) -> Ask:
    """The ask of `ask_data`."""
    return Ask.of_event(ask_data(id_, country, *args, **more))


def formation() -> Formation:
    """Nothing heard yet."""
    return Formation(shipped(), Geography.of_vocabulary(TODAY))


def settled(found: Formation) -> dict[str, tuple[str, ...]]:
    """The alliances by anchor, once nothing waits."""
    while not found.settle(3):
        pass
    day = TODAY.toordinal()
    groups = {anchor: found.members(anchor, day) for anchor in found.anchors()}
    return {anchor: members for anchor, members in groups.items() if members}
