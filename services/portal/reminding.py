"""Reminding States and donors of points of contact that nobody confirmed for a year.

The registers say which those are; they are asked by a token of the portal's own that may do
nothing but read there. Who is due is told once a month, until they confirm.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import requests
import structlog

from services.portal.addresses import Address
from services.portal.api_tokens import token_of
from services.portal.documents import Account
from services.portal.expiring import warn
from services.portal.house import House
from services.portal.notifying import Note, notify
from shared.events.work import INFRASTRUCTURE
from shared.web.identity import Identity

EVERY_SECONDS: Final = 6 * 3600.0
RETRY_SECONDS: Final = 60.0
_TIMEOUT_SECONDS = 10.0
_PAGE = 200

log = structlog.get_logger(__name__)


def keep_reminding(house: House, services: Sequence[Address], stop: threading.Event) -> None:
    """Remind of what is due, and warn of what ends soon, every few hours until `stop` is set."""
    while not stop.is_set():
        wait = EVERY_SECONDS
        try:
            warn(house)
            remind(house, services)
        except (requests.RequestException, ValueError, KeyError, *INFRASTRUCTURE) as error:
            log.warning("reminding interrupted", error=type(error).__name__)
            wait = RETRY_SECONDS
        stop.wait(wait)


def remind(house: House, services: Sequence[Address]) -> int:
    """Tell the accounts of parties that are due, once a month; how many parties are.

    Raises requests' RequestException, ValueError and KeyError for answers that are none, and
    PyMongoError.
    """
    now, parties = house.clock(), 0
    for record_type, party in _ask(house, services):
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


def _ask(house: House, services: Sequence[Address]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    paths = {"requests": ("state", "/v1/states"), "offers": ("organisation", "/v1/organisations")}
    for address in services:
        if address.service in paths:
            record_type, path = paths[address.service]
            for party in _pages(house, f"{address.internal}{path}", address.service):
                yield record_type, party


def _pages(house: House, url: str, service: str) -> Iterator[Mapping[str, Any]]:
    reader = Identity("portal", "auditor", scopes=frozenset({f"{service}:read"}))
    cursor: str | None = None
    with requests.Session() as session:
        session.trust_env = False
        while True:
            query = {"due": "true", "limit": str(_PAGE)}
            if cursor is not None:
                query["cursor"] = cursor
            answer = session.get(
                url,
                params=query,
                headers={"Authorization": f"Bearer {token_of(house, reader, house.clock())}"},
                timeout=_TIMEOUT_SECONDS,
                allow_redirects=False,
            )
            answer.raise_for_status()
            found = answer.json()
            yield from found["items"]
            cursor = found["next"]
            if cursor is None:
                return
