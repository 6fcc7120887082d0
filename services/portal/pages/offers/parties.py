"""Whose records they are: organisations' names, and what a reader may do with what is theirs."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.portal.documents import Account
from services.portal.pages.asking import ask, gather
from services.portal.services import AwayError
from shared.lifecycle import OFFER

_OVERSEERS = {"publish", "close"}


def names_of(organisations: Iterable[str | None]) -> dict[str, str]:
    """The names of organisations by id; an id itself where its register is away."""
    wanted = sorted({one for one in organisations if one})
    calls = {f"n{at}": ask("offers", f"/v1/organisations/{one}") for at, one in enumerate(wanted)}
    found = gather(**calls)
    names = {}
    for at, one in enumerate(wanted):
        answer = found[f"n{at}"]
        names[one] = one if isinstance(answer, AwayError) else str(answer.body["name"])
    return names


def owns(reader: Account, record: Mapping[str, Any]) -> bool:
    """Whether the reader's account acts for the organisation whose record it is."""
    return bool(reader.role == "donor" and reader.organisation == record.get("organisation"))


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
