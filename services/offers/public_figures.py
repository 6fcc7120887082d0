"""Figures for everybody: how much of what donors offer and do is public."""

from datetime import datetime
from typing import Any, Final

from services.offers.documents import Activity, AssistanceOffer
from services.offers.queries import PUBLIC, PUBLIC_OFFER
from shared.registers.avoided import avoided
from shared.registers.through import count

_RUNNING: Final = {**PUBLIC, "status": {"$in": ["planned", "ongoing"]}}
_KEPT: Final = {"status": {"$in": ["published", "closed"]}}


def offer_figures(now: datetime) -> dict[str, Any]:
    """Count public offers and activities; see OfferFiguresView."""
    return {
        "as_of": now,
        "offers": count(AssistanceOffer, PUBLIC_OFFER),
        "activities": count(Activity, _RUNNING),
        "duplicates": avoided(AssistanceOffer, "publish", PUBLIC, _KEPT, now.date()),
    }
