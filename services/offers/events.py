"""What the register of offers tells the others: codes, numbers and the texts' signatures."""

from typing import TYPE_CHECKING, Any

from shared.events.aggregate import timestamp
from shared.registers.measures import event_measures

if TYPE_CHECKING:
    from services.offers.documents import Activity, AssistanceOffer, Call, Eligibility


def offer_event_data(offer: "AssistanceOffer") -> dict[str, Any]:
    """The data of `entraide.offer.v1`.

    No title, description, text of a condition or unit as it was written is in it.
    """
    return {
        **offer.signed_event_data(),
        "organisation": offer.organisation,
        "donor_type": offer.donor_type,
        "donor_country": offer.donor_country,
        "window": offer.window.event_data() if offer.window else None,
        "provisions": [
            {
                "line": provision.line,
                "theme": provision.theme,
                "kind": provision.kind,
                **event_measures(provision, "capacity"),
            }
            for provision in offer.provisions
        ],
        "eligibility": _eligibility(offer.eligibility),
        "conditions": [condition.event_data() for condition in offer.conditions],
        "ceiling_cents": offer.ceiling,
        "ceiling_currency": offer.ceiling_currency,
        "call": offer.call,
        "partners": list(offer.partners),
    }


def activity_event_data(activity: "Activity") -> dict[str, Any]:
    """The data of `entraide.activity.v1`: no title, description or unit as it was written."""
    return {
        **activity.signed_event_data(),
        "country": activity.country,
        "organisation": activity.organisation,
        "donor_country": activity.donor_country,
        "theme": activity.theme,
        "kind": activity.kind,
        **event_measures(activity, "quantity"),
        "window": activity.window.event_data() if activity.window else None,
    }


def call_event_data(call: "Call") -> dict[str, Any]:
    """The data of `entraide.call.v1`: no title, description or link."""
    return {
        "id": call.id,
        "status": "removed" if call.removed else "open",
        "organisation": call.organisation,
        "window": call.window.event_data() if call.window else None,
        "themes": list(call.themes),
        "kinds": list(call.kinds),
        "eligibility": _eligibility(call.eligibility),
        "ceiling_cents": call.ceiling,
        "ceiling_currency": call.ceiling_currency,
        "fund_cents": call.fund,
        "fund_currency": call.fund_currency,
        "created_at": timestamp(call.created_at),
        "updated_at": timestamp(call.updated_at),
    }


def _eligibility(eligibility: "Eligibility") -> dict[str, list[str]]:
    return {
        "countries": list(eligibility.countries),
        "regions": list(eligibility.regions),
        "groups": list(eligibility.groups),
    }
