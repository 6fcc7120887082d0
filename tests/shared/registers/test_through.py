"""Registers gone through in parts: everything once, however it lies in time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import mongoengine
import pytest
from mongoengine import DateTimeField, Document, StringField

from shared.registers import through
from shared.settings import Settings
from shared.unhurried import unhurried
from shared.web.database import connect_database
from tests.services.written import reads
from tests.shared.test_unhurried import Rests

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Gone(Document):
    """What is gone through here."""

    meta = {"collection": "gone_through", "indexes": [("-created_at", "id")]}  # noqa: RUF012 (mongoengine declares it so)

    id = StringField(primary_key=True)
    state = StringField()
    created_at = DateTimeField()


@pytest.fixture
def register(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Gone]]:
    monkeypatch.setattr(through, "_AT_ONCE", 4)
    connect_database(settings)
    Gone.drop_collection()
    yield Gone
    Gone.drop_collection()
    mongoengine.disconnect()


def test_each_is_read_once_the_newest_first_and_few_at_once(register: type[Gone]) -> None:
    # Nine of one moment, more than two parts of them; the others far apart.
    days = [0, 1, *[2] * 9, 700, 20_000]
    for number, day in enumerate(days):
        state = "open" if number % 3 else "closed"
        made = NOW - timedelta(days=day)
        Gone(id=f"{number:02}", state=state, created_at=made).save(force_insert=True)
    with reads() as made_reads:
        found = list(through.every(register, {}, {"_id": 1}))
    assert [one["_id"] for one in found] == [f"{number:02}" for number in range(len(days))]
    assert len(made_reads) > len(days) / 4
    open_ = [f"{number:02}" for number in range(len(days)) if number % 3]
    shown = list(through.every(register, {"state": "open"}, {"state": 1}))
    assert [(one["_id"], one["state"]) for one in shown] == [(id_, "open") for id_ in open_]
    assert through.count(register, {"state": "open"}) == len(open_)
    assert through.count(register, {"state": "lost"}) == 0


def test_the_database_is_left_to_others_between_two_parts_where_nobody_waits(
    register: type[Gone],
) -> None:
    for number in range(9):
        Gone(id=f"{number}", created_at=NOW).save(force_insert=True)
    stop = Rests()
    assert through.count(register, {}) == 9
    assert stop.seconds == []
    with unhurried(stop):
        assert through.count(register, {}) == 9
    assert len(stop.seconds) == 3
    assert all(rest > 0 for rest in stop.seconds)
