"""When a service's workers were started: what tells one that ends again and again.

A worker that ends seconds after its start is hardly ever there when Prometheus asks it, and what it
counted goes with it. So each notes its start in its database, and whoever stays there tells: the
service's API.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pymongo
from mongoengine import ConnectionFailure, get_db
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from pymongo.database import Database
from pymongo.errors import PyMongoError

from shared.events.metrics import worker_starts

COLLECTION: Final = "worker_starts"
RECENT: Final = timedelta(minutes=30)
_MOST: Final = 100
_PATIENCE_SECONDS: Final = 1.0


def note_start(database: Database[dict[str, Any]], worker: str, now: datetime) -> None:
    """Note that a worker, by a name that it has again when it is started again, begins.

    What is older than RECENT goes: a container that was replaced has another name.
    """
    kept = {"$each": [now], "$sort": 1, "$slice": -_MOST}
    database[COLLECTION].update_one({"_id": worker}, {"$push": {"at": kept}}, upsert=True)
    database[COLLECTION].delete_many({"at": {"$not": {"$gte": now - RECENT}}})


def recent_starts(database: Database[dict[str, Any]], now: datetime) -> dict[str, int]:
    """How often each worker was started within RECENT."""
    since = now - RECENT
    return {
        note["_id"]: sum(at >= since for at in note["at"]) for note in database[COLLECTION].find()
    }


class Starts(Collector):
    """Tells Prometheus of them, from the database that this process is connected to.

    Tells none while that is away, after a second.
    """

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """What it tells: to say so asks no database."""
        yield worker_starts()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The starts of each worker."""
        told = worker_starts()
        try:
            with pymongo.timeout(_PATIENCE_SECONDS):
                starts = recent_starts(get_db(), datetime.now(UTC))
        except (PyMongoError, ConnectionFailure):
            starts = {}
        for worker, times in starts.items():
            told.add_metric([worker], times)
        yield told
