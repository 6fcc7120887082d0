"""The states of records as they are read; see shared/lifecycle.py."""

from collections.abc import Mapping
from functools import cache

from services.portal.catalogues import N_, say

STATUSES: Mapping[str, str] = {
    "draft": N_("Draft"),
    "submitted": N_("Submitted"),
    "authenticated": N_("Authenticated"),
    "circulated": N_("Circulated"),
    "partly-covered": N_("Partly covered"),
    "covered": N_("Covered"),
    "closed": N_("Closed"),
    "withdrawn": N_("Withdrawn"),
    "merged": N_("Merged"),
    "published": N_("Published"),
    "proposed": N_("Proposed"),
    "superseded": N_("Met by others"),
    "endorsed": N_("Endorsed"),
    "rejected": N_("Rejected"),
    "donor-agreed": N_("Agreed by the donor"),
    "state-agreed": N_("Agreed by the State"),
    "agreed": N_("Agreed"),
    "declined": N_("Declined"),
    "lapsed": N_("Lapsed"),
    "fallen": N_("No longer possible"),
    "committed": N_("Committed"),
    "released": N_("Released"),
    "delivering": N_("Being delivered"),
    "delivered": N_("Delivered"),
    "follow-up": N_("Follow-up"),
}


@cache
def status_labels(language: str) -> Mapping[str, str]:
    """The states with their names in a language."""
    return {code: say(language, text) for code, text in STATUSES.items()}
