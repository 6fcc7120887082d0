"""The words around quantities in six languages: what makes a number a name, a size or an age."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_LATIN = ("en", "es", "fr")


@cache
def words(name: str, language: str) -> frozenset[str]:
    """The folded words of an entry of quantities.json that a text in `language` may have.

    Of the languages in Latin letters that is the text's own: 'para' is a label in English alone.
    """
    own = language if language in ("es", "fr") else "en"
    entry = _data()[name].items()
    others = (forms for code, forms in entry if code == own or code not in _LATIN)
    return frozenset(word for forms in others for word in forms.split("|") if word)


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
