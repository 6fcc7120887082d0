"""Fixtures of the matcher's tests: its database, and records as their events tell of them."""

from collections.abc import Callable, Iterator
from typing import Any

import mongoengine
import pytest
from pymongo.database import Database

from shared.settings import Settings
from shared.web.database import connect_database


@pytest.fixture
def matcher_settings(make_settings: Callable[[str], Settings]) -> Settings:
    """Settings of the matcher with topics and a database of its own."""
    return make_settings("matcher")


@pytest.fixture
def database(matcher_settings: Settings) -> Iterator[Database[dict[str, Any]]]:
    """The matcher's own empty database, connected."""
    yield connect_database(matcher_settings)
    mongoengine.disconnect()
