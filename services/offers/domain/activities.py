"""The rules of activities: assistance that is planned, under way or done."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from services.offers.documents import Activity, Organisation
from services.offers.domain.owners import owner_parts, require_owner
from shared.ids import derived_id
from shared.language.particulars import Author
from shared.lifecycle import ASSISTANCE
from shared.registers.lines import Use, check_codes
from shared.registers.measures import amount_of, hundredths, quantity_of, thousandths
from shared.registers.records import ExternalId, Window, new_record_fields
from shared.registers.steps import require_same, take_step
from shared.registers.texts import Texts, read_texts
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import PARTNERS
from shared.vocabulary.themes import THEMES
from shared.web.identity import Identity, require_covered
from shared.web.problems import invalid

NOUN = "activity"


def new_activity(
    payload: Mapping[str, Any],
    identity: Identity,
    now: datetime,
    key: bytes,
    *,
    organisation: Organisation | None,
    idempotency_key: str | None = None,
) -> Activity:
    """An activity that is not stored yet, from a body that `ActivityBody` has loaded.

    `organisation` is the one that the body names, if any; `key` the deployment's key for term
    hashes. The id is derived as for offers: two donors may call their activities alike. Raises the
    403 problem for another's activity and the 422 problem for content that breaks a rule.
    """
    require_owner(identity, payload["organisation"])
    return _made(payload, identity, now, key, organisation, idempotency_key)


def require_importer(identity: Identity, organisation: str | None) -> None:
    """Return if the identity may bring in a file of the organisation's activities.

    Its donor, an operator, and a coordinator, who keeps the register whole. Raises the 403 problem.
    """
    if identity.role == "coordinator":
        require_covered(identity, None)  # a file holds whatever countries it holds
    else:
        require_owner(identity, organisation)


def imported_activity(
    payload: Mapping[str, Any],
    identity: Identity,
    now: datetime,
    key: bytes,
    organisation: Organisation | None,
) -> Activity:
    """As `new_activity`, for one out of a file: `require_importer` has been asked."""
    return _made(payload, identity, now, key, organisation, None)


def imported_id(organisation: str | None, source: str, identifier: str) -> str:
    """The id of the organisation's activity with this external id."""
    return derived_id(NOUN, *owner_parts(organisation), source, identifier)


def _made(
    payload: Mapping[str, Any],
    identity: Identity,
    now: datetime,
    key: bytes,
    organisation: Organisation | None,
    idempotency_key: str | None,
) -> Activity:
    owner = owner_parts(payload["organisation"])
    activity = Activity(
        **new_record_fields(NOUN, owner, payload, identity, now, idempotency_key),
        status=payload["status"],
        organisation=payload["organisation"],
    )
    _fill(activity, payload, organisation, now, key)
    return activity


def change_activity(
    activity: Activity,
    payload: Mapping[str, Any],
    identity: Identity,
    now: datetime,
    key: bytes,
    organisation: Organisation | None,
) -> None:
    """Replace what the activity holds by a loaded `ActivityBody`, its status included.

    What is completed or cancelled can still be corrected, save its status. Raises the 403 and 422
    problems, and IllegalTransition for a status that does not follow.
    """
    require_owner(identity, activity.organisation)
    _change(activity, payload, identity, now, key, organisation)


def change_imported(
    activity: Activity,
    payload: Mapping[str, Any],
    identity: Identity,
    now: datetime,
    key: bytes,
    organisation: Organisation | None,
) -> None:
    """Bring an activity up to what a file says of it now: `require_importer` has been asked.

    What the file leaves open stays as it is, and so do theme and kind while the texts do: a file
    does not say them, and whoever corrected what was inferred is not overruled by the same text.
    Raises the 422 problem, and IllegalTransition for a status that does not follow.
    """
    kept: dict[str, Any] = {
        "quantity": quantity_of(activity.quantity),
        "unit": activity.unit,
        "donor_country": activity.donor_country,
        "partners": payload["partners"] or activity.partners,
    }
    if payload["amount"] is None:
        kept |= {"amount": amount_of(activity.amount), "currency": activity.currency}
    if payload["window"] is None:
        kept["window"] = activity.window and activity.window.view()
    if (payload["title"], payload["description"]) == (activity.title, activity.description):
        kept |= {"theme": activity.theme, "kind": activity.kind}
    _change(activity, {**payload, **kept}, identity, now, key, organisation)


def drop_imported(activity: Activity, identity: Identity, now: datetime) -> None:
    """Cancel what a file no longer names, unless it is over; `require_importer` has been asked."""
    if not ASSISTANCE.is_final(activity.status):
        take_step(ASSISTANCE, activity, "cancel", identity, now)


def _change(
    activity: Activity,
    payload: Mapping[str, Any],
    identity: Identity,
    now: datetime,
    key: bytes,
    organisation: Organisation | None,
) -> None:
    require_same("organisation", activity.organisation, payload["organisation"])
    require_same("external_id", activity.external_id, ExternalId.of(payload["external_id"]))
    if payload["status"] != activity.status:
        action = ASSISTANCE.action_between(activity.status, payload["status"])
        take_step(ASSISTANCE, activity, action, identity, now)
    _fill(activity, payload, organisation, now, key)


def _fill(
    activity: Activity,
    payload: Mapping[str, Any],
    organisation: Organisation | None,
    now: datetime,
    key: bytes,
) -> None:
    errors = check_codes(_uses(activity, payload), now.date())
    if errors:
        raise invalid(errors)
    for name in ("title", "description", "country", "theme", "kind", "unit", "currency"):
        setattr(activity, name, payload[name])
    activity.donor_country = payload["donor_country"] or (organisation and organisation.country)
    activity.quantity = thousandths(payload["quantity"])
    activity.amount = hundredths(payload["amount"])
    activity.window = Window.of(payload["window"])
    activity.partners = list(dict.fromkeys(payload["partners"]))
    if payload["public"] is not None:
        activity.public = payload["public"]
    texts = Texts(
        activity.title, activity.description, author=Author(country=activity.country or None)
    )
    read_texts(activity, texts, payload["language"], key)


def _uses(activity: Activity, payload: Mapping[str, Any]) -> Iterator[Use]:
    for name, vocabulary in (("theme", THEMES), ("kind", KINDS)):
        if payload[name] != getattr(activity, name):
            yield Use(name, vocabulary, payload[name])
    for place, partner in enumerate(payload["partners"]):
        if partner not in activity.partners:
            yield Use(f"partners[{place}]", PARTNERS, partner)
