"""The documents of the last release, one file for each API and one for the topics."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "interfaces"
FILES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "requests": "requests.openapi.json",
        "offers": "offers.openapi.json",
        "matcher": "matcher.openapi.json",
        "portal": "portal.openapi.json",
        "topics": "topics.asyncapi.json",
    }
)


def released(name: str) -> dict[str, Any]:
    """The document that was published of one of FILES."""
    read: dict[str, Any] = json.loads((FOLDER / FILES[name]).read_text(encoding="utf-8"))
    return read


def publish(name: str, document: Mapping[str, Any]) -> None:
    """Write a document to where the next release is compared with it."""
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / FILES[name]).write_text(text, encoding="utf-8")
