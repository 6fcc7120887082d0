"""Names of organisations in scripts without capitals: by the word for what kind of body it is.

An Arabic name begins with that word ('foundation of …'), a Chinese one ends with it; what stands
beside it is the name. Pairs are made alike of a text and of an organisation's own name, so that the
longer of two readings holds the pairs of the shorter.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import groupby, pairwise

from shared.language.lexemes import Lexeme, Lexemes, fold, without_clitics

MOST_WORDS = 3
"""So many words beside the first, or the last, make a name."""

_HAN = "han"
_CHUNK = 2
_LEAST_WORD = 3
_SIGNIFICANT = 4
_ARTICLE = "ال"


def uncased_pairs(read: Lexemes) -> list[str]:
    """The words of such names, each with the next; Chinese ones by two characters."""
    return [*_arabic(read), *_chinese(read)]


def _arabic(read: Lexemes) -> Iterator[str]:
    kinds = _words()["ar"]
    for place, lexeme in enumerate(read):
        kind = next((form for form in _bare(lexeme.text) if form in kinds), None)
        if kind is not None:
            beside = [_stem(word.text) for word in _following(read, place + 1)]
            yield from (f"{one} {other}" for one, other in pairwise([kind, *beside]))


def _bare(word: str) -> Iterator[str]:
    """A word with and without what may stand before it in Arabic, the article too."""
    for form in without_clitics(word):
        yield form
        yield form.removeprefix(_ARTICLE)


def _following(read: Lexemes, place: int) -> Sequence[Lexeme]:
    found: list[Lexeme] = []
    for lexeme in read[place:]:
        if lexeme.kind != "word" or len(found) == MOST_WORDS:
            break
        if len(lexeme.text) >= _LEAST_WORD:
            found.append(lexeme)
    return found


def _stem(word: str) -> str:
    bare = word.removeprefix(_ARTICLE)
    return bare[: max(_SIGNIFICANT, len(bare) - 2)]


def _chinese(read: Lexemes) -> Iterator[str]:
    for kind, run in groupby(read, key=lambda lexeme: lexeme.kind):
        if kind == _HAN:
            yield from _in_run("".join(lexeme.text for lexeme in run))


def _in_run(run: str) -> Iterator[str]:
    """Of characters in a row; of words that end at one place the longest counts."""
    kinds = _words()["zh"]
    ends: dict[int, int] = {}
    for kind in kinds:
        start = run.find(kind)
        while start >= 0:
            end = start + len(kind)
            ends[end] = min(start, ends.get(end, start))
            start = run.find(kind, start + 1)
    for end, start in sorted(ends.items()):
        first = max(start % _CHUNK, start - MOST_WORDS * _CHUNK)
        beside = [run[at : at + _CHUNK] for at in range(first, start, _CHUNK)]
        yield from (f"{one} {other}" for one, other in pairwise([*beside, run[start:end]]))


@cache
def _words() -> Mapping[str, frozenset[str]]:
    source = files("shared.language") / "data" / "organisation_words.json"
    data = json.loads(source.read_text(encoding="utf-8"))
    return {
        language: frozenset(fold(word) for word in data[language].split("|"))
        for language in ("ar", "zh")
    }
