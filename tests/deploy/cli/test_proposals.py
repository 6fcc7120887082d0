"""What `entraide proposals` prints, from what the services answer."""

from typing import Any

from rich.console import Console

from deploy.cli.proposals import show_proposals
from entraide.client import Answer

PROPOSAL = {
    "rank": 1,
    "score": 0.91234,
    "offer": "o1",
    "organisation": "agency",
    "status": "proposed",
    "cooperation": "South–South cooperation.",
    "reasons": [{"sentence": "Both texts are about: Marking (98% alike)."}],
    "against": [{"sentence": "The offer has conditions, to which the State must agree."}],
    "lacking": [{"sentence": "It serves 4 of the 6 machines of need line 1."}],
    "contradictions": [
        {"side": "request", "sentence": "The request's codes say “Marking”."},
        {"side": "offer", "sentence": "The offer's codes say “Tracing”."},
    ],
}
REQUEST = {"id": "r1", "title": "Marking", "country": "SEN", "status": "circulated"}


class Answers:
    """Answers as the services do."""

    def __init__(self, *proposals: dict[str, Any]) -> None:
        self._bodies = {
            "/v1/proposals": {"items": list(proposals)},
            "/v1/offers/o1": {"title": "Machines on loan", "organisation": "agency"},
            "/v1/organisations/agency": {"name": "Example Agency"},
        }

    def get(self, _service: str, path: str, **_query: Any) -> Answer:
        """The body for a path."""
        return Answer(self._bodies[path])


def shown(*proposals: dict[str, Any]) -> list[str]:
    """The lines that are printed."""
    console = Console(width=160, record=True)
    client: Any = Answers(*proposals)
    show_proposals(client, REQUEST, console, language="en", limit=10)
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_reasons_what_is_lacking_and_what_is_doubtful_stand_in_this_order() -> None:
    lines = shown(PROPOSAL)
    assert lines[:3] == [
        "Marking",
        "r1, SEN, circulated",
        "! The request's codes say “Marking”.",
    ]
    text = "\n".join(lines)
    told = [
        "+ Both texts are about: Marking (98% alike).",
        "– The offer has conditions, to which the State must agree.",
        "○ It serves 4 of the 6 machines of need line 1.",
        "! The offer's codes say “Tracing”.",
    ]
    places = [text.index(one) for one in told]
    assert places == sorted(places)
    assert "Example Agency" in text
    assert "South–South cooperation." in text


def test_without_proposals_it_says_why() -> None:
    assert shown()[-1] == "No proposals: no offer fits, or the matcher has not come to it yet."
