"""The worker process: publishes offers and activities, and takes in commitments."""

import os
import sys

from services.offers.app import NAME
from services.offers.documents import Activity, AssistanceOffer
from services.offers.reactions import on_matches
from shared.events.envelope import ACTIVITY, OFFER
from shared.registers.work import run_register
from shared.settings import Settings


def main() -> int:
    """Run the worker with settings from the environment; returns the exit code."""
    settings = Settings.from_environment(NAME, os.environ)
    return run_register(settings, {OFFER: AssistanceOffer, ACTIVITY: Activity}, on_matches)


if __name__ == "__main__":
    sys.exit(main())
