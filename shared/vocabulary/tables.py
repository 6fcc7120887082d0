"""Reading the data files of this room: tab-separated tables that state where they come from."""

import json
from datetime import date
from importlib.resources import files
from typing import Any

DATA = files("shared.vocabulary") / "data"


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of a data file; its first lines, marked with #, are its provenance."""
    lines = [line for line in _text(name).splitlines() if line and not line.startswith("#")]
    header = lines[0].split("\t")
    rows = []
    for number, line in enumerate(lines[1:], start=1):
        cells = line.split("\t")
        if len(cells) != len(header):
            raise ValueError(f"{name}, row {number}: {len(cells)} cells for {len(header)} columns")
        rows.append(dict(zip(header, cells, strict=True)))
    return rows


def read_json(name: str) -> Any:
    """The content of a JSON data file."""
    return json.loads(_text(name))


def provenance(name: str) -> dict[str, str]:
    """What a data file says of itself: source, date and licence, and perhaps notes."""
    if name.endswith(".json"):
        return {key: str(value) for key, value in read_json(name)["provenance"].items()}
    marked = (line[1:].strip() for line in _text(name).splitlines() if line.startswith("#"))
    pairs = (line.partition(":") for line in marked)
    return {key.strip(): value.strip() for key, _, value in pairs}


def day(text: str) -> date | None:
    """An ISO date of a table's cell, None for an empty one."""
    return date.fromisoformat(text) if text else None


def _text(name: str) -> str:
    return (DATA / name).read_text(encoding="utf-8")
