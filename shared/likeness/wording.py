"""What speaks for and against the same, as sentences in the six languages."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from babel.dates import format_date
from babel.numbers import format_currency

from shared.language.concepts import thesaurus
from shared.likeness.evidence import Evidence
from shared.vocabulary.counts import count_text, number_text
from shared.vocabulary.errors import UnknownCode
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.languages import language_name, locale
from shared.vocabulary.lists import CHANNELS
from shared.vocabulary.terms import Vocabulary
from shared.vocabulary.themes import THEMES
from shared.vocabulary.units import UNITS

Side = Literal["request", "offer"]

_COMMAS = {"ar": "، ", "zh": "、"}
_COLONS = {"fr": " : ", "zh": "："}
_DATES = {"en": "d MMMM y"}
_LATIN = re.compile(r"[A-Za-z]")
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_ISOLATES = re.compile("[\u2066-\u2069]")


def evidence_text(evidence: Evidence, side: Side, language: str) -> str:
    """One thing that speaks for the same or against it, as a sentence."""
    kind, left, right = evidence.kind, evidence.left, evidence.right
    if kind == "owner":
        return str(_sentences()["owner"]["same" if left == right else "other"][side][language])
    way = "for" if evidence.weight >= 0.0 else "against"
    if kind == "concepts" and not left:
        way = "against"
    if kind == "lines":
        way = "for" if any(line in right for line in left) else "against"
    templates = _sentences()[kind][way]
    template = str(templates.get(side, templates)[language])
    # In Russian a date ends with a full stop of its own.
    return template.format_map(_facts(kind, left, right, language)).replace("..", ".")


def similar_text(day: date, channel: str | None, title: str, language: str) -> str:
    """That a record looks like one that its author sent on a day, by a channel if one is known."""
    by = "" if channel is None else _sentences()["channels"].get(channel, {}).get(language, "")
    template = str(_sentences()["similar"][language])
    return template.format(date=_date(day, language), channel=by, title=_isolated(title, language))


def drafted_text(day: date, title: str, language: str) -> str:
    """That a record looks like another draft of its author's, made on a day."""
    template = str(_sentences()["drafted"][language])
    return template.format(date=_date(day, language), title=_isolated(title, language))


def _facts(kind: str, left: Any, right: Any, language: str) -> Mapping[str, str]:
    if kind == "lines":
        both = [line for line in left if line in right]
        told = {"both": both, "left": left, "right": right}
        return {name: _lines(lines, language) for name, lines in told.items()}
    if kind == "concepts":
        known = (thesaurus().get(concept) for concept in left)
        return {"both": _list([one.label(language) for one in known if one], language)}
    if kind == "phase":
        unsaid = str(_sentences()["phase"]["unsaid"][language])
        sides = {"left": left, "right": right}
        return {name: _list([*map(str, of)], language) or unsaid for name, of in sides.items()}
    if kind not in _WRITTEN:
        return {}
    return {"left": _WRITTEN[kind](left, language), "right": _WRITTEN[kind](right, language)}


def _lines(lines: Sequence[Sequence[str]], language: str) -> str:
    colon = _COLONS.get(language, ": ")
    return _list(
        [
            f"{_label(THEMES, theme, language)}{colon}{_label(KINDS, kind, language)}"
            for theme, kind in lines
        ],
        language,
    )


def _quantities(lines: Sequence[Sequence[Any]], language: str) -> str:
    return _list(
        [_counted(kind, quantity, unit, language) for _, kind, quantity, unit in lines], language
    )


def _counted(kind: str, quantity: float, unit: str | None, language: str) -> str:
    """So many of a unit, or of the kind of help where no unit is known."""
    if unit is not None and unit in UNITS:
        return count_text(quantity, unit, language)
    colon = _COLONS.get(language, ": ")
    return f"{_label(KINDS, kind, language)}{colon}{number_text(quantity, language)}"


def _money(dollars: float, language: str) -> str:
    pattern = "#,##0" if dollars == int(dollars) else "#,##0.00"
    return str(
        format_currency(
            dollars, "USD", pattern, locale(language), currency_digits=False, format_type="name"
        )
    )


def _days(window: Sequence[str], language: str) -> str:
    return " – ".join(_date(date.fromisoformat(day), language) for day in window)


def _channel(code: str, language: str) -> str:
    return _label(CHANNELS, code, language)


_WRITTEN: Mapping[str, Callable[[Any, str], str]] = {
    "channel": _channel,
    "language": language_name,
    "quantities": _quantities,
    "money": _money,
    "window": _days,
}


def _date(day: date, language: str) -> str:
    text = str(format_date(day, _DATES.get(language, "long"), locale=locale(language)))
    return f"1er{text[1:]}" if language == "fr" and day.day == 1 else text


def _label(vocabulary: Vocabulary[Any], code: str, language: str) -> str:
    try:
        return str(vocabulary.get(code).labels[language])
    except UnknownCode:
        return _isolated(code, language)


def _list(names: Sequence[str], language: str) -> str:
    return _COMMAS.get(language, ", ").join(_isolated(name, language) for name in names)


def _isolated(text: str, language: str) -> str:
    """A text kept apart from what is around it: Latin from Arabic, and one that would turn it."""
    if _TURNING.search(text):
        return f"\u2068{_ISOLATES.sub('', text)}\u2069"
    return f"\u2068{text}\u2069" if language == "ar" and _LATIN.search(text) else text


@cache
def _sentences() -> Mapping[str, Any]:
    source = files("shared.likeness") / "data" / "sentences.json"
    found: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return found
