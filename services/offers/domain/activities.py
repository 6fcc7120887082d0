"""The rules of activities: assistance that is planned, under way or done."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from services.offers.documents import Activity, Organisation
from services.offers.domain.owners import owner_parts, require_owner
from shared.lifecycle import ASSISTANCE
from shared.registers.lines import Use, check_codes
from shared.registers.measures import hundredths, thousandths
from shared.registers.records import ExternalId, Window, new_record_fields
from shared.registers.steps import require_same, take_step
from shared.registers.texts import Texts, read_texts
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import PARTNERS
from shared.vocabulary.themes import THEMES
from shared.web.identity import Identity
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
    texts = Texts(activity.title, activity.description)
    read_texts(activity, texts, payload["language"], key)


def _uses(activity: Activity, payload: Mapping[str, Any]) -> Iterator[Use]:
    for name, vocabulary in (("theme", THEMES), ("kind", KINDS)):
        if payload[name] != getattr(activity, name):
            yield Use(name, vocabulary, payload[name])
    for place, partner in enumerate(payload["partners"]):
        if partner not in activity.partners:
            yield Use(f"partners[{place}]", PARTNERS, partner)
