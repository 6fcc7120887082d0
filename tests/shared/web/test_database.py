"""Connecting a process to its database."""

from dataclasses import replace
from datetime import UTC, datetime

import mongoengine
import pytest
from pymongo.errors import PyMongoError

from deploy.local.servers import free_port
from shared.settings import Settings, SettingsError
from shared.web.database import check_database, connect_database, current_database


def test_connecting_again_is_harmless_and_elsewhere_moves(settings: Settings) -> None:
    database = connect_database(settings)
    assert database.name == settings.database
    assert connect_database(settings) is database
    check_database(2)
    other = connect_database(replace(settings, database="test_other"))
    assert current_database() is other
    assert other.name == "test_other"
    mongoengine.disconnect()


def test_times_come_back_aware(settings: Settings) -> None:
    database = connect_database(settings)
    database["times"].insert_one({"_id": 1, "at": datetime(2026, 1, 1, tzinfo=UTC)})
    found = database["times"].find_one({"_id": 1})
    assert found == {"_id": 1, "at": datetime(2026, 1, 1, tzinfo=UTC)}
    mongoengine.disconnect()


def test_a_server_that_is_down_shows_within_the_time_given(settings: Settings) -> None:
    connect_database(replace(settings, mongodb=f"mongodb://127.0.0.1:{free_port()}"))
    with pytest.raises(PyMongoError):
        check_database(0.2)
    mongoengine.disconnect()


def test_a_uri_may_not_send_every_service_to_one_database(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="ENTRAIDE_DATABASE"):
        connect_database(replace(settings, mongodb=settings.mongodb.replace("/?", "/shared?")))
