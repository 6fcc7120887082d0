"""Advice on a request as sentences in the author's language."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from services.requests.domain.advice import Advice

_COMMAS = {"ar": "، ", "zh": "、"}

Sentences = Mapping[str, Mapping[str, Mapping[str, str]]]


def advice_text(advice: Advice, language: str) -> str:
    """What is missing, as a question or a remark; with the need lines where they are some."""
    comma = _COMMAS.get(language, ", ")
    parts = comma.join(_sentences()["missing"][name][language] for name in advice.missing)
    told = _sentences()["advice"][advice.code][language].format(missing=parts)
    if not advice.lines:
        return told
    lines = comma.join(map(str, advice.lines))
    return _sentences()["lines"]["named"][language].format(told=told, lines=lines)


def summary_text(*, complete: bool, language: str) -> str:
    """Whether anything is missing, and that it may be submitted all the same."""
    return _sentences()["summary"]["complete" if complete else "incomplete"][language]


@cache
def _sentences() -> Sentences:
    source = files("services.requests") / "data" / "advice.json"
    found: Sentences = json.loads(source.read_text(encoding="utf-8"))
    return found
