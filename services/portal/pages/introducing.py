"""Who invited the account that submitted a request, as pages tell of it."""

from collections.abc import Mapping
from typing import Any

from services.portal.documents import Account
from services.portal.pages.frame import ROLE_NAMES, account
from shared.web.visibility import OVERSEEING


def introducer_of(view: Mapping[str, Any]) -> str | None:
    """The coordinator who invited the account, where the request's answer says so.

    By name to those who oversee; the State is told roles and not who in person, as in its trail.
    """
    id_ = view.get("introduced_by")
    if id_ is None:
        return None
    found = Account.objects(id=id_).first() if account().role in OVERSEEING else None
    return str(ROLE_NAMES["coordinator"] if found is None else found.name)
