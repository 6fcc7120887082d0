"""Bringing a backup back, into an installation that is empty or that went on since."""

import gzip
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from deploy.backup.manifest import BackupError, Manifest, file_of
from shared.events.restoring import MARK

_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_BATCH = 500
_BATCH_BYTES = 16 << 20


def bring_back(
    client: MongoClient[dict[str, Any]],
    databases: Mapping[str, str],
    directory: Path,
    manifest: Manifest,
) -> dict[str, int]:
    """Put what a backup holds in the place of what is there; how many documents by service.

    For the services that `databases` has (names by service). Whatever else is in their databases
    goes; indexes and the marks of its being done (restoring.py) stay. Verify the backup first, stop
    the services' processes, raise the epochs afterwards. A run that was broken off is mended by
    running it again: until then the databases are neither the old nor the new. Raises BackupError
    for a service that the backup has not, OSError and pymongo's errors.
    """
    require_services(databases, directory, manifest)
    return {
        service: _replace(client, database, directory, service, manifest)
        for service, database in databases.items()
    }


def require_services(services: Collection[str], directory: Path, manifest: Manifest) -> None:
    """Raise BackupError unless the backup has these services, each whole: an earlier version made
    backups of what was just being brought back, too."""
    missing = sorted(set(services) - manifest.services.keys())
    if missing:
        raise BackupError(f"{directory} has nothing of {', '.join(missing)}")
    for service in sorted(services):
        mark = manifest.services[service].get(MARK)
        if mark is not None and mark.documents:
            raise BackupError(f"{directory} was made while {service} was being brought back")


def _replace(
    client: MongoClient[dict[str, Any]],
    database: str,
    directory: Path,
    service: str,
    manifest: Manifest,
) -> int:
    parts = manifest.services[service]
    for name in client[database].list_collection_names():
        if not name.startswith("system.") and name != MARK:
            client[database][name].delete_many({})
    total = 0
    for name, part in parts.items():
        if name == MARK:
            continue
        collection = client[database].get_collection(name, codec_options=_RAW)
        written = 0
        with gzip.open(file_of(directory, service, name)) as packed:
            documents = bson.decode_file_iter(cast(IO[bytes], packed), _RAW)
            while batch := list(_batch(documents)):
                collection.insert_many(batch, ordered=False)
                written += len(batch)
        if written != part.documents:
            raise BackupError(f"{service}: {name} has {written} documents, not {part.documents}")
        total += written
    return total


def _batch(documents: Iterator[RawBSONDocument]) -> Iterator[RawBSONDocument]:
    size = 0
    for document in islice(documents, _BATCH):
        yield document
        size += len(document.raw)
        if size > _BATCH_BYTES:  # the bytes of files come in large documents
            return
