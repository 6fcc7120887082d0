"""Phases that a text names ('phase II', 'deuxième tranche', '第二期'): parts of one undertaking.

A second phase is asked for in the words of the first, and is not the same.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from shared.language.lexemes import Lexemes

MOST = 15
"""The highest phase that is told."""

_HAN = "han"
_NUMBER_SIGNS = frozenset(("n", "no", "nº", "°", "º", ".", "№", "#", "«", "“", '"'))
"""What may stand between: 'lot n° 4', 'phase “2”'."""


class _Words(NamedTuple):
    nouns: frozenset[str]
    ordinals: Mapping[str, int]
    after: Mapping[str, int]
    """Words that say which phase where they stand after it: ordinals, cardinals."""
    roman: Mapping[str, int]
    chinese_nouns: tuple[str, ...]
    chinese_numbers: Mapping[str, int]


def phases_in(read: Lexemes) -> frozenset[int]:
    """The numbers of the phases named among the lexemes of a text, from 1 to MOST."""
    return frozenset(number for number in _walk(read) if 1 <= number <= MOST)


def _walk(read: Lexemes) -> Iterator[int]:
    words = _words()
    for place, lexeme in enumerate(read):
        if lexeme.kind == _HAN:
            if lexeme.text in words.chinese_numbers and _is_chinese_phase(read, place):
                yield words.chinese_numbers[lexeme.text]
        elif lexeme.kind == "digits":
            if _is_chinese_phase(read, place):
                yield int(lexeme.text[:3])
        elif lexeme.text in words.nouns:
            yield from _beside(read, place)


def _is_chinese_phase(read: Lexemes, place: int) -> bool:
    """Whether a numeral says which phase: '第二阶段', '二期工程', but not '十二期' of something."""
    before = read[place - 1].text if place else ""
    if before in _words().chinese_numbers or before in ("十", "百"):
        return False
    after = "".join(lexeme.text for lexeme in read[place + 1 : place + 4] if lexeme.kind == _HAN)
    if before == "第":
        return after.startswith(_words().chinese_nouns)
    return after.startswith(("期工程", "期项目"))


def _beside(read: Lexemes, place: int) -> Iterator[int]:
    """What stands before or after the word for a phase: 'second phase', 'phase 2', 'fase II'."""
    words = _words()
    before = read[place - 1] if place else None
    if before is not None and before.kind == "word" and before.text in words.ordinals:
        yield words.ordinals[before.text]
        return
    at = place + 1
    while at < len(read) and read[at].text in _NUMBER_SIGNS:
        at += 1
    if at == len(read):
        return
    after = read[at]
    if after.kind == "digits" and len(after.text) <= 2:
        yield int(after.text)
    elif after.text in words.roman and after.upper:
        yield words.roman[after.text]
    elif after.text in words.after:
        yield words.after[after.text]


@cache
def _words() -> _Words:
    source = files("shared.language") / "data" / "phases.json"
    data: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    ordinals, cardinals = (
        {word: int(number) for number, words in data[name].items() for word in words.split("|")}
        for name in ("ordinals", "cardinals")
    )
    return _Words(
        frozenset(data["nouns"].split("|")),
        ordinals,
        ordinals | cardinals,
        {word: place for place, word in enumerate(data["roman"].split("|"), start=1)},
        tuple(data["chinese_nouns"].split("|")),
        {
            sign: place
            for place, signs in enumerate(data["chinese_numbers"].split("|"), start=1)
            for sign in signs
        },
    )
