"""Collections and indexes are made once, as a process starts, and by nothing else."""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import mongoengine
import pytest
from mongoengine import (
    CachedReferenceField,
    EmbeddedDocumentField,
    FileField,
    GenericLazyReferenceField,
    GenericReferenceField,
    LazyReferenceField,
    ReferenceField,
)
from pymongo.database import Database
from pymongo.errors import OperationFailure
from structlog.testing import capture_logs

from deploy.local.servers import free_port
from shared.settings import Settings
from shared.web import idempotency, prepared
from shared.web.database import connect_database, kept_documents
from shared.web.prepared import (
    NotPreparedError,
    Preparation,
    declared,
    prepare_database,
    prepare_worker,
)

SERVICES = ("requests", "offers", "matcher", "portal")
REFERRING = (
    *(ReferenceField, GenericReferenceField, LazyReferenceField, GenericLazyReferenceField),
    *(CachedReferenceField, FileField),
)


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest, make_settings: Callable[[str], Settings]) -> Settings:
    """Settings of a service whose API and worker are imported."""
    for part in ("app", "worker"):
        importlib.import_module(f"services.{request.param}.{part}")
    return make_settings(request.param)


@pytest.fixture
def database(service: Settings) -> Iterator[Database[dict[str, Any]]]:
    """The service's own database, connected."""
    connected = connect_database(service)
    yield connected
    connected.client.drop_database(connected.name)
    mongoengine.disconnect()


def names(database: Database[dict[str, Any]]) -> dict[str, set[str]]:
    """The indexes of each collection."""
    return {
        name: set(database[name].index_information()) for name in database.list_collection_names()
    }


def test_all_that_is_declared_is_made_and_making_it_again_changes_nothing(
    service: Settings, database: Database[dict[str, Any]]
) -> None:
    prepare_database(service)
    made = names(database)
    wanted = declared(service.service)
    assert made.keys() == wanted.keys()
    for name, indexes in wanted.items():
        assert made[name] == {"_id_", *(one.document["name"] for one in indexes)}
    prepare_database(service)
    assert names(database) == made


@pytest.mark.parametrize("service", ["matcher"], indirect=True)
def test_an_index_that_is_needed_no_more_is_dropped(
    service: Settings, database: Database[dict[str, Any]]
) -> None:
    lists = database["shortlists"]
    lists.insert_one({"_id": "shortlist-earlier", "donors": ["d"], "request": "r"})
    lists.create_index([("donors", 1), ("request", 1)])
    lists.create_index("of_an_operators_own")
    prepare_database(service)
    assert not names(database)["shortlists"] & {"donors_1_request_1"}
    assert names(database)["shortlists"] >= {"offers_1_turn_1", "of_an_operators_own_1"}
    assert [one["turn"] for one in lists.find()] == ["4-r"]


def test_using_documents_makes_no_index(
    service: Settings, database: Database[dict[str, Any]]
) -> None:
    own = [
        one for one in kept_documents() if one.__module__.startswith(f"services.{service.service}.")
    ]
    assert own
    for document in own:
        document.objects.first()
        assert document._get_collection().count_documents({}) == 0
    assert names(database) == {}


def test_no_document_refers_to_another(service: Settings) -> None:
    """Else what shared/web/database.py leaves out of mongoengine would be missing."""
    waiting = [(one.__name__, field) for one in kept_documents() for field in one._fields.values()]
    seen = set()
    while waiting:
        name, field = waiting.pop()
        assert not isinstance(field, REFERRING), f"{name} refers by {field.name}"
        if isinstance(field, EmbeddedDocumentField) and field.document_type not in seen:
            seen.add(field.document_type)
            waiting += [(name, one) for one in field.document_type._fields.values()]
        elif getattr(field, "field", None) is not None:
            waiting.append((name, field.field))
    assert seen


@pytest.fixture
def collection(settings: Settings) -> Iterator[Any]:
    """Stored answers of a service that has been there for longer, without their index."""
    store = connect_database(settings)[idempotency.COLLECTION]
    store.insert_many([{"n": number} for number in range(3)])
    yield store
    store.database.client.drop_database(store.database.name)
    mongoengine.disconnect()


def test_an_index_over_stored_records_is_told_in_the_log(
    settings: Settings, collection: Any
) -> None:
    with capture_logs() as logs:
        prepare_database(settings)
    told = [one for one in logs if one.get("collection") == collection.name]
    assert [one["event"] for one in told] == ["making indexes", "indexes made"]
    assert told[0]["indexes"] == ["created_at_1"]
    assert told[0]["records"] == 3
    assert "created_at_1" in collection.index_information()


def test_an_index_that_stands_with_other_options_is_no_silent_success(
    settings: Settings, collection: Any
) -> None:
    collection.create_index("created_at")
    with pytest.raises(OperationFailure):
        prepare_database(settings)


def test_an_api_starts_without_its_database_and_is_ready_once_that_is_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = replace(settings, mongodb=f"mongodb://127.0.0.1:{free_port()}")
    preparation = Preparation(away)
    preparation.start()
    with pytest.raises(NotPreparedError):
        preparation.check()
    monkeypatch.setattr(preparation, "_settings", settings)
    assert becomes_ready(preparation)
    assert idempotency.COLLECTION in names(connect_database(settings))
    mongoengine.disconnect()


def becomes_ready(preparation: Preparation) -> bool:
    """Whether the checks of a probe, one after the other, come to an end that is good."""
    for _ in range(60):
        try:
            preparation.check()
        except NotPreparedError:
            preparation._over.wait(1)
        else:
            return True
    return False


def test_a_worker_that_waits_is_not_ready_by_what_one_that_was_killed_left(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = tmp_path / "ready"
    ready.touch()

    def wait(_: Settings) -> None:
        raise KeyboardInterrupt("the database is away")

    monkeypatch.setattr(prepared, "prepare_database", wait)
    with pytest.raises(KeyboardInterrupt):
        prepare_worker(replace(settings, ready_file=ready))
    assert not ready.exists()
