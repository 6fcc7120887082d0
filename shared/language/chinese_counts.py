"""What a Chinese number counts: a measure word, then perhaps a noun further on or before it."""

from typing import NamedTuple

from shared.language.countables import Counted, known_form, longest_unit, units
from shared.language.lexemes import Lexemes
from shared.language.quantity_words import signs

_NOUN, _MEASURE, _GENERAL, _NO_MEASURE, _BEFORE = 0.9, 0.8, 0.45, 0.7, 0.8
_LONGEST = 14
_NEAR = 4
_LONGEST_NOUN = 6
_PEOPLE = frozenset({"persons", "experts"})
_EVENTS = frozenset({"courses", "meetings", "missions", "studies", "campaigns", "broadcasts"})
_SIZES = frozenset(
    {"hours", "days", "weeks", "months", "years", "person-days", "person-weeks", "person-months"}
    | {"tonnes", "kilograms", "metres", "square-metres", "litres"}
)
"""Units that are measures themselves: in '五年战略' five years are counted, not five strategies."""


class _Noun(NamedTuple):
    unit: str
    start: int
    after: int


def chinese_noun(read: Lexemes, first: int, place: int) -> Counted | None:
    """The noun or measure that a number from `first` up to but not including `place` counts.

    The head of a Chinese phrase is its last noun, but people and events have measures of their
    own, which tell '20 officers' from '2 courses for officers'.
    """
    if place >= len(read) or read[place].kind != "han":
        return None
    size = longest_unit(read, place, "zh")
    if size is not None and size.code in _SIZES:
        return Counted(size.code, place, size.after, _NOUN)
    measure = known_form(read[place].text, "zh")
    nouns = _nouns(read, place)
    if read[place].text in signs("people"):
        # A noun that begins with the measure ('人员') is one already.
        people = next((noun for noun in nouns if noun.unit in _PEOPLE), None)
        after = people.after if people else place + 1
        return Counted(people.unit if people else "persons", place, after, _NOUN)
    if measure is not None and measure.code in _EVENTS:
        nouns = [noun for noun in nouns if noun.unit in _EVENTS]
    found = _head(place, nouns, measured=measure is not None)
    if found is not None:
        sure = measure is not None or found.start == place
        return Counted(found.unit, found.start, found.after, _NOUN if sure else _NO_MEASURE)
    if measure is None:
        return None
    before = _noun_before(read, first)
    if before is not None:
        return Counted(before.unit, before.start, place + 1, _BEFORE)
    general = read[place].text in signs("general")
    return Counted(measure.code, place, place + 1, _GENERAL if general else _MEASURE)


def _noun_before(read: Lexemes, first: int) -> _Noun | None:
    """The noun that ends where a number begins: '服务器两台'."""
    for start in range(max(0, first - _LONGEST_NOUN), first - 1):
        if read[start].kind == "han":
            noun = units("zh").longest(read[start:first], 0)
            if noun is not None and start + noun.after == first:
                return _Noun(noun.code, start, first)
    return None


def _head(place: int, nouns: list[_Noun], *, measured: bool) -> _Noun | None:
    """The last noun of the phrase; one far from the number only where a measure binds it."""
    last: _Noun | None = None
    for noun in nouns:
        if last is None and noun.start > place + (_LONGEST if measured else _NEAR):
            return None
        if last is not None and noun.start > last.after + 2:
            return last
        last = noun
    return last


def _nouns(read: Lexemes, place: int) -> list[_Noun]:
    """The nouns up to where the phrase ends, in its order; a lone measure is none."""
    found = []
    at = place
    while at < len(read) and at < place + _LONGEST and read[at].kind == "han":
        if at > place and read[at].spaced:
            break
        noun = units("zh").longest(read, at)
        if noun is not None and noun.words > 1:
            if not _is_part_of_longer(read, noun.after):
                found.append(_Noun(noun.code, at, noun.after))
            at = noun.after
        elif at > place and read[at].text in signs("stops"):
            break
        else:
            at += 1
    return found


def _is_part_of_longer(read: Lexemes, place: int) -> bool:
    """Whether a noun goes on to one that the vocabulary has not: '记录' in '记录仪'."""
    return place < len(read) and not read[place].spaced and read[place].text in signs("endings")
