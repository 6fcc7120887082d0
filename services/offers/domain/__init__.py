"""The rules of the register of offers: who may do what when, and what a record holds.

No I/O: everything here works on documents that were loaded, or were never stored.
"""

from services.offers.domain.activities import (
    change_activity,
    change_imported,
    drop_imported,
    imported_activity,
    imported_id,
    new_activity,
    require_importer,
)
from services.offers.domain.catalogue import change_entry, new_entry, remove_call
from services.offers.domain.offers import (
    change_offer,
    confirm_provisions,
    copy_donor,
    may_read,
    new_offer,
    require_action,
    sees_all,
    step_offer,
)
from services.offers.domain.organisations import (
    erase_organisation_contacts,
    fill_organisation,
    set_organisation,
)
from services.offers.domain.owners import require_owner

__all__ = [
    "change_activity",
    "change_entry",
    "change_imported",
    "change_offer",
    "confirm_provisions",
    "copy_donor",
    "drop_imported",
    "erase_organisation_contacts",
    "fill_organisation",
    "imported_activity",
    "imported_id",
    "may_read",
    "new_activity",
    "new_entry",
    "new_offer",
    "remove_call",
    "require_action",
    "require_importer",
    "require_owner",
    "sees_all",
    "set_organisation",
    "step_offer",
]
