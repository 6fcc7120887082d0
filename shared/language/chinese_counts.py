"""What a Chinese number counts: a measure word, then perhaps a noun further on."""

from shared.language.countables import Counted, known_form, units
from shared.language.lexemes import Lexemes
from shared.language.phrases import Phrase
from shared.language.quantity_words import signs

_NOUN, _MEASURE, _GENERAL, _NO_MEASURE = 0.92, 0.8, 0.45, 0.7
_LONGEST = 14
_NEAR = 4
_PEOPLE = frozenset({"persons", "experts"})


def chinese_noun(read: Lexemes, place: int) -> Counted | None:
    """The noun or measure that a number before this place counts.

    The head of a Chinese phrase is its last noun, but people are counted by measures of their own,
    which tell '20 officers' from '2 courses for officers'.
    """
    if place >= len(read) or read[place].kind != "han":
        return None
    measure = known_form(read[place].text)
    nouns = _nouns(read, place)
    if read[place].text in signs("people"):
        return _people(read, place, nouns)
    found = _head(place, nouns, measured=measure is not None)
    if found is not None:
        after = found[1].after
        probability = _NOUN if measure is not None or found[0] == place else _NO_MEASURE
        return Counted(found[1].code, found[0], after, probability)
    if measure is None:
        return None
    general = read[place].text in signs("general")
    return Counted(measure.code, place, place + 1, _GENERAL if general else _MEASURE)


def _people(read: Lexemes, place: int, nouns: list[tuple[int, Phrase]]) -> Counted:
    # A noun that begins with the measure ('人员') is one already.
    for start, noun in nouns:
        if noun.code in _PEOPLE:
            return Counted(noun.code, place, noun.after, _NOUN)
    return Counted("persons", place, place + 1, _MEASURE)


def _head(
    place: int, nouns: list[tuple[int, Phrase]], *, measured: bool
) -> tuple[int, Phrase] | None:
    """The last noun of the phrase; one far from the number only where a measure binds it."""
    last: tuple[int, Phrase] | None = None
    for start, noun in nouns:
        if last is None and start > place + (_LONGEST if measured else _NEAR):
            return None
        if last is not None and start > last[1].after + 2:
            return last
        last = (start, noun)
    return last


def _nouns(read: Lexemes, place: int) -> list[tuple[int, Phrase]]:
    """The nouns up to where the phrase ends, in its order; a lone measure is none."""
    found = []
    at = place
    while at < len(read) and at < place + _LONGEST and read[at].kind == "han":
        noun = units().longest(read, at)
        if noun is not None and noun.words > 1:
            found.append((at, noun))
            at = noun.after
        elif at > place and read[at].text in signs("stops"):
            break
        else:
            at += 1
    return found
