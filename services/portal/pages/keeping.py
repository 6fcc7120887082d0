"""Nothing typed is lost when the session ended in the midst of writing, or a service is away or
refuses it for another reason than what it says."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Response, request
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from services.portal.pages.absence import absence
from services.portal.pages.frame import SIGN_IN, account, current, is_page, page, show
from services.portal.pages.navigation import first_place
from services.portal.pages.refusals import why as why_refused
from services.portal.services import AwayError, RefusedError

F = TypeVar("F", bound=Callable[..., Any])
_NOT_GIVEN_BACK = frozenset({"csrf_token", "password", "current"})
"""What is of the visit before, and secrets: a page that is left open shows none."""
_NOT_OF_THE_FORM = frozenset(
    {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS}
)
"""What is refused so is refused whatever the form says: to this reader, by now, or so often."""
_STAYS = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT})
_OF_THE_PAGE = frozenset(
    {
        *("all", "back", "etag", "held", "instead_of", "key", "known", "letter", "line", "number"),
        *("offer", "offices", "rows", "seen", "shown", "typed_in", "unregistered", "until"),
        *("username", "version"),
    }
)
"""What forms take along unseen."""
_CHOSEN = frozenset(
    {
        *("about", "adequate", "allowed", "answer", "call", "channel", "chosen", "confidentiality"),
        *("consent", "countries", "country", "days", "decision", "do", "effective"),
        *("gender_marker", "go", "groups", "index", "kind", "kinds", "language", "languages"),
        *("lifetime", "partners", "priority", "public", "regions", "role", "scopes", "state"),
        *("status", "step", "sustainability", "sustainable", "then", "theme", "type"),
        "visibility",
    }
)
"""What is chosen or pressed: of it forms send codes, which nobody typed."""


def keeping_typed(function: F) -> F:
    """Give back what was sent and could not be taken, in a page that sends it again.

    Nothing is stored: the page itself holds what was typed. Who is signed out sends it after
    signing in, and the form comes back filled in, for the token that it has is of the visit before.
    Where a service is away it is sent again as it was, with the version or key that it had. What a
    service refuses whatever it says comes back with why, unless the page tells of that itself.
    """

    @wraps(function)
    def kept(*args: Any, **kwargs: Any) -> Any:
        if request.method != "POST" or not request.form:
            return function(*args, **kwargs)
        if not _is_signed_in():
            sign_in = f"{SIGN_IN}?next={quote('/account')}"
            return keep_typed(
                _("You were signed out"),
                sign_in,
                _("Sign in again, in a new tab"),
                HTTPStatus.FORBIDDEN,
            )
        try:
            return function(*args, **kwargs)
        except AwayError as error:
            return give_back(absence(error.service), HTTPStatus.SERVICE_UNAVAILABLE)
        except RefusedError as error:
            if error.status not in _NOT_OF_THE_FORM:
                raise
            return give_back(why_refused(error), error.status)

    return page(kept)  # type: ignore[return-value]


def keep_typed(title: str, first: str, label: str, status: int = HTTPStatus.CONFLICT) -> Response:
    """What was sent, in a page that sends it again after what has to be done before: at the address
    `first`, which opens beside it.

    Who is signed in stays in this visit, whose token it takes along.
    """
    again, typed = _is_signed_in(), _typed()
    if again:
        typed.append(("csrf_token", generate_csrf()))
    return show(
        "kept.html", status, title=title, typed=typed, first=first, label=label, again=again
    )


def give_back(why: str, status: int) -> Response:
    """What was sent, to be sent once more as it was, with why it was not taken.

    The token is this visit's, the language that of the page where it was typed. Where sending again
    will not help, what was typed is shown to be kept elsewhere, with a way back.
    """
    typed = _typed()
    return show(
        "again.html",
        status,
        why=why,
        again=status not in _STAYS,
        typed=[*typed, ("csrf_token", generate_csrf())],
        shown=[value for name, value in typed if value.strip() and _is_written(name)],
        back=_belongs(is_there=status != HTTPStatus.NOT_FOUND),
    )


def _is_signed_in() -> bool:
    found = current()
    return found is not None and found.stage == "full"


def _typed() -> list[tuple[str, str]]:
    pairs = request.form.items(multi=True)
    return [(name, value) for name, value in pairs if name not in _NOT_GIVEN_BACK]


def _is_written(name: str) -> bool:
    """Whether somebody wrote what is sent by that name, as "title", "rows-0-quantity"."""
    own = name.partition(":")[0].rpartition("-")[2]
    return own not in _OF_THE_PAGE and own not in _CHOSEN


def _belongs(*, is_there: bool) -> str:
    """The page of the record that it was sent to, as the address tells; that of all such records
    where it is not there; else where the reader's work is."""
    parts = request.path.split("/")
    record, every = "/".join(parts[:3]), "/".join(parts[:2])
    if is_there and is_page(record):
        return record
    return every if is_page(every) else first_place(account().role).path
