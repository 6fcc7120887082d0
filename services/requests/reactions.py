"""What the register of requests does when others tell of something."""

from collections.abc import Sequence

from shared.events.envelope import Event
from shared.registers.commitments import apply_commitments


def on_matches(events: Sequence[Event]) -> None:
    """Keep how much of each need line is committed; other events of matches.v1 pass by."""
    apply_commitments(events, "request")
