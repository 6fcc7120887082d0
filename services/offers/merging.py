"""Merging an offer into another of the same organisation."""

from typing import Any

from services.offers.documents import AssistanceOffer, ProvisionLine
from shared.registers.merging_rules import Register
from shared.web.problems import invalid_field

_TERMS = ("eligibility", "conditions", "call")


def _refuse(offer: AssistanceOffer, other: AssistanceOffer) -> None:
    others = [name for name in _TERMS if _term(offer, name) != _term(other, name)]
    if others:
        message = (
            f"The other offer differs in {' and '.join(others)}: the provisions of this one would "
            "be offered on other terms than the donor's."
        )
        raise invalid_field("lines", message, "other-terms")
    if other.public and not offer.public:
        message = "The other offer is public and this one is not: everybody would see its lines."
        raise invalid_field("lines", message, "not-public")


def _term(offer: AssistanceOffer, name: str) -> Any:
    """What the offer says there; conditions by what they say, for old ones have no hash."""
    if name == "conditions":
        return [(condition.kind, condition.text) for condition in offer.conditions]
    return getattr(offer, name)


def _complete(provision: ProvisionLine, offer: AssistanceOffer) -> None:
    """A provision has nothing from its offer that it could keep."""


OFFERS = Register(AssistanceOffer, "organisation", _refuse, _complete)
