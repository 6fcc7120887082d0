"""The worker process: publishes requests, takes in commitments, finishes mergings."""

import os
import sys

from services.requests.app import NAME
from services.requests.documents import AssistanceRequest
from services.requests.merging import REQUESTS
from services.requests.reactions import on_matches
from shared.events.envelope import REQUEST
from shared.registers.context import system_clock
from shared.registers.merging import keep_finishing
from shared.registers.work import run_register
from shared.settings import Settings


def main() -> int:
    """Run the worker with settings from the environment; returns the exit code."""
    settings = Settings.from_environment(NAME, os.environ)
    merging = {"merging": lambda stop: keep_finishing(REQUESTS, stop, system_clock)}
    return run_register(settings, {REQUEST: AssistanceRequest}, on_matches, merging)


if __name__ == "__main__":
    sys.exit(main())
