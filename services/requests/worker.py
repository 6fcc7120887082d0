"""The worker process: publishes requests, circulates them in time, takes in commitments."""

import os
import sys

from services.requests.app import NAME
from services.requests.circulating import keep_circulating
from services.requests.documents import AssistanceRequest
from services.requests.merging import REQUESTS
from services.requests.public_figures import request_figures
from services.requests.reactions import on_matches
from shared.events.envelope import REQUEST
from shared.registers.context import system_clock
from shared.registers.figures import keep_reckoning
from shared.registers.merging import keep_finishing
from shared.registers.work import run_register
from shared.settings import Settings


def main() -> int:
    """Run the worker with settings from the environment; returns the exit code."""
    settings = Settings.from_environment(NAME, os.environ)
    loops = {
        "merging": lambda stop: keep_finishing(REQUESTS, stop, system_clock),
        "figures": lambda stop: keep_reckoning(request_figures, stop, system_clock),
        "circulating": lambda stop: keep_circulating(stop, system_clock),
    }
    aggregates = {REQUEST: AssistanceRequest}
    return run_register(settings, aggregates, on_matches, AssistanceRequest, loops)


if __name__ == "__main__":
    sys.exit(main())
