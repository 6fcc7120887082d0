"""The portal of this version over what an earlier one kept: people, their secrets, what they were
told and what they were about to do."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import mongoengine
import pytest
from bson import json_util
from flask import Flask

from services.portal import api_tokens, deciding, factors, invitations, sessions
from services.portal.app import create_app
from services.portal.documents import Account, SigningKey
from services.portal.domain.second_factor import code_at
from services.portal.following import keep_telling
from services.portal.house import House
from services.portal.note_documents import Notification
from services.portal.signing_in import check_password
from services.portal.signing_keys import signing_key
from services.portal.webhook_documents import Webhook
from services.portal.webhooks import secret_of
from shared.web.database import connect_database, current_database, kept_documents
from shared.web.prepared import prepare_database
from tests.earlier.test_earlier import NAMES, STORED, events
from tests.services.portal.browsing import Browser
from tests.services.portal.conftest import ENVIRON, quick_passwords, settings_of_portal

PAGES = (
    *("/account", "/account/tokens", "/account/webhooks", "/account/second-factor"),
    *("/notifications", "/notifications/choices"),
)
SOON_AFTER = datetime(2026, 11, 28, 3, 1, tzinfo=UTC)
"""When this version takes over: nothing has run out that the earlier one gave."""


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    """What the earlier portal stored, and the secrets that it had given to people."""
    found: dict[str, Any] = json_util.loads((STORED / "portal.json").read_text())
    return found


@pytest.fixture
def app(mongodb: str, kept: dict[str, Any]) -> Iterator[Flask]:
    """This version's portal over it."""
    settings = settings_of_portal(mongodb)
    database = connect_database(settings)
    for name, documents in kept["stored"].items():
        database[name].insert_many(documents)
    made = create_app(settings, ENVIRON, lambda: SOON_AFTER, quick_passwords())
    prepare_database(settings)  # no index refuses what is there
    yield made
    database.client.drop_database(settings.database)
    mongoengine.disconnect()


@pytest.fixture
def house(app: Flask) -> House:
    """What the portal works with."""
    found: House = app.extensions["entraide-portal"]
    return found


@pytest.mark.usefixtures("app")
def test_whatever_it_kept_is_valid(kept: dict[str, Any]) -> None:
    own = {one._get_collection_name(): one for one in kept_documents()}
    for name, documents in kept["stored"].items():
        found = list(own[name].objects)
        assert len(found) == len(documents)
        for one in found:
            one.validate()


def test_who_was_signed_in_still_is(app: Flask, kept: dict[str, Any]) -> None:
    browser = Browser(app)
    browser.client.set_cookie("entraide-session", kept["known"]["cookie"])
    for page in PAGES:
        browser.open(page)
        assert (browser.status, browser.path) == (200, page)


def test_secrets_that_it_gave_are_good(house: House, kept: dict[str, Any]) -> None:
    known, now = kept["known"], house.clock()
    coordinator = Account.objects.get(role="coordinator")
    found = check_password(house, coordinator.email, known["password"], None, now)
    assert found.id == coordinator.id
    assert factors.use_code(house, coordinator, code_at(known["seed"], now), now)
    assert api_tokens.exchange(house, known["token"], now).token
    assert secret_of(house, Webhook.objects.get()).startswith("whsec_")
    assert signing_key(house, now).public["kid"] == SigningKey.objects.get().key_id
    made = invitations.accept(
        house, known["invitation"], "Somebody", "nine otters by a weir", "fr", now
    )
    assert sessions.open_session(house, made, "full", "", now, None)


def test_what_was_to_be_done_is_done_and_nobody_is_told_twice(house: House) -> None:
    coordinator = Account.objects.get(role="coordinator")
    (decision,) = deciding.own_decisions(coordinator)
    assert decision.id == "{request}.{offer}".format(**NAMES)
    outcome = deciding.decide_now(house, coordinator, decision.id, decision.key)
    assert outcome == "waits", "no matcher is there"

    told = {one.id for one in Notification.objects}
    keep_telling(house.clock)(events())
    assert {one.id for one in Notification.objects} == told

    while house.auditor.take_over():
        pass
    assert not current_database()["accounts"].count_documents({"unaudited_since": {"$ne": None}})
