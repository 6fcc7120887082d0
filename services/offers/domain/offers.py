"""The rules of offers."""

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.offers.documents import (
    AssistanceOffer,
    Condition,
    Eligibility,
    Organisation,
    ProvisionLine,
)
from services.offers.domain.owners import actor_for, require_owner
from shared.language.particulars import Author
from shared.lifecycle import OFFER
from shared.registers.inferred import confirmed_lines
from shared.registers.lines import Use, check_codes, keep_sources, number_lines, require_room
from shared.registers.measures import hundredths, thousandths
from shared.registers.records import ExternalId, Window, new_record_fields
from shared.registers.rights import OVERSEERS, Table, require_right
from shared.registers.steps import require_same, require_unfinished, take_step
from shared.registers.texts import Texts, inferred_of, read_texts
from shared.vocabulary.countries import AREAS
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import CONDITION_KINDS, GENDER_MARKERS, GROUPS, PARTNERS
from shared.vocabulary.themes import THEMES
from shared.web.identity import Identity
from shared.web.problems import invalid

NOUN = "offer"
_HASH_DIGITS = 32

RIGHTS: Table = {
    "change": frozenset({"owner", "operator"}),
    "submit": frozenset({"owner", "operator"}),
    "publish": frozenset({"owner", "coordinator", "operator"}),
    "close": frozenset({"owner", "coordinator", "operator"}),
    "withdraw": frozenset({"owner", "operator"}),
    "merge": frozenset({"coordinator"}),
    "unmerge": frozenset({"coordinator"}),
    "compare": frozenset({"owner", "operator"}),
}


def may_read(identity: Identity, offer: AssistanceOffer) -> bool:
    """Whether the offer exists for this reader.

    The donor itself, auditors and operators see everything, coordinators what was ever submitted,
    everybody else what is published.
    """
    actor = actor_for(identity, offer.organisation)
    if actor in {"owner", "auditor", "operator"}:
        return True
    if actor == "coordinator":
        return offer.was_submitted()
    published: bool = offer.status == "published"
    return published


def sees_all(identity: Identity, offer: AssistanceOffer) -> bool:
    """Whether the reader is its donor or an overseer: who is shown what its text seems to say, and
    what its matches come to."""
    actor = actor_for(identity, offer.organisation)
    return actor == "owner" or actor in OVERSEERS


def require_action(identity: Identity, action: str, offer: AssistanceOffer) -> None:
    """Return if the identity may take the action; raises the 404 or the 403 problem."""
    actor = actor_for(identity, offer.organisation)
    require_right(RIGHTS, action, actor, readable=may_read(identity, offer), noun=NOUN)


def new_offer(
    payload: Mapping[str, Any],
    identity: Identity,
    now: datetime,
    key: bytes,
    *,
    organisation: Organisation,
    idempotency_key: str | None = None,
) -> AssistanceOffer:
    """A draft that is not stored yet, from a body that `OfferBody` has loaded.

    `organisation` is the one that the body names; `key` the deployment's key for term hashes. The
    id is derived from the external id, else from the idempotency key, else new. Raises the 403
    problem for another's offer and the 422 problem for content that breaks a rule.
    """
    require_owner(identity, organisation.id)
    offer = AssistanceOffer(
        **new_record_fields(NOUN, (organisation.id,), payload, identity, now, idempotency_key),
        status=OFFER.initial,
        organisation=organisation.id,
    )
    _fill(offer, payload, organisation, now, key)
    return offer


def change_offer(
    offer: AssistanceOffer,
    payload: Mapping[str, Any],
    identity: Identity,
    now: datetime,
    key: bytes,
    organisation: Organisation,
) -> None:
    """Replace what the offer holds by a loaded `OfferBody`.

    Raises problems: 404 or 403 for who may not, 409 for a finished offer, 422 for content that
    breaks a rule.
    """
    require_action(identity, "change", offer)
    require_unfinished(OFFER, offer.status)
    require_same("organisation", offer.organisation, payload["organisation"])
    require_same("external_id", offer.external_id, ExternalId.of(payload["external_id"]))
    _fill(offer, payload, organisation, now, key)


def confirm_provisions(
    offer: AssistanceOffer, chosen: Sequence[Mapping[str, Any]], identity: Identity, now: datetime
) -> None:
    """Make provisions of inferred lines, which `lines` of a loaded `ConfirmProvisionsBody` choose.

    Raises problems: 404 or 403 for who may not change the offer, 409 for a finished one, 422 for
    lines that are not there or would break a rule.
    """
    require_action(identity, "change", offer)
    require_unfinished(OFFER, offer.status)
    lines = confirmed_lines(inferred_of(offer), chosen, "capacity")
    require_room(len(offer.provisions) + len(lines), "lines")
    numbers, next_line = number_lines(lines, (), offer.next_line, "lines")
    provisions = [_provision(number, line) for number, line in zip(numbers, lines, strict=True)]
    errors = check_codes(_line_uses(provisions, {}, "lines"), now.date())
    if errors:
        raise invalid(errors)
    offer.provisions, offer.next_line = [*offer.provisions, *provisions], next_line


def step_offer(offer: AssistanceOffer, action: str, identity: Identity, now: datetime) -> None:
    """Submit, publish, withdraw or close the offer.

    Raises the 404 or 403 problem, and IllegalTransition.
    """
    require_action(identity, action, offer)
    take_step(OFFER, offer, action, identity, now)


def copy_donor(offer: AssistanceOffer, organisation: Organisation) -> None:
    """Take over what the offer's event says of its donor."""
    offer.donor_type = organisation.type
    offer.donor_country = organisation.country


def eligibility_of(payload: Mapping[str, Any]) -> Eligibility:
    """The eligibility of a loaded `EligibilitySchema`, nothing named twice."""
    return Eligibility(**{name: list(dict.fromkeys(codes)) for name, codes in payload.items()})


def eligibility_uses(payload: Mapping[str, Any], before: Eligibility | None) -> Iterator[Use]:
    """The codes of an eligibility that were not there before."""
    for name, vocabulary in (("regions", AREAS), ("groups", GROUPS)):
        held = getattr(before, name, ())
        for place, code in enumerate(payload[name]):
            if code not in held:
                yield Use(f"eligibility.{name}[{place}]", vocabulary, code)


def _fill(
    offer: AssistanceOffer,
    payload: Mapping[str, Any],
    organisation: Organisation,
    now: datetime,
    key: bytes,
) -> None:
    before = {provision.line: provision for provision in offer.provisions}
    sent = payload["provisions"]
    numbers, next_line = number_lines(sent, before, offer.next_line, "provisions")
    provisions = [_provision(n, line) for n, line in zip(numbers, sent, strict=True)]
    keep_sources(provisions, before)
    errors = check_codes(_uses(offer, payload, provisions, before), now.date())
    if errors:
        raise invalid(errors)
    copy_donor(offer, organisation)
    offer.provisions, offer.next_line = provisions, next_line
    for name in ("title", "description", "call", "gender_marker"):
        setattr(offer, name, payload[name])
    if payload["public"] is not None:
        offer.public = payload["public"]
    offer.eligibility = eligibility_of(payload["eligibility"])
    offer.conditions = [_condition(condition, key) for condition in payload["conditions"]]
    offer.window = Window.of(payload["window"])
    ceiling = payload["ceiling"] or {"amount": None, "currency": None}
    offer.ceiling, offer.ceiling_currency = hundredths(ceiling["amount"]), ceiling["currency"]
    offer.partners = list(dict.fromkeys(payload["partners"]))
    conditions = tuple(condition.text for condition in offer.conditions)
    author = Author(name=organisation.name)
    texts = Texts(offer.title, offer.description, more=conditions, author=author)
    read_texts(offer, texts, payload["language"], key)


def _condition(sent: Mapping[str, Any], key: bytes) -> Condition:
    """A condition with the hash that it is accepted by: keyed, so that no text can be guessed."""
    told = json.dumps([sent["kind"], sent["text"]], ensure_ascii=False).encode()
    digest = hmac.digest(key, told, "sha256").hex()[:_HASH_DIGITS]
    return Condition(kind=sent["kind"], text=sent["text"], hash=digest)


def _provision(number: int, line: Mapping[str, Any]) -> ProvisionLine:
    return ProvisionLine(
        line=number,
        theme=line["theme"],
        kind=line["kind"],
        capacity=thousandths(line["capacity"]),
        unit=line["unit"],
        amount=hundredths(line["amount"]),
        currency=line["currency"],
    )


def _uses(
    offer: AssistanceOffer,
    payload: Mapping[str, Any],
    provisions: Sequence[ProvisionLine],
    before: Mapping[int, ProvisionLine],
) -> Iterator[Use]:
    """The codes taken into use: those of new or changed lines, and new ones elsewhere."""
    yield from _line_uses(provisions, before, "provisions")
    held = {condition.kind for condition in offer.conditions}
    for place, condition in enumerate(payload["conditions"]):
        if condition["kind"] not in held:
            yield Use(f"conditions[{place}].kind", CONDITION_KINDS, condition["kind"])
    yield from eligibility_uses(payload["eligibility"], offer.eligibility)
    if payload["gender_marker"] != offer.gender_marker:
        yield Use("gender_marker", GENDER_MARKERS, payload["gender_marker"])
    for place, partner in enumerate(payload["partners"]):
        if partner not in offer.partners:
            yield Use(f"partners[{place}]", PARTNERS, partner)


def _line_uses(
    provisions: Sequence[ProvisionLine], before: Mapping[int, ProvisionLine], name: str
) -> Iterator[Use]:
    for index, provision in enumerate(provisions):
        if before.get(provision.line) != provision:
            yield Use(f"{name}[{index}].theme", THEMES, provision.theme)
            yield Use(f"{name}[{index}].kind", KINDS, provision.kind)
