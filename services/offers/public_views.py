"""What anybody is shown of offers and activities: field by field, so that nothing new is public by
itself."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.offers.documents import Activity, AssistanceOffer, Organisation, ProvisionLine
from shared.registers.counting import counted_line
from shared.registers.measures import amount_of
from shared.registers.progress import Progress, progress_of
from shared.registers.views import counted_view, measures_view

_COPIED = ("id", "title", "description", "language", "status", "donor_country", "partners")
_OF_OFFER = ("donor_type", "gender_marker", "eligibility", "conditions")
_OF_ACTIVITY = ("country", "theme", "kind")


def public_offers(offers: Sequence[AssistanceOffer]) -> list[dict[str, Any]]:
    """Public offers as everybody may see them; the caller chose none but public ones."""
    progress = progress_of((offer.id for offer in offers), "offer")
    names = _names(offer.organisation for offer in offers)
    return [_offer_view(offer, names, progress[offer.id]) for offer in offers]


def public_activities(activities: Sequence[Activity]) -> list[dict[str, Any]]:
    """Public activities as everybody may see them; the caller chose none but public ones."""
    names = _names(activity.organisation for activity in activities)
    return [
        {
            **_common(activity, names),
            **{name: getattr(activity, name) for name in _OF_ACTIVITY},
            **measures_view(activity, "quantity"),
        }
        for activity in activities
    ]


def _offer_view(
    offer: AssistanceOffer, names: Mapping[str, str], progress: Progress
) -> dict[str, Any]:
    ceiling = None
    if offer.ceiling is not None:
        ceiling = {"amount": amount_of(offer.ceiling), "currency": offer.ceiling_currency}
    return {
        **_common(offer, names),
        **{name: getattr(offer, name) for name in _OF_OFFER},
        "ceiling": ceiling,
        "provisions": [_provision_view(line, progress) for line in offer.provisions],
    }


def _provision_view(provision: ProvisionLine, progress: Progress) -> dict[str, Any]:
    own = counted_line(provision, "capacity")
    left = max(0, own.amount - progress.committed(provision.line, own))
    return {
        **{name: getattr(provision, name) for name in ("line", "theme", "kind")},
        **measures_view(provision, "capacity"),
        "left": counted_view(own, left, "capacity"),
    }


def _common(record: AssistanceOffer | Activity, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        **{name: getattr(record, name) for name in _COPIED},
        "donor": names.get(record.organisation or ""),
        "window": record.window.view() if record.window else None,
    }


def _names(organisations: Iterable[str | None]) -> Mapping[str, str]:
    wanted = {one for one in organisations if one}
    found = Organisation.objects(id__in=sorted(wanted)).only("id", "name") if wanted else ()
    return {one.id: one.name for one in found}
