"""What the register of requests does when others tell of something."""

from collections.abc import Callable, Sequence
from datetime import datetime

from services.requests.circulating import settle
from shared.events.envelope import Event
from shared.registers.commitments import apply_commitments, records_of
from shared.registers.context import system_clock
from shared.registers.matched import apply_matches


def on_matches(events: Sequence[Event], clock: Callable[[], datetime] = system_clock) -> None:
    """Keep how much of each need line is committed, and bring the requests to the state of that;
    keep which donors are parties to which request, and what is pledged and given.

    Other events of matches.v1 pass by.
    """
    apply_matches(events)
    concerned = records_of(events, "request")
    apply_commitments(events, "request")
    settle(concerned, clock())
