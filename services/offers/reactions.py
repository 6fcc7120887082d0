"""What the register of offers does when others tell of something."""

from collections.abc import Sequence

from shared.events.envelope import Event
from shared.registers.commitments import apply_commitments


def on_matches(events: Sequence[Event]) -> None:
    """Keep how much of each provision line is committed; other events of matches.v1 pass by."""
    apply_commitments(events, "offer")
