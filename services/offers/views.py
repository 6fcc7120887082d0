"""What a reader is shown of the records of this register."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.offers.documents import (
    Activity,
    AssistanceOffer,
    Call,
    Entry,
    Knowledge,
    Organisation,
    ProvisionLine,
)
from services.offers.domain import sees_all
from shared.registers.counting import Counted, counted_line
from shared.registers.inferred import inferred_view
from shared.registers.measures import amount_of
from shared.registers.merged import merging_view, source_view
from shared.registers.progress import Progress, progress_of
from shared.registers.texts import inferred_of
from shared.registers.views import (
    contacts_view,
    counted_view,
    measures_view,
    record_view,
    signed_view,
)
from shared.web.identity import Identity


def offer_views(offers: Sequence[AssistanceOffer], identity: Identity) -> list[dict[str, Any]]:
    """The offers as this reader may see them, with what is left of each line."""
    progress = progress_of((offer.id for offer in offers), "offer")
    return [_offer_view(offer, identity, progress[offer.id]) for offer in offers]


def offer_view(offer: AssistanceOffer, identity: Identity) -> dict[str, Any]:
    """The offer as this reader may see it, with what is left of each line."""
    return offer_views([offer], identity)[0]


def _offer_view(offer: AssistanceOffer, identity: Identity, progress: Progress) -> dict[str, Any]:
    copied = (
        "organisation",
        "donor_type",
        "donor_country",
        "eligibility",
        "conditions",
        "call",
        "partners",
        "gender_marker",
        "public",
    )
    return {
        **signed_view(offer),
        **merging_view(offer),
        **_inferred(offer, identity),
        **{name: getattr(offer, name) for name in copied},
        "window": offer.window.view() if offer.window else None,
        "ceiling": _ceiling(offer),
        "provisions": [
            _provision_view(line, progress, figures=sees_all(identity, offer))
            for line in offer.provisions
        ],
    }


def _inferred(offer: AssistanceOffer, identity: Identity) -> dict[str, Any]:
    """Nothing in lists, which leave it in the store with the signature."""
    if not (sees_all(identity, offer) and offer.signature):
        return {}
    return {"inferred": inferred_view(inferred_of(offer), offer.provisions, "capacity")}


def _provision_view(
    provision: ProvisionLine, progress: Progress, *, figures: bool
) -> dict[str, Any]:
    own = counted_line(provision, "capacity")
    # Nothing is left where an owner lowered a line below what is committed.
    left = max(0, own.amount - progress.committed(provision.line, own))
    shown = {"figures": _figures(provision.line, own, progress)} if figures else {}
    return {
        **shown,
        "line": provision.line,
        "theme": provision.theme,
        "kind": provision.kind,
        **measures_view(provision, "capacity"),
        "left": counted_view(own, left, "capacity"),
        "taken_from": source_view(provision),
    }


def _figures(line: int, own: Counted, progress: Progress) -> dict[str, Any]:
    """What all its matches come to, of one line; null where nobody has told."""
    amounts = {
        "pledged": progress.pledged(line, own),
        "committed": progress.committed(line, own),
        "disbursed": progress.reported(line, own, by="donor"),
        "received": progress.reported(line, own, by="state"),
    }
    return {
        name: None if amount is None else counted_view(own, amount, "capacity")
        for name, amount in amounts.items()
    }


def _ceiling(record: AssistanceOffer | Call) -> Mapping[str, Any] | None:
    return _money(record.ceiling, record.ceiling_currency)


def _money(cents: int | None, currency: str | None) -> Mapping[str, Any] | None:
    return None if cents is None else {"amount": amount_of(cents), "currency": currency}


def activity_view(activity: Activity) -> dict[str, Any]:
    """The activity."""
    copied = ("country", "organisation", "donor_country", "theme", "kind", "partners", "public")
    return {
        **signed_view(activity),
        **{name: getattr(activity, name) for name in copied},
        **measures_view(activity, "quantity"),
        "window": activity.window.view() if activity.window else None,
    }


def organisation_view(organisation: Organisation, today: date) -> dict[str, Any]:
    """The organisation and its points of contact."""
    return {
        **contacts_view(organisation, today),
        "name": organisation.name,
        "type": organisation.type,
        "country": organisation.country,
    }


def entry_view(entry: Entry) -> dict[str, Any]:
    """A call, an expert or a lesson."""
    copied = ("organisation", "country", "themes", "kinds")
    shown = {**record_view(entry), **{name: getattr(entry, name) for name in copied}}
    if isinstance(entry, Call):
        shown |= {
            "links": entry.links,
            "window": entry.window.view() if entry.window else None,
            "ceiling": _ceiling(entry),
            "fund": _money(entry.fund, entry.fund_currency),
            "eligibility": entry.eligibility,
        }
    elif isinstance(entry, Knowledge):
        shown |= {
            "links": entry.links,
            "used_in": entry.used_in,
            "languages": entry.languages,
        }
    return shown
