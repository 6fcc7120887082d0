"""Whose records they are, and what a reader may do with what is theirs."""

from collections.abc import Mapping
from typing import Any

from services.portal.documents import Account
from shared.lifecycle import OFFER

_OVERSEERS = {"publish", "close"}


def owns(reader: Account, record: Mapping[str, Any]) -> bool:
    """Whether the reader's account acts for the organisation whose record it is."""
    return bool(reader.role == "donor" and reader.organisation == record.get("organisation"))


def whose_of(reader: Account, query: Mapping[str, str]) -> str | None:
    """Of whose records a list is: a donor's own unless its address asks for all; None for all."""
    mine = reader.role == "donor" and query.get("whose") != "all"
    return str(reader.organisation) if mine else None


def steps_for(reader: Account, offer: Mapping[str, Any]) -> list[str]:
    """The steps of an offer's life that the reader may take now."""
    if owns(reader, offer):
        may = {"submit", "publish", "close", "withdraw"}
    else:
        may = _OVERSEERS if reader.role == "coordinator" and not reader.regions else set()
    return [step for step in OFFER.allowed(offer["status"]) if step in may]


def may_change(reader: Account, offer: Mapping[str, Any]) -> bool:
    """Whether the reader may change what the offer says."""
    return owns(reader, offer) and not OFFER.is_final(offer["status"])
