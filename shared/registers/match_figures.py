"""What the report counts of a match: the matcher of its own, the register of offers of activities
that another installation's matches are."""

from collections.abc import Mapping
from typing import Final

from shared.registers.report import Form

FOLLOW_UP_MONTHS: Final = (3, 12)
"""How many months after delivery the State is asked whether the need was met."""
_SCORES: Final = ("adequate", "effective", "sustainable")

MATCH_FIGURES: Final[Mapping[str, Form]] = {
    "matches": "sum",
    "matches-value": "sum",
    "delivered": "share",
    "in-time": "share",
    "received": "share",
    **{f"answered-{months}": "share" for months in FOLLOW_UP_MONTHS},
    **{f"{score}-{months}": "share" for score in _SCORES for months in FOLLOW_UP_MONTHS},
    **{f"reached-{months}": "share" for months in FOLLOW_UP_MONTHS},
    "days-agree": "spread",
    "days-commit": "spread",
    "days-start": "spread",
    "days-deliver": "spread",
}
