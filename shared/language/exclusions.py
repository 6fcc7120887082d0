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

_ENDS = re.compile(r"[.;:!?。；：！？؛؟۔\n]+")
_MARKS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640]")
_SPELLING = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "’": "'", "ё": "е", "،": ",", "，": ","}
)
_UNSPACED = "zh"
_LONGEST_GAP = 3
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
    found = []
    for start, end in _clauses(text, wordings.turns):
        folded = _folded(text[start:end])
        plain = wordings.never.sub(lambda match: "\x00" * len(match[0]), folded)
        if match := wordings.after.search(plain):
            found.append((start + match.start(), end))
        elif refusal.search(plain) or wordings.whole.search(plain):
            found.append((start, end))
    # A text that would rule itself out as a whole says something else, or has no punctuation.
    ruled_out = sum(end - start for start, end in found)
    return found if ruled_out <= _MOST * len(text) else []


def _clauses(text: str, turns: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Where clauses stand: between marks, and from a word that turns what was said before.

    A colon ends a clause only if it is long: 'Not eligible: works' is one thought.
    """
    start = 0
    ends = [match for match in _ENDS.finditer(text) if _parts(text, match)]
    for stop in [*[match.start() for match in ends], len(text)]:
        clause = _folded(text[start:stop])
        begin = 0
        for turn in turns.finditer(clause):
            if turn.start() > begin:
                yield start + begin, start + turn.start()
                begin = turn.start()
        yield start + begin, stop
        start = stop


def _parts(text: str, match: re.Match[str]) -> bool:
    mark = match[0]
    if mark in (":", "："):
        return False
    # A point between digits belongs to a number.
    between = text[match.start() - 1 : match.start()] + text[match.end() : match.end() + 1]
    return not (mark == "." and len(between) == 2 and between.isalnum() and between[1].isdigit())


def _folded(text: str) -> str:
    """Lower case without accents, one character for one, so that offsets stay."""
    return "".join(_fold(character) for character in text)


@cache
def _fold(character: str) -> str:
    if _MARKS.match(character):
        return character
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
    gap = rf"(?:\\w+\\s+){{1,{_LONGEST_GAP}}}"
    written = [
        re.sub(r"\\\*\\?\s*", gap, re.escape(wording)).replace("\\ ", r"\s+")
        for wording in sorted(wordings, key=len, reverse=True)
    ]
    joined = "|".join(written)
    return re.compile(joined if language == _UNSPACED else rf"(?<!\w)(?:{joined})(?!\w)")
