"""Which steps of a request its page offers a reader; the service decides whether it lets them."""

from collections.abc import Mapping
from typing import Any

from services.portal.documents import Account
from shared.lifecycle import REQUEST

_OF_STATE = ("submit", "object", "circulate", "close", "withdraw")
_OF_COORDINATORS = ("circulate", "return", "close")


def is_own(account: Account, view: Mapping[str, Any]) -> bool:
    """Whether the reader acts for the State whose request it is."""
    return account.role == "requester" and bool(account.state == view["country"])


def steps_for(account: Account, view: Mapping[str, Any]) -> list[str]:
    """The steps that the reader may take now, in the order of a request's life."""
    status = view["status"]
    possible = REQUEST.allowed(status)
    if is_own(account, view):
        return [step for step in _OF_STATE if step in possible]
    if account.role == "donor" and status in REQUEST.shown:
        own = any(one["organisation"] == account.organisation for one in view["endorsements"])
        return ["endorse", "withdraw-endorsement"] if own else ["endorse"]
    # A coordinator of other regions sees no remarks, and takes no steps.
    # What is submitted is authenticated, or sent back, on a page of its own.
    if account.role == "coordinator" and oversees(account, view) and status != "submitted":
        return [step for step in _OF_COORDINATORS if step in possible]
    return []


def oversees(account: Account, view: Mapping[str, Any]) -> bool:
    """Whether the reader sees all of the request: its State, and those who oversee both sides.

    The service shows what was inferred from a text to nobody else.
    """
    return is_own(account, view) or (account.role != "donor" and "inferred" in view)


def told_of_embargoes(account: Account, view: Mapping[str, Any]) -> bool:
    """Whether the reader is told what embargoes say of a request, while anything comes of it."""
    return oversees(account, view) and not REQUEST.is_final(view["status"])


def sees_offers(account: Account, view: Mapping[str, Any]) -> bool:
    """Whether the reader sees offers that fit the request: a donor its own, other States none."""
    return account.role != "requester" or is_own(account, view)


def may_change(account: Account, view: Mapping[str, Any]) -> bool:
    """Whether the reader may write on."""
    return is_own(account, view) and not REQUEST.is_final(view["status"])
