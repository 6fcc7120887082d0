"""The rules of organisations."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from services.offers.documents import Organisation
from services.offers.domain.owners import require_owner
from shared.registers.contacts import change_contacts, erase_contacts, set_contacts
from shared.registers.lines import Use, check_codes
from shared.registers.search import search_terms
from shared.vocabulary import LANGUAGES
from shared.vocabulary.lists import DONOR_TYPES
from shared.web.identity import Identity
from shared.web.problems import invalid


def set_organisation(
    organisation: Organisation, payload: Mapping[str, Any], identity: Identity, now: datetime
) -> None:
    """Replace what an organisation holds by a loaded `OrganisationBody`.

    Raises the 403 problem for another's organisation, the 422 problem for a confirmation in the
    future or a retired type.
    """
    require_owner(identity, organisation.id)
    change_contacts(organisation, payload, identity, now)
    fill_organisation(organisation, payload, now.date())


def erase_organisation_contacts(
    organisation: Organisation, identity: Identity, now: datetime
) -> None:
    """Take out an organisation's contact data; raises the 403 problem for another's."""
    require_owner(identity, organisation.id)
    erase_contacts(organisation, identity, now)


def fill_organisation(organisation: Organisation, payload: Mapping[str, Any], today: date) -> None:
    """As `set_organisation`, without asking who does it."""
    if payload["type"] != organisation.type:
        errors = check_codes([Use("type", DONOR_TYPES, payload["type"])], today)
        if errors:
            raise invalid(errors)
    set_contacts(organisation, payload, today)
    organisation.name = payload["name"]
    organisation.type = payload["type"]
    organisation.country = payload["country"]
    organisation.search_terms = search_terms([payload["name"]], [], LANGUAGES)
