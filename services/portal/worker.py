"""The worker process: sends mail."""

import os
import sys

from services.portal.configuration import PortalSettings
from services.portal.house import open_house
from services.portal.posting import Posting
from services.portal.postman import keep_sending
from shared.events.running import Loop, run_worker
from shared.settings import Settings
from shared.web.database import connect_database
from shared.web.logging import configure_logging

NAME = "portal"


def main() -> int:
    """Run the worker with settings from the environment; returns the exit code."""
    settings = Settings.from_environment(NAME, os.environ)
    house = open_house(settings, PortalSettings.from_environment(os.environ))
    posting = Posting.from_environment(os.environ)
    configure_logging(settings)
    connect_database(settings)
    loops: dict[str, Loop] = {"mail": lambda stop: keep_sending(house, posting, stop)}
    return run_worker(NAME, settings, loops, lambda: True)


if __name__ == "__main__":
    sys.exit(main())
