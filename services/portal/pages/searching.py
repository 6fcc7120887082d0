"""A list that is searched by words: what is found, or why there is nothing to be shown of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from services.portal.pages.refusals import faults, why
from services.portal.services import AwayError, RefusedError


@dataclass(frozen=True)
class Found:
    """A part of a list, and where the `next` begins.

    `away`: its service is. `wrong`: why nothing can be looked for by the words, with the answer's
    status.
    """

    items: Sequence[Mapping[str, Any]] = ()
    next: str | None = None
    away: bool = False
    wrong: str = ""
    status: int = HTTPStatus.OK


def search(read: Callable[[], Mapping[str, Any]]) -> Found:
    """The list that `read` reads; what is refused for another reason than its words is raised."""
    try:
        body = read()
    except AwayError:
        return Found(away=True)
    except RefusedError as error:
        if [field for field, _said in faults(error)] != ["q"]:
            raise
        return Found(wrong=why(error), status=error.status)
    return Found(body["items"], body["next"])
