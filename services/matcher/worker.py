"""The worker process: ranks, keeps the ledger's limits, publishes, and finishes the half-done."""

import os
import socket
import sys
import threading
from collections.abc import Callable
from datetime import datetime

import structlog

from services.matcher import (
    acceptance,
    alliances,
    applications,
    clockwork,
    commitments,
    coverage_holds,
    decision_log,
    embargo_warnings,
    embargo_watch,
    ledger,
    metrics,
    settling,
    thread_filing,
)
from services.matcher.alliance_documents import Alliance
from services.matcher.app import NAME
from services.matcher.application_documents import Application
from services.matcher.coverage_documents import CoverageCase
from services.matcher.documents import AGGREGATES, AUDITED, Commitment, Match, Shortlist
from services.matcher.duplicate_documents import DuplicateCase
from services.matcher.embargo_documents import Embargo
from services.matcher.filed import FILES
from services.matcher.joining_documents import Joining
from services.matcher.models import ensure_prior
from services.matcher.public_figures import covered_figures
from services.matcher.ranking_worker import RankingWorker
from services.matcher.reactions import keep_records
from shared.attachments.keeping import keep_scanning
from shared.attachments.telling import tell_waiting
from shared.events.anti_entropy import AntiEntropy
from shared.events.auditing import Auditor
from shared.events.consumer import Consumer
from shared.events.envelope import (
    ALLIANCE,
    APPLICATION,
    COMMITMENT,
    COVERAGE,
    DRAFT,
    DUPLICATE,
    EMBARGO,
    JOINING,
    MATCH,
    SHORTLIST,
)
from shared.events.letters import DeadLetters
from shared.events.relay import Relay
from shared.events.running import Loop, run_worker
from shared.events.topics import Topics
from shared.events.work import put_off
from shared.registers.context import system_clock
from shared.registers.figures import keep_reckoning
from shared.settings import Settings
from shared.web.database import connect_database, current_database
from shared.web.logging import configure_logging
from shared.web.prepared import prepare_worker

LEDGER_GROUP = "matcher-ledger"
SWEEP_SECONDS = 10.0

Clock = Callable[[], datetime]
log = structlog.get_logger(__name__)


def worker_loops(
    settings: Settings, dead_letters: DeadLetters, clock: Clock
) -> tuple[dict[str, Loop], Callable[[], bool]]:
    """The loops of a worker, and whether they all have their partitions.

    The database must be connected. Reading models and making the index takes a moment.
    """
    ensure_prior(clock())
    topics = Topics(settings.topic_prefix)
    ranking = RankingWorker(settings, dead_letters, clock)
    projection = Consumer(
        settings,
        [topics.requests, topics.offers, topics.activities, topics.matches],
        LEDGER_GROUP,
        keep_records(clock),
        dead_letters,
    )
    owner = f"{NAME}@{socket.gethostname()}:{os.getpid()}"
    published = {
        SHORTLIST: Shortlist,
        MATCH: Match,
        COMMITMENT: Commitment,
        ALLIANCE: Alliance,
        DUPLICATE: DuplicateCase,
        COVERAGE: CoverageCase,
        EMBARGO: Embargo,
        APPLICATION: Application,
        DRAFT: Application,
        JOINING: Joining,
    }
    loops: dict[str, Loop] = {
        **ranking.loops(),
        "ledger": projection.run,
        "relay": Relay(settings, AGGREGATES, owner, clock).run,
        "anti-entropy": AntiEntropy(settings, topics.matches, published, clock).run,
        "figures": lambda stop: keep_reckoning(covered_figures, stop, clock),
        "sweeps": lambda stop: sweep(stop, clock, settings.clamd),
        "attachments": lambda stop: keep_scanning(settings.clamd, stop, clock),
        "audit": Auditor(NAME, AUDITED, current_database).run,
    }
    return loops, lambda: ranking.ready() and projection.has_assignment()


def sweep(stop: threading.Event, clock: Clock, clamd: str, seconds: float = SWEEP_SECONDS) -> None:
    """Every few seconds: finish half-done commitments, do what is due of proposals, give back what
    has expired, review cases, take decisions over into their log, file messages and warn."""
    while not stop.wait(seconds):
        with put_off("sweep interrupted"):
            commitments.recover(clock())
            _tell_halves(clock())
            clockwork.sweep(clock())
            commitments.expire(clock())
            settling.sweep(clock())
            acceptance.recover(clock())
            ledger.review_cases(clock())
            decision_log.keep_waiting()
            thread_filing.file_waiting()
            tell_waiting(FILES, clamd, clock())
            alliances.sweep()
            coverage_holds.sweep(clock())
            embargo_watch.sweep(clock())
            embargo_warnings.sweep(clock())
            applications.sweep(clock())


def _tell_halves(now: datetime) -> None:
    count, seconds = commitments.unfinished(now)
    metrics.UNFINISHED.set(count)
    metrics.UNFINISHED_AGE.set(seconds)


def main() -> int:
    """Run the worker with settings from the environment; returns the exit code."""
    settings = Settings.from_environment(NAME, os.environ)
    configure_logging(settings)
    connect_database(settings)
    prepare_worker(settings)
    dead_letters = DeadLetters(settings)
    try:
        loops, ready = worker_loops(settings, dead_letters, system_clock)
        return run_worker(NAME, settings, loops, ready)
    finally:
        dead_letters.close()


if __name__ == "__main__":
    sys.exit(main())
