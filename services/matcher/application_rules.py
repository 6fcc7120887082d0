"""The life of an application to a trust fund's call, and what a call admits."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from services.matcher.engine.geography import Geography
from shared.lifecycle import Lifecycle, Step

APPLICATION = Lifecycle(
    "draft",
    (
        Step("submit", frozenset({"draft"}), "submitted"),
        Step("withdraw", frozenset({"draft", "submitted"}), "withdrawn"),
        Step("decline", frozenset({"submitted"}), "declined"),
        Step("approve", frozenset({"submitted"}), "approving"),
        Step("hold", frozenset({"approving"}), "approved"),
        Step("fail", frozenset({"approving"}), "undoing"),
        Step("return", frozenset({"undoing"}), "submitted"),
    ),
)
"""Requests are assembled in a draft, submitted to the fund, and approved or declined by it.

While it is `approving` the ledger takes its lines; where it cannot take all of them, what was
taken is given back (`undoing`) and the application stands as it was submitted.
"""

UNFINISHED = ("approving", "undoing")
"""States that the matcher itself leads on from."""

_FUNDING = "funding"


def late_or_early(window: Mapping[str, str] | None, on: date) -> str | None:
    """Why a call takes no applications on a day; None if it does."""
    if window is None:
        return None
    if on.isoformat() < window["from"]:
        return f"the call takes applications from {window['from']} on"
    if on.isoformat() > window["to"]:
        return f"the call took applications until {window['to']}"
    return None


def is_eligible(eligibility: Mapping[str, Any], country: str, geography: Geography) -> bool:
    """Whether a call is for a State, on the geography's day; for anyone if it names nobody."""
    countries, regions, groups = (
        eligibility.get(n) or () for n in ("countries", "regions", "groups")
    )
    if not (countries or regions or groups):
        return True
    return (
        country in countries
        or geography.area(country) in regions
        or bool(geography.groups(country) & set(groups))
    )


def serves_line(
    themes: Collection[str], kinds: Collection[str], theme: str, kind: str
) -> str | None:
    """Which of `theme` and `kind` keeps a call from paying for a need line; None if neither.

    Money pays for every kind of help; a call that names nothing is for all.
    """
    if themes and theme not in themes:
        return "theme"
    if kinds and _FUNDING not in kinds and kind not in kinds:
        return "kind"
    return None
