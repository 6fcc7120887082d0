"""Having the matcher erase the names under somebody's messages, once the account is erased.

The matcher finds them by the account's identifier, so no name waits here for it. It is asked at
once, again while it does not answer, and a last time when no token of the account can be alive that
could have written another message meanwhile. It is asked by a token of the portal's own that opens
this one call.
"""

import threading
from datetime import timedelta
from typing import Final

import structlog

from services.portal.api_tokens import own_reader
from services.portal.documents import Account
from services.portal.domain import lifetimes
from services.portal.house import House
from services.portal.services import AwayError, RefusedError
from shared.events import turns
from shared.events.work import put_off
from shared.web.verification import LEEWAY_SECONDS

SCOPE: Final = "matcher:erase-names"
LOOK_SECONDS: Final = 30.0
LAST_AFTER: Final = lifetimes.ACCESS_TOKEN + timedelta(seconds=2 * LEEWAY_SECONDS)
"""How long after the erasure a token that was signed before may still have been taken."""
_PATH = "/v1/messages/erase-name"

log = structlog.get_logger(__name__)


def keep_erasing_names(house: House, stop: threading.Event) -> None:
    """Ask the matcher for what is due until `stop` is set."""
    while not stop.is_set():
        with put_off("erasing names interrupted"):
            erase_names(house)
        stop.wait(LOOK_SECONDS)


def erase_names(house: House) -> int:
    """Ask the matcher for every account that is due; to repeat it does no harm.

    Returns for how many it did not work; they stay due. Raises PyMongoError.
    """
    now, failed = house.clock(), 0
    for account in Account.objects(names_due__lte=now).only("erased_at"):
        turns.note()  # while the matcher is away each waits for it
        try:
            reader = own_reader(house, "operator", SCOPE)
            house.services.send(reader, "POST", "matcher", _PATH, {"account": account.id})
        except (AwayError, RefusedError) as error:
            failed += 1
            log.warning("names under messages wait to be erased", error=str(error))
            continue
        last = account.erased_at + LAST_AFTER
        done = {"$unset": {"names_due": ""}} if now >= last else {"$set": {"names_due": last}}
        Account._get_collection().update_one({"_id": account.id}, done)
    return failed
