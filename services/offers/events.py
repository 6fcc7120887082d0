"""What the register of offers tells the others: codes, numbers and the texts' signatures."""

from typing import TYPE_CHECKING, Any

from shared.registers.measures import event_measures

if TYPE_CHECKING:
    from services.offers.documents import Activity, AssistanceOffer


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
        "eligibility": {
            "countries": list(offer.eligibility.countries),
            "regions": list(offer.eligibility.regions),
            "groups": list(offer.eligibility.groups),
        },
        "conditions": [{"kind": condition.kind} for condition in offer.conditions],
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
