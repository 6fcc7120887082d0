"""Making a service's collections and their indexes: once, as a process starts.

No request and no loop makes one (`connect_database` switches mongoengine's own making off): a build
holds up whoever writes, and the embedded database was seen to stop for good where one thread wrote
into a collection that another was just making (docs/decisions/0081).
"""

import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from mongoengine import Document
from pymongo import IndexModel, MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from shared.events import auditing, epochs, letters, restoring, starts, trail
from shared.settings import Settings
from shared.web import idempotency
from shared.web.database import SELECTION_TIMEOUT_MS, current_database, kept_documents

_PAUSE_SECONDS = 2.0
_START_SECONDS = 20.0
"""An API starts no later than this, whatever it still builds: who starts it would give it up."""
_CHECK_SECONDS = 1.0
_FAILED = "collections and indexes could not be made"
_EXISTS = 48
_NO_SUCH_INDEX = 27
_OPTIONS = ("unique", "sparse", "expireAfterSeconds")
_PLAIN: Mapping[str, Sequence[IndexModel]] = {
    auditing.NOTES: auditing.NOTES_INDEXES,
    trail.COLLECTION: trail.INDEXES,
    idempotency.COLLECTION: idempotency.INDEXES,
    letters.REMEMBERED: (),
    epochs.COLLECTION: (),
    starts.COLLECTION: (),
    restoring.MARK: (),
}
"""The collections of every service that are no mongoengine documents."""

log = structlog.get_logger(__name__)


class NotPreparedError(Exception):
    """The service's collections and indexes are not all there yet."""


class Preparation:
    """The making of an API's collections and indexes, beside the thread that starts it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._done = threading.Event()
        self._over = threading.Event()

    def start(self) -> None:
        """Begin, and wait until it is done, or failed: the database may be away."""
        self._begin(_START_SECONDS)

    def check(self) -> None:
        """Raise NotPreparedError unless everything is there; tries again what failed."""
        if not self._done.is_set() and self._over.is_set():
            self._begin(_CHECK_SECONDS)
        if not self._done.is_set():
            raise NotPreparedError("collections and indexes are still to be made")

    def _begin(self, patience: float) -> None:
        self._over.clear()
        threading.Thread(target=self._run, name="preparation", daemon=True).start()
        self._over.wait(patience)

    def _run(self) -> None:
        try:
            prepare_database(self._settings)
            self._done.set()
        except PyMongoError as error:
            log.warning(_FAILED, error=str(error))
        finally:
            self._over.set()


def prepare_worker(settings: Settings) -> None:
    """What a worker does first: make what is missing, and note that it was started.

    Tries again while the database, to which it is connected, is away or being restored. Meanwhile
    the ready file of one that was killed tells nobody that this one is ready.
    """
    if settings.ready_file is not None:
        settings.ready_file.unlink(missing_ok=True)
    worker = f"{settings.service}@{socket.gethostname()}"
    while True:
        try:
            prepare_database(settings)
            if not restoring.is_being_restored(current_database()):
                return starts.note_start(current_database(), worker, datetime.now(UTC))
            log.warning("the database is being restored")
        except PyMongoError as error:
            log.warning(_FAILED, error=str(error))
        time.sleep(_PAUSE_SECONDS)


def prepare_database(settings: Settings) -> None:
    """Make every collection and index of the service that is not there, drop those indexes that an
    earlier version made and no query goes by any more, and bring up what it stored where a document
    has to (`bring_up` of the collection).

    Those of the documents that this process has imported. Any number of processes may do so at
    once. An index over records that are there already, as an upgrade may bring, takes its time:
    the log says before and after. Raises pymongo's errors, also where an index stands with other
    options than it should have.
    """
    # A client of its own: a build may take longer than any other answer.
    with MongoClient[dict[str, Any]](
        settings.mongodb,
        appname=f"entraide-{settings.service}-preparing",
        serverSelectionTimeoutMS=SELECTION_TIMEOUT_MS,
        connectTimeoutMS=SELECTION_TIMEOUT_MS,
    ) as client:
        database = client[settings.database]
        there = set(database.list_collection_names())
        for name, indexes in declared(settings.service).items():
            if indexes:
                _make_indexes(database[name], indexes)
            elif name not in there:
                _make_collection(database, name)
        for document in _documents(settings.service):
            collection = database[document._get_collection_name()]
            _drop_indexes(collection, document._meta.get("retired_indexes", ()))
            if (bring_up := getattr(document, "bring_up", None)) is not None:
                bring_up(collection)


def declared(service: str) -> dict[str, list[IndexModel]]:
    """The indexes of a service by collection, as its documents and the house declare them."""
    found = {name: list(indexes) for name, indexes in _PLAIN.items()}
    for document in _documents(service):
        found.setdefault(document._get_collection_name(), []).extend(_indexes(document))
    return found


def _documents(service: str) -> Iterator[type[Document]]:
    for document in kept_documents():
        if document.__module__.startswith((f"services.{service}.", "shared.")):
            yield document


def _indexes(document: type[Document]) -> Iterator[IndexModel]:
    for spec in document._meta["index_specs"]:
        options = {name: value for name, value in spec.items() if name not in ("fields", "cls")}
        yield IndexModel(spec["fields"], **options)


def _make_indexes(collection: Collection[dict[str, Any]], wanted: Sequence[IndexModel]) -> None:
    known = collection.index_information()
    missing = [one for one in wanted if not _stands(one.document, known)]
    if not missing:
        return
    names = [one.document["name"] for one in missing]
    records = collection.estimated_document_count() if known else 0
    began = time.monotonic()
    if records:
        log.info("making indexes", collection=collection.name, indexes=names, records=records)
    collection.create_indexes(missing)
    if records:
        seconds = round(time.monotonic() - began, 1)
        log.info("indexes made", collection=collection.name, indexes=names, seconds=seconds)


def _drop_indexes(collection: Collection[dict[str, Any]], names: Sequence[str]) -> None:
    known = collection.index_information() if names else {}
    for name in names:
        if name in known:
            _drop_index(collection, name)


def _drop_index(collection: Collection[dict[str, Any]], name: str) -> None:
    try:
        collection.drop_index(name)
        log.info("index dropped", collection=collection.name, index=name)
    except OperationFailure as error:  # another process has dropped it meanwhile
        if error.code != _NO_SUCH_INDEX:
            raise


def _stands(wanted: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> bool:
    found = known.get(wanted["name"])
    return found is not None and all(found.get(one) == wanted.get(one) for one in _OPTIONS)


def _make_collection(database: Database[dict[str, Any]], name: str) -> None:
    try:
        database.create_collection(name, check_exists=False)
    except OperationFailure as error:
        if error.code != _EXISTS:  # another process was first
            raise
