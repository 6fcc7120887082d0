"""Countries and areas that a text names, in any of the six languages."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.language.lexemes import Lexemes, lexemes
from shared.language.phrases import Phrase
from shared.language.place_names import ELSEWHERE, acronyms, ambiguous, context, place_names

_COUNTRY, _AREA, _LOWER_CASE, _DOUBTFUL = 0.93, 0.9, 0.55, 0.25
_ALPHA3 = 3
_SENTENCE_ENDS = frozenset(".!?;:\n。！？；：•-")
_NUMERALS = frozenset("零一二三四五六七八九十")
_LATIN_AND_CYRILLIC = "\u0530"


@dataclass(frozen=True)
class FoundPlace:
    """A country (ISO 3166-1 alpha-3) or an area (a code of shared.vocabulary's AREAS)."""

    code: str
    start: int
    end: int
    probability: float


def find_places(text: str) -> tuple[FoundPlace, ...]:
    """The places of a text, in its order, the longest name at each place; any text is taken.

    Names in Latin and Cyrillic letters count with a capital alone, of several words also without.
    Offsets are characters of the text as given.
    """
    return places_in(lexemes(text))


def places_in(read: Lexemes) -> tuple[FoundPlace, ...]:
    """The places among the lexemes of a text."""
    return tuple(_walk(read))


def _walk(read: Lexemes) -> Iterator[FoundPlace]:
    place = 0
    while place < len(read):
        found = place_names().longest(read, place) or _acronym(read, place)
        if found is None:
            place += 1
            continue
        probability = _probability(read, place, found)
        if probability:
            start, end = read[place].start, read[found.after - 1].end
            yield FoundPlace(found.code, start, end, probability)
        place = found.after


def _acronym(read: Lexemes, place: int) -> Phrase | None:
    code = acronyms().get(read[place].text) if read[place].upper else None
    is_money = any(lexeme.text == "$" for lexeme in read[max(0, place - 1) : place + 2])
    return Phrase(code, place + 1, 1) if code is not None and not is_money else None


def _probability(read: Lexemes, place: int, found: Phrase) -> float:
    """How surely a name is a place's, 0 for what is none."""
    first = read[place]
    if found.code == ELSEWHERE:
        return 0.0
    if first.kind == "han":
        # 3月1日本项目 is no matter of Japan's.
        before = read[place - 1].text if place else ""
        return 0.0 if before.isdigit() or before in _NUMERALS else _usual(found)
    words = tuple(lexeme.text for lexeme in read[place : found.after] if lexeme.kind == "word")
    if first.text[0] < _LATIN_AND_CYRILLIC and not first.capital:
        return _LOWER_CASE if found.words > 1 else 0.0
    return _DOUBTFUL if _is_doubtful(read, place, words) else _usual(found)


def _is_doubtful(read: Lexemes, place: int, words: tuple[str, ...]) -> bool:
    always, at_start = ambiguous()
    if len(words) != 1:
        return False
    before = read[place - 1] if place else None
    starts = before is None or before.text in _SENTENCE_ENDS
    told = before is not None and before.text in context()
    if words[0] in always or words[0][1:] in always:
        return not told
    return words[0] in at_start and starts


def _usual(found: Phrase) -> float:
    return _COUNTRY if len(found.code) == _ALPHA3 else _AREA
