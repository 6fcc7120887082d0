"""Workers' starts: told by whoever stays, since who ends at once is not asked."""

from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry
from pymongo.database import Database

from shared.events.starts import COLLECTION, RECENT, Starts, note_start, recent_starts

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_each_start_within_half_an_hour_counts(database: Database[dict[str, Any]]) -> None:
    for minutes in (40, 20, 10, 0):
        note_start(database, "requests@a", NOW - timedelta(minutes=minutes))
    note_start(database, "requests@b", NOW)
    assert recent_starts(database, NOW) == {"requests@a": 3, "requests@b": 1}
    assert recent_starts(database, NOW + RECENT) == {"requests@a": 1, "requests@b": 1}


def test_a_worker_under_another_name_is_forgotten(database: Database[dict[str, Any]]) -> None:
    note_start(database, "requests@replaced", NOW - RECENT - timedelta(seconds=1))
    note_start(database, "requests@a", NOW)
    assert [note["_id"] for note in database[COLLECTION].find()] == ["requests@a"]


def test_what_is_kept_of_a_worker_that_ends_for_days_is_bounded(
    database: Database[dict[str, Any]],
) -> None:
    for second in range(130):
        note_start(database, "requests@a", NOW + timedelta(seconds=second))
    (note,) = database[COLLECTION].find()
    assert len(note["at"]) == 100
    assert recent_starts(database, NOW + timedelta(minutes=2)) == {"requests@a": 100}


def test_prometheus_is_told_of_each_worker(database: Database[dict[str, Any]]) -> None:
    registry = CollectorRegistry()
    registry.register(Starts())
    for _ in range(2):
        note_start(database, "requests@a", datetime.now(UTC))
    assert registry.get_sample_value("entraide_worker_starts", {"worker": "requests@a"}) == 2


def test_prometheus_is_told_of_none_without_a_database() -> None:
    registry = CollectorRegistry()
    registry.register(Starts())
    (family,) = registry.collect()
    assert (family.name, family.samples) == ("entraide_worker_starts", [])
