"""What an earlier version stored and published is read by this one."""

import importlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mongoengine
import pytest
from bson import json_util
from flask.testing import FlaskClient

from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.portal.followed_state import FOLLOWED, key_of
from services.portal.following import keep_telling
from shared.events import validation
from shared.events.envelope import OFFER, REQUEST, Event, check, decode
from shared.events.epochs import raise_epoch
from shared.events.pending import unpack
from shared.settings import Settings
from shared.web.database import connect_database, current_database
from shared.web.prepared import prepare_database
from tests.conftest import KeyPair, TokenMaker
from tests.services.described import described_client
from tests.services.matcher.world import World

STORED = Path(__file__).parent / "stored"
OWNERS = ("requests", "offers", "matcher")
RECORDS = {
    "requests": ["/v1/requests", "/v1/requests/{request}"],
    "offers": ["/v1/offers", "/v1/offers/{offer}", "/v1/activities", "/v1/organisations"],
    "matcher": [
        *("/v1/matches", "/v1/commitments?proposal={request}.{offer}"),
        *("/v1/proposals?request={request}", "/v1/duplicates", "/v1/models"),
        "/v1/proposals/{request}.{offer}",
    ],
}
NAMES = {"request": "a31ca8cb4b7e505abf0e44e1", "offer": "55f1e08570dc50e5ad0a233b"}


@dataclass(frozen=True)
class Record:
    """A record as it stood in a topic."""

    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]


@pytest.fixture
def settings(mongodb: str, keys: KeyPair, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a service, without a broker, whose database has what was stored then."""
    jwks = tmp_path / "jwks.json"
    jwks.write_text(keys.jwks_json())
    yield Settings(
        service="earlier",
        kafka="127.0.0.1:9",
        mongodb=mongodb,
        database=f"test_earlier_{uuid.uuid4().hex[:12]}",
        term_key=b"a key that only the tests use...",
        jwks_file=jwks,
        log_format="console",
    )
    mongoengine.disconnect()


def fill(settings: Settings, service: str) -> None:
    """Put what the earlier version of a service stored into the settings' database."""
    database = connect_database(settings)
    for kept in stored(service):
        for name, documents in kept.items():
            if documents:
                database[name].insert_many(documents)


def stored(service: str) -> Iterator[dict[str, Any]]:
    """What a service stored by collection: what its examples led to, and then of what they did not.

    The latter are of other records, which are not there.
    """
    yield json_util.loads((STORED / f"{service}.json").read_text())
    yield json_util.loads((STORED / "more.json").read_text()).get(service, {})


def started(settings: Settings, service: str) -> FlaskClient:
    """The service over what it has stored."""
    return described_client(importlib.import_module(f"services.{service}.app").create_app(settings))


def events() -> list[Event]:
    """What the earlier version published."""
    told = json.loads((STORED / "events.json").read_text())
    return [
        decode(
            Record(
                key=one["key"].encode(),
                value=json.dumps(one["value"]).encode(),
                headers=[(name, text.encode()) for name, text in one["headers"].items()],
            )
        )
        for one in told
    ]


@pytest.mark.parametrize("service", OWNERS)
def test_a_service_starts_over_what_was_stored_and_shows_it(
    service: str, settings: Settings, token: TokenMaker
) -> None:
    fill(settings, service)
    client = started(settings, service)
    # What it began with: no index refuses what is there, and what is stored is brought up.
    prepare_database(replace(settings, service=service))
    shown = [path.format(**NAMES) for path in RECORDS[service]]
    answers = {path: client.get(path, headers=token("coordinator")) for path in shown}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(
        shown, 200
    )
    listed = [answer.json["items"] for answer in answers.values() if "items" in answer.json]
    assert all(listed)


@pytest.mark.parametrize("service", OWNERS)
def test_what_was_stored_makes_events_of_today(service: str, settings: Settings) -> None:
    fill(settings, service)
    aggregates = importlib.import_module(f"services.{service}.documents").AGGREGATES
    found = [document for aggregate in aggregates for document in aggregate.objects]
    assert found
    for document in found:
        document.validate()
        event = document.event()
        if event is not None:
            check(event)
    epoch = raise_epoch(current_database(), aggregates, datetime.now(UTC), 0)  # as a restore does
    said = [
        unpack(record)
        for aggregate in aggregates
        for document in aggregate._get_collection().find()
        for record in document.get("pending_events", ())
    ]
    assert len(said) == sum(document.event() is not None for document in found)
    for event in said:
        check(event)
        assert event.version.epoch == epoch


def test_what_was_published_is_understood(settings: Settings) -> None:
    heard = events()
    assert {event.type for event in heard} == validation.TYPES
    for event in heard:
        if event.type == REQUEST:
            RequestProfile.of_event(event.data)
        if event.type == OFFER:
            OfferProfile.of_event(event.data)


def test_everybody_takes_in_what_was_published(settings: Settings) -> None:
    connect_database(settings)
    World().hears(events())  # the ledger, and the index
    keep_telling(lambda: datetime.now(UTC))(events())
    known = current_database()["followed"].distinct("_id")
    assert set(known) == {key_of(event) for event in events() if event.type in FOLLOWED}
    for service in ("requests", "offers"):
        fill(settings, service)
        importlib.import_module(f"services.{service}.reactions").on_matches(events())
        current_database().client.drop_database(settings.database)


def test_documents_are_those_of_the_services() -> None:
    for service in OWNERS:
        documents = importlib.import_module(f"services.{service}.documents")
        kept = {one._get_collection_name() for one in documents.AGGREGATES}
        assert (
            kept == {name for one in stored(service) for name, found in one.items() if found} & kept
        )
