"""Having the matcher erase the names under somebody's messages, once the account is erased.

The matcher finds them by the account's identifier, so no name waits here for it. It is asked at
once, again while it does not answer, and a last time when no token of the account can be alive that
could have written another message meanwhile. It is asked by a token of the portal's own that opens
this one call.
"""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import requests
import structlog

from services.portal.addresses import Address
from services.portal.api_tokens import token_of
from services.portal.documents import Account
from services.portal.domain import lifetimes
from services.portal.house import House
from shared.events.work import INFRASTRUCTURE
from shared.web.identity import Identity
from shared.web.verification import LEEWAY_SECONDS

SCOPE: Final = "matcher:erase-names"
LOOK_SECONDS: Final = 30.0
LAST_AFTER: Final = lifetimes.ACCESS_TOKEN + timedelta(seconds=2 * LEEWAY_SECONDS)
"""How long after the erasure a token that was signed before may still have been taken."""
_PATH = "/v1/messages/erase-name"
_TIMEOUT_SECONDS = 30.0

log = structlog.get_logger(__name__)


def keep_erasing_names(house: House, services: Sequence[Address], stop: threading.Event) -> None:
    """Ask the matcher for what is due until `stop` is set."""
    (matcher,) = (one.internal for one in services if one.service == "matcher")
    while not stop.is_set():
        try:
            erase_names(house, matcher)
        except (requests.RequestException, *INFRASTRUCTURE) as error:
            log.warning("names under messages wait to be erased", error=type(error).__name__)
        stop.wait(LOOK_SECONDS)


def erase_names(house: House, matcher: str) -> None:
    """Ask the matcher at this address for every account that is due; to repeat it does no harm.

    Raises requests' RequestException, at the first that does not work, and PyMongoError.
    """
    now = house.clock()
    for account in Account.objects(names_due__lte=now).only("erased_at"):
        _ask(house, matcher, account.id, now)
        last = account.erased_at + LAST_AFTER
        done = {"$unset": {"names_due": ""}} if now >= last else {"$set": {"names_due": last}}
        Account._get_collection().update_one({"_id": account.id}, done)


def _ask(house: House, matcher: str, account_id: str, now: datetime) -> None:
    portal = Identity("portal", "operator", scopes=frozenset({SCOPE}))
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(
            f"{matcher}{_PATH}",
            json={"account": account_id},
            headers={"Authorization": f"Bearer {token_of(house, portal, now)}"},
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    if answer.status_code != requests.codes.ok:
        raise requests.HTTPError(f"the matcher answered {answer.status_code}", response=answer)
