"""What arms embargoes say of a request or of a State, as pages of either tell it.

In the matcher's words; templates show it by `embargoes` of parts.html.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from entraide.client import Answer
from services.portal.house import house
from services.portal.pages.asking import Ask, ask, read
from services.portal.services import AwayError, RefusedError

Notice = Mapping[str, Any]


@dataclass(frozen=True)
class Embargoed:
    """What embargoes say; `whole`: nothing that is asked for may be given. `away`: nobody knows."""

    notices: Sequence[Notice] = ()
    whole: bool = False
    away: bool = False


NOTHING: Final = Embargoed()
"""What a reader is told who may know of none, or of a State that is under none."""
AWAY: Final = Embargoed(away=True)


def of_request(request_id: str) -> Embargoed:
    """What embargoes say of a request today, to its State and those who oversee.

    Nothing of one that the matcher has not heard of yet.
    """
    try:
        ruling = read(ask("matcher", f"/v1/embargoes/rulings/{request_id}")).body
    except AwayError:
        return AWAY
    except RefusedError as refused:
        if refused.status != HTTPStatus.NOT_FOUND:
            raise
        return NOTHING
    return Embargoed(ruling["notices"], whole=not ruling["permitted"])


def asked_of_state(country: str) -> Ask:
    """The embargoes that are in force on a State today, to be read with what else a page asks."""
    today = house().clock().date().isoformat()
    return ask("matcher", "/v1/embargoes", state=country, on=today)


def of_state(answer: Answer | AwayError) -> Embargoed:
    """What embargoes say of any request of a State, of the answer to `asked_of_state`."""
    if isinstance(answer, AwayError):
        return AWAY
    return Embargoed([notice for one in answer.body["items"] for notice in one.get("notices", ())])
