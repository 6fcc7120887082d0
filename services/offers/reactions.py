"""What the register of offers does when others tell of something."""

from collections.abc import Sequence

from shared.events.envelope import Event
from shared.registers.commitments import apply_commitments
from shared.registers.matched import apply_matches


def on_matches(events: Sequence[Event]) -> None:
    """Keep how much of each provision line is pledged, committed and given.

    Other events of matches.v1 pass by.
    """
    apply_matches(events)
    apply_commitments(events, "offer")
