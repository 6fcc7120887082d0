"""The life of an entry in the register of arms embargoes."""

from shared.lifecycle import Lifecycle, Step

EMBARGO = Lifecycle(
    "unconfirmed",
    (
        Step("confirm", frozenset({"unconfirmed"}), "confirmed"),
        Step("end", frozenset({"unconfirmed", "confirmed"}), "ended"),
    ),
)
"""An entry that came from a list waits for a coordinator to confirm it, and bars meanwhile: what
may not be true bars too much rather than too little. One that was ended bars up to its last day."""
