"""The connection of a process to its service's own database."""

from collections.abc import Iterator
from typing import Any

import mongoengine
import pymongo
from pymongo.database import Database
from pymongo.uri_parser import parse_uri

from shared.settings import Settings, SettingsError
from shared.web.stored import make_documents_at_once

SELECTION_TIMEOUT_MS = 3_000
SOCKET_TIMEOUT_MS = 20_000
POOL_WAIT_MS = 5_000

make_documents_at_once()


def connect_database(settings: Settings) -> Database[dict[str, Any]]:
    """Connect mongoengine's default alias to `settings.database`, and return that database.

    Call it in the process that will use it, after any fork. Connecting again to the same database
    changes nothing; to another, it replaces the connection. Nothing is sent yet: a server that is
    down shows on first use, as a pymongo error within SELECTION_TIMEOUT_MS. Using a document makes
    no index from now on: prepared.py does, at a process's start. Raises SettingsError
    for a URI that names another database: it would silently win over `settings.database`.
    """
    named = parse_uri(settings.mongodb, validate=False)["database"]
    if named not in (None, settings.database):
        raise SettingsError(
            f"ENTRAIDE_MONGODB must not name a database ({named}): every service has its own, "
            "set by ENTRAIDE_DATABASE; for authentication use ?authSource="
        )
    for document in kept_documents():
        document._meta["auto_create_index"] = False
    try:
        _connect(settings)
    except mongoengine.ConnectionFailure:  # connected elsewhere
        mongoengine.disconnect()
        _connect(settings)
    return current_database()


def _connect(settings: Settings) -> None:
    mongoengine.connect(
        db=settings.database,
        host=settings.mongodb,
        uuidRepresentation="standard",
        tz_aware=True,
        appname=f"entraide-{settings.service}",
        serverSelectionTimeoutMS=SELECTION_TIMEOUT_MS,
        connectTimeoutMS=SELECTION_TIMEOUT_MS,
        socketTimeoutMS=SOCKET_TIMEOUT_MS,
        waitQueueTimeoutMS=POOL_WAIT_MS,
    )


def kept_documents() -> Iterator[type[mongoengine.Document]]:
    """The documents that this process knows, each of which has a collection."""
    waiting = mongoengine.Document.__subclasses__()
    while waiting:
        document = waiting.pop()
        waiting += document.__subclasses__()
        if not document._meta.get("abstract"):
            yield document


def current_database() -> Database[dict[str, Any]]:
    """The database that `connect_database` connected this process to."""
    database: Database[dict[str, Any]] = mongoengine.get_db()
    return database


def check_database(timeout_seconds: float) -> None:
    """Raise a pymongo error unless the connected database answers within that time."""
    with pymongo.timeout(timeout_seconds):
        current_database().command("ping")
