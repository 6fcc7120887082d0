"""The rules of calls, experts and lessons learned."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from services.offers.documents import Call, Entry, Knowledge
from services.offers.domain.offers import eligibility_of, eligibility_uses
from services.offers.domain.owners import owner_parts, require_owner
from shared.registers.lines import Use, check_codes
from shared.registers.measures import hundredths
from shared.registers.records import ExternalId, Link, Window, new_record_fields
from shared.registers.steps import require_same
from shared.registers.texts import Texts, read_texts
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES
from shared.web.identity import Identity
from shared.web.problems import invalid, invalid_field

E = TypeVar("E", bound=Entry)


def new_entry(
    document_class: type[E],
    payload: Mapping[str, Any],
    identity: Identity,
    now: datetime,
    key: bytes,
    idempotency_key: str | None = None,
) -> E:
    """An entry that is not stored yet, from a body that its schema has loaded.

    The id is derived as for offers. Raises the 403 problem for another's entry and the 422
    problem for content that breaks a rule.
    """
    organisation, country = payload["organisation"], payload.get("country")
    if (organisation is None) == (country is None):
        message = "Say whose this is: an organisation's or a country's, not both."
        raise invalid_field("organisation", message, "owner")
    require_owner(identity, organisation, country)
    noun = document_class.__name__.lower()
    owner = owner_parts(organisation, country)
    entry = document_class(
        **new_record_fields(noun, owner, payload, identity, now, idempotency_key),
        organisation=organisation,
        country=country,
    )
    _fill(entry, payload, now, key)
    return entry


def change_entry(
    entry: Entry, payload: Mapping[str, Any], identity: Identity, now: datetime, key: bytes
) -> None:
    """Replace what an entry holds by a loaded body; raises the 403 and 422 problems."""
    require_owner(identity, entry.organisation, entry.country)
    require_same("organisation", entry.organisation, payload["organisation"])
    require_same("country", entry.country, payload.get("country"))
    require_same("external_id", entry.external_id, ExternalId.of(payload["external_id"]))
    _fill(entry, payload, now, key)


def remove_call(call: Call) -> None:
    """Leave of a call what its last event needs, and nothing that anybody wrote."""
    call.title = call.description = "-"
    call.links, call.search_terms, call.texts_digest = [], [], None
    call.removed = True


def _fill(entry: Entry, payload: Mapping[str, Any], now: datetime, key: bytes) -> None:
    errors = check_codes(_uses(entry, payload), now.date())
    if errors:
        raise invalid(errors)
    for name in ("title", "description"):
        setattr(entry, name, payload[name])
    entry.themes = list(dict.fromkeys(payload["themes"]))
    entry.kinds = list(dict.fromkeys(payload["kinds"]))
    entry.links = [Link(**link) for link in payload["links"]]
    if isinstance(entry, Call):
        entry.window = Window.of(payload["window"])
        ceiling = payload["ceiling"] or {"amount": None, "currency": None}
        entry.ceiling, entry.ceiling_currency = hundredths(ceiling["amount"]), ceiling["currency"]
        fund = payload["fund"] or {"amount": None, "currency": None}
        entry.fund, entry.fund_currency = hundredths(fund["amount"]), fund["currency"]
        entry.eligibility = eligibility_of(payload["eligibility"])
    elif isinstance(entry, Knowledge):
        entry.used_in = list(dict.fromkeys(payload["used_in"]))
        entry.languages = list(dict.fromkeys(payload["languages"]))
    links = tuple(link.title for link in entry.links)
    read_texts(entry, Texts(entry.title, entry.description, more=links), payload["language"], key)


def _uses(entry: Entry, payload: Mapping[str, Any]) -> Iterator[Use]:
    for name, vocabulary in (("themes", THEMES), ("kinds", KINDS)):
        for place, code in enumerate(payload[name]):
            if code not in getattr(entry, name):
                yield Use(f"{name}[{place}]", vocabulary, code)
    if isinstance(entry, Call):
        yield from eligibility_uses(payload["eligibility"], entry.eligibility)
