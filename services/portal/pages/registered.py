"""Whose organisation is not registered yet registers it first, and then goes on."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Response, flash, request
from flask_babel import gettext as _

from services.portal.documents import Account
from services.portal.pages.finding import find_for_sure
from services.portal.pages.frame import account, go, this_address
from services.portal.pages.keeping import keep_typed
from services.portal.services import AwayError
from shared.web.bodies import drain

PAGE = "/organisations"
_WITH_FILES = "multipart/form-data"

F = TypeVar("F", bound=Callable[..., Any])


def address_of(organisation_id: str) -> str:
    """The page of an organisation."""
    return f"{PAGE}/{organisation_id}"


def may_register(reader: Account, organisation_id: str) -> bool:
    """Whether the reader registers that organisation, and changes what it is called."""
    if reader.role == "donor":
        return bool(reader.organisation == organisation_id)
    return bool(reader.role == "operator")


def for_registered(function: F) -> F:
    """A page where something of the reader's party is written down, for who is signed in: a donor's
    organisation has to be registered before it."""

    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        own = account()
        if own.role == "donor" and _is_unregistered(str(own.organisation)):
            return register_first()
        return function(*args, **kwargs)

    return guarded  # type: ignore[return-value]


def register_first() -> Response:
    """On to where the reader's organisation is registered, which leads back here; what was typed is
    kept in a page that sends it again. No page can keep a file."""
    form = f"{address_of(account().organisation)}/edit"
    if request.method == "POST" and request.mimetype != _WITH_FILES:
        title = _("Your organisation is not registered yet")
        return keep_typed(title, form, _("Register it, in a new tab"))
    if request.method == "POST":
        drain()
        flash(
            _("Your organisation is not registered yet. Register it, then choose the file again.")
        )
    return go(f"{form}?next={this_address()}")


def _is_unregistered(organisation_id: str) -> bool:
    """False where that cannot be told: the register is asked once more when all is written."""
    try:
        return not find_for_sure("organisations", [organisation_id])
    except AwayError:
        return False
