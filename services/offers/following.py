"""Offers say what kind of donor theirs is and where: keeping these copies like the original.

An organisation and its offers are several documents, and so several writes. Whoever changes an
organisation brings its offers up to date; the worker looks after what a crash or a race left.
"""

import threading
import time
from datetime import datetime

import structlog

from services.offers import domain
from services.offers.documents import AssistanceOffer, Organisation
from shared.events import turns
from shared.events.outbox import Contention, change
from shared.lifecycle import OFFER
from shared.registers.context import system_clock
from shared.unhurried import part_done, unhurried

SWEEP_SECONDS = 300.0

_ROUNDS = 20
_FINAL = [state for state in OFFER.states if OFFER.is_final(state)]

_log = structlog.get_logger(__name__)


def follow(organisation_id: str, now: datetime) -> int:
    """Bring the organisation's offers up to date, save finished ones; how many were behind.

    Doing it again finds nothing more to do. Raises Contention when others kept changing the
    organisation meanwhile; what they did brings the offers up to date too.
    """
    followed = 0
    for _ in range(_ROUNDS):
        # Until there is none left: the organisation may have changed again since it was read.
        behind = _behind(organisation_id)
        if not behind:
            return followed
        for identifier in behind:
            change(AssistanceOffer, identifier, None, _copy_donor, now)
        followed += len(behind)
    raise Contention(f"organisation {organisation_id!r} was changed by others each time")


def _behind(organisation_id: str) -> list[str]:
    organisation = Organisation.objects(id=organisation_id).first()
    if organisation is None:
        return []
    found = AssistanceOffer.objects(
        __raw__={
            "organisation": organisation.id,
            "status": {"$nin": _FINAL},
            "$or": [
                {"donor_type": {"$ne": organisation.type}},
                {"donor_country": {"$ne": organisation.country}},
            ],
        }
    )
    return list(found.scalar("id"))


def _copy_donor(offer: AssistanceOffer) -> None:
    # Read for every attempt: what was read before may be older than what another copied.
    organisation = Organisation.objects(id=offer.organisation).first()
    if organisation is not None and not OFFER.is_final(offer.status):
        domain.copy_donor(offer, organisation)


def follow_all(now: datetime) -> int:
    """`follow` for every organisation; how many offers were behind.

    An organisation whose offers cannot be brought up to date is logged and holds up no other.
    """
    followed = 0
    for identifier in Organisation.objects.scalar("id"):
        turns.note()  # while the database is away each waits for it
        began = time.monotonic()
        try:
            followed += follow(identifier, now)
        except Exception:  # noqa: BLE001 (whatever it was, the others are not to wait)
            _log.exception("offers could not follow their organisation", organisation=identifier)
        part_done(began)
    return followed


def keep_following(stop: threading.Event) -> None:
    """The worker's loop: look after all offers every SWEEP_SECONDS until told to stop."""
    while not stop.is_set():
        try:
            with unhurried(stop):
                followed = follow_all(system_clock())
                if followed:
                    _log.info("offers followed their organisations", offers=followed)
        except Exception:  # noqa: BLE001 (the database is away: there is always a next time)
            _log.exception("organisations could not be read")
        stop.wait(SWEEP_SECONDS)
