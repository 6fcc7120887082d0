"""The worker process: publishes offers, activities and calls, takes in commitments, follows
donors, finishes mergings."""

import os
import sys

from services.offers.app import NAME
from services.offers.documents import Activity, AssistanceOffer, Call
from services.offers.following import keep_following
from services.offers.merging import OFFERS
from services.offers.public_figures import offer_figures
from services.offers.reactions import on_matches
from shared.events.envelope import ACTIVITY, CALL, OFFER
from shared.registers.context import system_clock
from shared.registers.figures import keep_reckoning
from shared.registers.merging import keep_finishing
from shared.registers.work import run_register
from shared.settings import Settings


def main() -> int:
    """Run the worker with settings from the environment; returns the exit code."""
    settings = Settings.from_environment(NAME, os.environ)
    return run_register(
        settings,
        {OFFER: AssistanceOffer, ACTIVITY: Activity, CALL: Call},
        on_matches,
        AssistanceOffer,
        {
            "following": keep_following,
            "figures": lambda stop: keep_reckoning(offer_figures, stop, system_clock),
            "merging": lambda stop: keep_finishing(OFFERS, stop, system_clock),
        },
    )


if __name__ == "__main__":
    sys.exit(main())
