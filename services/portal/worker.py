"""The worker process: hears what becomes of records, notifies accounts, also by mail and webhook,
reminds; carries out coordinators' decisions; keeps the audit trail and finishes erasures."""

import os
import sys

from services.portal import metrics
from services.portal.addresses import addresses
from services.portal.calling import keep_calling
from services.portal.configuration import PortalSettings
from services.portal.deciding import keep_deciding
from services.portal.erasing import keep_finishing
from services.portal.erasing_names import keep_erasing_names
from services.portal.following import keep_telling
from services.portal.gathering import keep_gathering
from services.portal.house import House, open_house
from services.portal.posting import Posting
from services.portal.postman import keep_sending
from services.portal.reminding import keep_reminding
from shared.events.consumer import Consumer
from shared.events.letters import DeadLetters
from shared.events.running import Loop, run_worker
from shared.events.topics import Topics
from shared.settings import Settings
from shared.web.database import connect_database
from shared.web.logging import configure_logging
from shared.web.prepared import prepare_worker

NAME = "portal"


def followed(house: House, posting: Posting, dead_letters: DeadLetters) -> Consumer:
    """The consumer that turns events into notifications, in a group of the portal's own."""
    topics = Topics(house.settings.topic_prefix)
    return Consumer(
        house.settings,
        [topics.requests, topics.offers, topics.matches],
        NAME,
        keep_telling(house.clock, posting.max_age),
        dead_letters,
    )


def main() -> int:
    """Run the worker with settings from the environment; returns the exit code."""
    settings = Settings.from_environment(NAME, os.environ)
    posting = Posting.from_environment(os.environ)
    portal = PortalSettings.from_environment(os.environ)
    house = open_house(settings, portal, addresses=addresses(os.environ))
    configure_logging(settings)
    connect_database(settings)
    prepare_worker(settings)
    dead_letters = DeadLetters(settings)
    consumer = followed(house, posting, dead_letters)
    loops: dict[str, Loop] = {
        "audit": house.auditor.run,
        "erasing": lambda stop: keep_finishing(house, stop),
        "erasing-names": lambda stop: keep_erasing_names(house, stop),
        "events": consumer.run,
        "deciding": lambda stop: keep_deciding(house, stop, metrics.DECISIONS_OVERDUE.set),
        "reminding": lambda stop: keep_reminding(house, stop),
        "gathering": lambda stop: keep_gathering(house, stop),
        "mail": lambda stop: keep_sending(house, posting, stop),
        "webhooks": lambda stop: keep_calling(house, stop),
    }
    try:
        return run_worker(NAME, settings, loops, consumer.has_assignment)
    finally:
        dead_letters.close()


if __name__ == "__main__":
    sys.exit(main())
