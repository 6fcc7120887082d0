"""The words around quantities in six languages: what makes a number a name, a size or an age."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def words(name: str) -> frozenset[str]:
    """All languages' words of an entry of quantities.json, folded."""
    return frozenset(word for forms in _data()[name].values() for word in forms.split("|") if word)


@cache
def signs(name: str) -> frozenset[str]:
    """The Chinese signs of an entry, one by one."""
    return frozenset(_data()[name]["zh"].replace("|", ""))


@cache
def durations() -> Mapping[str, str]:
    """Beginnings of Russian adjectives of time, and their units."""
    return {
        beginning: unit
        for unit, beginnings in _data()["durations"].items()
        for beginning in beginnings.split("|")
    }


@cache
def _data() -> Mapping[str, Mapping[str, str]]:
    source = files("shared.language") / "data" / "quantities.json"
    tables: dict[str, dict[str, str]] = json.loads(source.read_text(encoding="utf-8"))
    return tables
