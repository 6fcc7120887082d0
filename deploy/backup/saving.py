"""Making a backup while the services go on: every database as of one moment."""

import gzip
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from deploy.backup.manifest import BackupError, Manifest, Part, digest, file_of
from shared.events.restoring import MARK

_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_BATCH = 500
_PRIVATE = 0o700


def save(
    client: MongoClient[dict[str, Any]],
    databases: Mapping[str, str],
    directory: Path,
    now: datetime,
) -> Manifest:
    """Write the databases (names by service) of one server into a new folder; what it holds.

    All collections, whatever they are called, as they were together at one moment: the ledger
    spans several. Writers are not held up. The folder has no manifest until it is whole, and
    is its owner's alone, for it holds what is confidential. Raises BackupError where
    there is such a folder already, or a database is not whole (restoring.py), OSError and pymongo's
    errors.
    """
    try:
        directory.mkdir(mode=_PRIVATE, parents=True)
    except FileExistsError:
        raise BackupError(f"{directory} is there already: a backup gets a folder of its own") from (
            None
        )
    names = {
        service: sorted(
            name
            for name in client[database].list_collection_names()
            if not name.startswith("system.")
        )
        for service, database in databases.items()
    }
    services: dict[str, dict[str, Part]] = {}
    with _one_moment(client) as session:
        for service, database in databases.items():
            if client[database][MARK].find_one({}, session=session):
                raise BackupError(
                    f"{service} is being brought back, or that was broken off: restore it first"
                )
        for service, collections in names.items():
            (directory / service).mkdir(mode=_PRIVATE)
            services[service] = {
                name: _save(client, databases[service], name, session, directory, service)
                for name in collections
            }
    manifest = Manifest(now.isoformat(), services)
    manifest.write(directory)
    return manifest


@contextmanager
def _one_moment(client: MongoClient[dict[str, Any]]) -> Iterator[ClientSession]:
    """A session whose reads all see the same moment.

    A replica set has sessions for that, which live for five minutes unless the server is told to
    keep more (`minSnapshotHistoryWindowInSeconds`). The embedded database, which is in none, takes
    no notice of those, but a transaction of it reads so.
    """
    keeps_snapshots = "setName" in client.admin.command("hello")
    with client.start_session(snapshot=keeps_snapshots) as session:
        if keeps_snapshots:
            yield session
            return
        session.start_transaction()
        try:
            yield session
        finally:
            session.abort_transaction()


def _save(
    client: MongoClient[dict[str, Any]],
    database: str,
    name: str,
    session: ClientSession,
    directory: Path,
    service: str,
) -> Part:
    path = file_of(directory, service, name)
    collection = cast(
        Collection[RawBSONDocument], client[database].get_collection(name, codec_options=_RAW)
    )
    documents = 0
    with path.open("wb") as file:
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0, compresslevel=6) as packed:
            for document in collection.find({}, session=session, batch_size=_BATCH):
                packed.write(document.raw)
                documents += 1
        file.flush()
        os.fsync(file.fileno())
    return Part(documents, digest(path))
