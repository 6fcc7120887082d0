"""Nothing typed is lost when the session ended in the midst of writing."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from flask import request

from services.portal.pages.frame import SIGN_IN, current, page, show

F = TypeVar("F", bound=Callable[..., Any])
_OF_THE_VISIT = "csrf_token"


def keeping_typed(function: F) -> F:
    """Give who is signed out what was sent back, in a page that sends it again after signing in.

    Nothing is stored for somebody unknown: the page itself holds what was typed. Sent again, the
    form comes back filled in, for the token that it has is of the visit before.
    """

    @wraps(function)
    def kept(*args: Any, **kwargs: Any) -> Any:
        found = current()
        if request.method != "POST" or not request.form or (found and found.stage == "full"):
            return function(*args, **kwargs)
        pairs = request.form.items(multi=True)
        return show(
            "kept.html",
            HTTPStatus.FORBIDDEN,
            typed=[(name, value) for name, value in pairs if name != _OF_THE_VISIT],
            sign_in=f"{SIGN_IN}?next={quote('/account')}",
        )

    return page(kept)  # type: ignore[return-value]
