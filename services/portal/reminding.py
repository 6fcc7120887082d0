"""Reminding States and donors of points of contact that nobody confirmed for a year.

The registers say which those are; they are asked by a token of the portal's own that may do
nothing but read there. Who is due is told once a month, until they confirm.
"""

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import structlog

from services.portal.api_tokens import own_reader
from services.portal.documents import Account
from services.portal.expiring import warn
from services.portal.house import House
from services.portal.notifying import Note, notify
from services.portal.services import AwayError, RefusedError
from shared.events.work import passes

EVERY_SECONDS: Final = 6 * 3600.0
RETRY_SECONDS: Final = 60.0
_PAGE = 200
_PARTIES = {"requests": ("state", "/v1/states"), "offers": ("organisation", "/v1/organisations")}

log = structlog.get_logger(__name__)


def keep_reminding(house: House, stop: threading.Event) -> None:
    """Remind of what is due, and warn of what ends soon, every few hours until `stop` is set."""
    while not stop.is_set():
        wait = EVERY_SECONDS
        try:
            warn(house)
            remind(house)
        except Exception as error:
            if not (isinstance(error, (AwayError, RefusedError, KeyError)) or passes(error)):
                raise
            log.warning("reminding interrupted", error=type(error).__name__)
            wait = RETRY_SECONDS
        stop.wait(wait)


def remind(house: House) -> int:
    """Tell the accounts of parties that are due, once a month; how many parties are.

    Raises AwayError and RefusedError, KeyError for answers that are none, and PyMongoError.
    """
    now, parties = house.clock(), 0
    for record_type, party in _due(house):
        parties += 1
        notify(_note(record_type, party, now), _accounts(record_type, party["id"]), now)
    return parties


def _note(record_type: str, party: Mapping[str, Any], now: datetime) -> Note:
    country = {"country": party["id"]} if record_type == "state" else {}
    key = f"contacts {party.get('last_confirmed')} {now:%Y-%m}"
    return Note("contacts", record_type, party["id"], "remind", key, now, country)


def _accounts(record_type: str, id_: str) -> Iterator[Account]:
    bound = (
        {"role": "requester", "state": id_}
        if record_type == "state"
        else {"role": "donor", "organisation": id_}
    )
    yield from Account.objects(**bound)


def _due(house: House) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for service, (record_type, path) in _PARTIES.items():
        cursor: str | None = None
        while True:
            reader = own_reader(house, "auditor", f"{service}:read")
            found = house.services.get(
                reader, service, path, due="true", limit=_PAGE, cursor=cursor
            ).body
            for party in found["items"]:
                yield record_type, party
            cursor = found["next"]
            if cursor is None:
                break
