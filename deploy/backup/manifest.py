"""What a backup consists of: files of BSON, and a manifest with each one's digest."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

FORMAT: Final = 1
NAME: Final = "manifest.json"


class BackupError(Exception):
    """A backup cannot be made, or is not whole; the message says what is wrong with which file."""


@dataclass(frozen=True)
class Part:
    """A collection in a backup: how many documents, and the SHA-256 of its file's bytes."""

    documents: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """A backup: when it was begun (RFC 3339), and each service's collections by their names."""

    made_at: str
    services: Mapping[str, Mapping[str, Part]]

    def write(self, directory: Path) -> None:
        """Write it, last of all: a folder without one is no backup."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True)
        (directory / NAME).write_text(text + "\n")


def file_of(directory: Path, service: str, collection: str) -> Path:
    """Where a collection's documents are, as gzipped BSON, one after another."""
    return directory / service / f"{collection}.bson.gz"


def read(directory: Path) -> Manifest:
    """The manifest of a backup; BackupError where there is none that can be understood."""
    try:
        told = json.loads((directory / NAME).read_text())
        if told["format"] != FORMAT:
            raise BackupError(f"{directory}: its format {told['format']} is not {FORMAT}")
        services = {
            service: {name: Part(**part) for name, part in parts.items()}
            for service, parts in told["services"].items()
        }
        return Manifest(told["made_at"], services)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"{directory} is no whole backup: {error}") from None


def verify(directory: Path, manifest: Manifest) -> None:
    """BackupError unless every file is there and is what was written. Reads all of them."""
    for service, parts in manifest.services.items():
        for collection, part in parts.items():
            path = file_of(directory, service, collection)
            try:
                found = digest(path)
            except (OSError, ValueError) as error:  # of names that no file can have
                raise BackupError(f"{path} cannot be read: {error}") from None
            if found != part.sha256:
                raise BackupError(f"{path} is not what was written: its SHA-256 is another")


def digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimals."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
