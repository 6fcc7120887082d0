"""Forms of cooperation as sentences in the reader's language."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from services.matcher.engine.wording import filled
from shared.vocabulary.countries import country_name
from shared.vocabulary.errors import UnknownCode


def cooperation_text(modality: str, neighbour: str | None, proven: bool, language: str) -> str:
    """What form of cooperation it is.

    `neighbour` is the State whose know-how is offered, if so; `proven`: it completed such work.
    """
    told = filled(_sentences()["modality"][modality], language, {})
    if neighbour is None:
        return told
    near = filled(
        _sentences()["neighbour"]["proven" if proven else "near"],
        language,
        _facts(neighbour, language),
    )
    return f"{told}{near}" if language == "zh" else f"{told} {near}"


def trio_text(state: str, neighbour: bool, proven: bool, language: str) -> str:
    """That a State's know-how and a third party's money go together."""
    near = "proven" if proven else "near"
    template = _sentences()["trio"][near if neighbour else "far"]
    return filled(template, language, _facts(state, language))


@cache
def _sentences() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    source = files("services.matcher.engine") / "data" / "cooperation_sentences.json"
    found: dict[str, dict[str, dict[str, str]]] = json.loads(source.read_text(encoding="utf-8"))
    return found


def _facts(state: str, language: str) -> dict[str, str]:
    try:
        return {"state": country_name(state, language)}
    except UnknownCode:
        return {"state": state}
