"""Epochs: what a restore brings back wins over newer-looking numbers."""

from typing import Any

import pytest
from pymongo.database import Database
from sample_things import Thing, now

from shared.events.epochs import current_epoch, raise_epoch
from shared.events.outbox import change, create
from shared.events.versions import Version


def test_raising_wins_over_newer_looking_numbers(database: Database[dict[str, Any]]) -> None:
    assert current_epoch(database) == 1
    for name in ("a", "b"):
        create(Thing(id=name), now())
    create(Thing(id="draft", status="draft"), now())
    backup = list(database.things.find())
    for _ in range(3):
        change(Thing, "a", None, lambda thing: setattr(thing, "count", thing.count + 1), now())
    lost = Thing.objects(id="a").first().version
    database.things.delete_many({})
    for document in backup:
        document.pop("pending_events", None)
        document.pop("pending_since", None)
        database.things.insert_one(document | {"lease_owner": "gone", "lease_until": now()})

    assert raise_epoch(database, [Thing], now(), 0) == current_epoch(database) == 2

    restored = Thing.objects(id="a").first()
    assert restored.version == Version(2, 1) > lost
    assert [record["id"] for record in restored.pending_events] == ["a/2.1"]
    assert restored.pending_since is not None
    assert restored.lease_until is None
    assert Thing.objects(id="draft").first().pending_since is None
    create(Thing(id="new"), now())
    assert Thing.objects(id="new").first().version == Version(2, 1)


@pytest.mark.usefixtures("database")
def test_changes_keep_the_epoch(database: Database[dict[str, Any]]) -> None:
    create(Thing(id="a"), now())
    raise_epoch(database, [Thing], now(), 0)
    raise_epoch(database, [Thing], now(), 0)
    changed = change(Thing, "a", None, lambda thing: setattr(thing, "count", 1), now())
    assert changed.version == Version(3, 2)
