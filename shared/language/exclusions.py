"""What a text rules out: 'works are not eligible', 'tous travaux sont exclus', '不提供设备'.

A donor says what it does not give in the same words in which others say what they do; whoever
counts those words takes the refusal for an offer. So each clause is looked at for the wordings by
which such things are said, and what it names is kept apart.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from shared.language import arabic
from shared.language.terms import INSIDE

_ENDS = re.compile(r"[.;:!?。；：！？؛؟۔\n]+")
_MARKS = re.compile(f"[{INSIDE}]")
_SPELLING = arabic.SPELLING | str.maketrans({"ё": "е", "й": "и", "’": "'", "،": ",", "，": ","})
_UNSPACED = "zh"
_GAP = r"(?:\w+\s+){1,3}"
_UNSPACED_GAP = r"\w{1,12}"
_BEGINNINGS = {_UNSPACED: "", "ar": r"(?<!\w)[وف]?"}
"""Where a wording may begin: in Arabic 'and' and 'so' are written with the word after them."""

_MOST = 0.6
"""The largest part of a text that can be ruled out in it."""


Side = Literal["request", "offer"]


@dataclass(frozen=True)
class _Wordings:
    negation: re.Pattern[str]
    whole: re.Pattern[str]
    after: re.Pattern[str]
    never: re.Pattern[str]
    turns: re.Pattern[str]


def excluded_spans(text: str, language: str, side: Side) -> list[tuple[int, int]]:
    """The stretches of a text that say what is not given or not asked for, as offsets.

    In the text's order, not overlapping; `language` is one of the six. In an offer any negation
    counts; a request negates mostly to tell what is lacking, so there only plain refusals do.
    """
    wordings = _wordings(language)
    refusal = wordings.negation if side == "offer" else wordings.whole
    folded, places = _folded(text)
    found = []
    for start, end in _clauses(folded, wordings.turns):
        plain = wordings.never.sub(lambda match: "\x00" * len(match[0]), folded[start:end])
        for first, last in _ruled_out(plain, wordings, refusal):
            found.append((places[start + first], places[start + last]))
    # A text that would rule itself out as a whole says something else, or has no punctuation.
    ruled_out = sum(end - start for start, end in found)
    return found if ruled_out <= _MOST * len(text) else []


def _ruled_out(
    clause: str, wordings: _Wordings, refusal: re.Pattern[str]
) -> Iterator[tuple[int, int]]:
    """The part of a clause that is ruled out: all of it, or what is excepted.

    What is excepted from a refusal is not refused: 'nothing except training'.
    """
    exception = wordings.after.search(clause)
    if exception is None:
        if refusal.search(clause) or wordings.whole.search(clause):
            yield 0, len(clause)
        return
    first, last = exception.start(), len(clause)
    rest = (0, first)
    if not clause[:first].strip() and not wordings.turns.match(clause, first):
        comma = clause.find(",", exception.end())
        rest = (exception.end() if comma < 0 else comma, last)
        last = last if comma < 0 else comma
    if not wordings.negation.search(clause, *rest):
        yield first, last
    elif refusal.search(clause, *rest) or wordings.whole.search(clause, *rest):
        yield rest


def _clauses(text: str, turns: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Where clauses stand: between marks, and from a word that turns what was said before.

    A colon ends none: 'Not eligible: works' is one thought.
    """
    start = 0
    ends = [match for match in _ENDS.finditer(text) if _parts(text, match)]
    for stop, following in [*[match.span() for match in ends], (len(text), len(text))]:
        begin = start
        for turn in turns.finditer(text, start, stop):
            if turn.start() > begin:
                yield begin, turn.start()
                begin = turn.start()
        yield begin, stop
        start = following


def _parts(text: str, match: re.Match[str]) -> bool:
    mark = match[0]
    if mark in (":", "："):
        return False
    # A point between digits belongs to a number.
    between = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
    return not (mark == "." and len(between) == 2 and between.isalnum() and between[1].isdigit())


def _folded(text: str) -> tuple[str, list[int]]:
    """Lower case without accents and marks, and where each character stood; then the end."""
    kept = [place for place, character in enumerate(text) if not _MARKS.match(character)]
    return "".join(_fold(text[place]) for place in kept), [*kept, len(text)]


@cache
def _fold(character: str) -> str:
    lower = character.lower().translate(_SPELLING)
    base = unicodedata.normalize("NFD", lower)[:1] if not _is_kept(lower) else lower
    return base if len(base) == 1 else character


def _is_kept(character: str) -> bool:
    return not "\u00c0" <= character <= "\u024f"


@cache
def _wordings(language: str) -> _Wordings:
    source = files("shared.language") / "data" / "exclusions.json"
    lists: Mapping[str, list[str]] = json.loads(source.read_text(encoding="utf-8"))[language]
    return _Wordings(
        **{
            name: _pattern(lists[name], language)
            for name in ("negation", "whole", "after", "never", "turns")
        }
    )


def _pattern(wordings: list[str], language: str) -> re.Pattern[str]:
    gap = _UNSPACED_GAP if language == _UNSPACED else _GAP
    written = [
        re.escape(_folded(wording)[0])
        .replace(r"\*\ ", gap)
        .replace(r"\*", gap)
        .replace(r"\ ", r"\s+")
        for wording in sorted(wordings, key=len, reverse=True)
    ]
    joined = "|".join(written)
    beginning = _BEGINNINGS.get(language, r"(?<!\w)")
    return re.compile(f"{beginning}(?:{joined})" + ("" if language == _UNSPACED else r"(?!\w)"))
