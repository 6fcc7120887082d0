"""What may be counted: the vocabulary's units as nouns that stand after or before a number."""

import re
from collections.abc import Collection
from functools import cache
from typing import NamedTuple

from shared.language.lexemes import Lexeme, Lexemes, fold, glued, lexemes
from shared.language.phrases import Phrase, Phrases
from shared.language.quantity_words import words
from shared.language.spelling import language_of
from shared.language.terms import stop_words
from shared.vocabulary.units import PREPOSITIONS, RUSSIAN_ADJECTIVE, alone_forms, unit_forms

_MOST_BEFORE = {"ar": 0, "ru": 2, "zh": 0, "en": 3, "es": 2, "fr": 2}
"""How many adjectives may stand between a number and its noun."""

_CERTAINTY = (0.9, 0.82, 0.72, 0.62)
"""By the number of adjectives before the noun; read in 130 texts by others, nine in ten held."""

_SINGULAR, _ATTRIBUTE, _LETTER = 0.6, 0.3, 0.55
_DESCRIBED = 0.3
"""Of a noun that is another thing with other words: 'three radio stations'."""

_OF = {"en": ("of",), "es": ("de", "del"), "fr": ("de", "d", "du", "des")}
"""What a noun's description begins with where it follows it."""
_HEAD_LAST = ("en", "zh")
_LONGEST_LIST = 5
_ARTICLE = "ال"
_POWERS = str.maketrans("23", "²³")
_SYMBOL = re.compile(r"^[b-df-hj-np-tv-z]{1,3}[²³]?$")
_POWER = re.compile(r"^[^\W\d]+[23]$")


class Counted(NamedTuple):
    """A unit, the places of its first lexeme and of the one after it, how surely it is meant."""

    unit: str
    start: int
    after: int
    probability: float


@cache
def units(language: str) -> Phrases:
    """The known forms of the vocabulary's units in one of the six languages."""
    phrases = Phrases(between="-'.")
    for form, unit in unit_forms(language).items():
        spelling = [lexeme.text for word in form for lexeme in lexemes(word)]
        phrases.plant([_spellings(word, len(spelling)) for word in spelling], unit)
        if len(form) == 1 and _POWER.match(form[0]):
            phrases.plant([{form[0].translate(_POWERS)}], unit)
    return phrases


def known_form(word: str, language: str) -> Phrase | None:
    """The unit of one folded word of a language."""
    return units(language).longest([Lexeme(word, "word", 0, 1, False, False, False)], 0)


def longest_unit(read: Lexemes, place: int, language: str) -> Phrase | None:
    """The longest form of a unit at a place; the script decides on the language before the text."""
    lexeme = read[place]
    if lexeme.kind not in ("word", "han"):
        return None
    name = language_of(lexeme, language)
    found = units(name).longest(read, place)
    if found is None and name in ("es", "fr") and _SYMBOL.match(lexeme.text):
        return units("en").longest(read, place)
    return found


def noun_after(
    read: Lexemes, place: int, language: str, value: float, numbers: Collection[int]
) -> Counted | None:
    """The noun that a number before this place counts; `numbers` are places where one begins."""
    at = _start(read, place, language)
    hyphen = at > place and read[at - 1].text == "-"
    if at >= len(read) or read[at].kind != "word":
        return None
    name = language_of(read[at], language)
    before = 0
    while at < len(read) and read[at].kind == "word":
        noun = longest_unit(read, at, language)
        if noun is not None:
            found = Counted(noun.code, at, noun.after, _CERTAINTY[before])
            if _is_another(read, found, name, described=before > 0):
                return found._replace(probability=_DESCRIBED)
            if name == "en":
                return _english_head(read, found, value, hyphen=hyphen)
            return _less_for_letter(read, found)
        if hyphen or before >= _MOST_BEFORE[name] or not _may_describe(read[at], name):
            return None
        before += 1
        at = _after_hyphens(read, at + 1)
        if at in numbers and _is_duration(read, at):
            at += 3
    return None


def noun_before(read: Lexemes, place: int, language: str) -> Counted | None:
    """The noun of a list's entry whose number stands after this place: 'laptops (12)'."""
    start = place
    while start > 0 and place - start < _LONGEST_LIST and _is_of_entry(read[start - 1], language):
        start -= 1
    entry = read[start:place]
    at = start
    while at < place:
        noun = longest_unit(entry, at - start, language)
        if noun is None:
            at += 1
            continue
        after = start + noun.after
        if after == place or language_of(read[at], language) not in _HEAD_LAST:
            return Counted(noun.code, at, after, _CERTAINTY[-1])
        at = after
    return None


def _spellings(word: str, words_of_form: int) -> set[str]:
    """An Arabic word also with its article and, alone, as it stands after 11 to 99."""
    if not "\u0621" <= word[0] <= "\u064a":
        return {word}
    counted = words_of_form == 1 and word[-1] not in "اهي"
    return {word, _ARTICLE + word} | ({word + "ا"} if counted else set())


def _start(read: Lexemes, place: int, language: str) -> int:
    """Over what stands between a number and its noun: a hyphen, 'of', '(6)' after 'six'."""
    if place + 2 < len(read) and read[place].text == "(" and read[place + 1].kind == "digits":
        place += 3 if read[place + 2].text == ")" else 0
    if (
        place < len(read)
        and read[place].text == "."
        and place
        and glued(read[place - 1], read[place])
    ):
        place += read[place - 1].kind == "word"
    if place + 1 < len(read) and read[place].text == "-" and glued(read[place], read[place + 1]):
        return place + 1
    if place < len(read) and read[place].text in words("fillers", language):
        place += 1
        if place < len(read) and read[place].text == "'":
            place += 1
    return place


def _may_describe(lexeme: Lexeme, name: str) -> bool:
    """Whether a word may stand between a number and its noun."""
    if name == "ru":
        return RUSSIAN_ADJECTIVE.fullmatch(lexeme.text) is not None
    return lexeme.text not in _stops(name) and lexeme.text not in words("measures", name)


def _after_hyphens(read: Lexemes, place: int) -> int:
    while place < len(read) and read[place].text in "-'" and glued(read[place - 1], read[place]):
        place += 1
    return place


def _is_duration(read: Lexemes, place: int) -> bool:
    """'three-day' between a number and its noun."""
    return place + 2 < len(read) and read[place + 1].text == "-" and glued(*read[place : place + 2])


def _is_another(read: Lexemes, noun: Counted, name: str, *, described: bool) -> bool:
    """Whether other words make another thing of a noun, which has no unit then."""
    if noun.after != noun.start + 1 or noun.unit == "items":
        return False
    if (read[noun.start].text,) not in alone_forms(name):
        return False
    follows = noun.after < len(read) and read[noun.after].text in _OF.get(name, ())
    return described or follows


def _english_head(read: Lexemes, found: Counted, value: float, *, hyphen: bool) -> Counted:
    """The head of an English phrase: 'expert days' are days, 'weapons containers' containers."""
    last = read[found.after - 1].text
    if hyphen:
        return found
    singular = _is_singular(last)
    if not singular and last not in words("attributes", "en"):
        return _less_for_letter(read, found)
    at = found.after
    while at < len(read) and at < found.after + 2 and read[at].kind == "word":
        noun = longest_unit(read, at, "en")
        if noun is not None:
            if not _is_singular(read[noun.after - 1].text) or value == 1:
                head = Counted(noun.code, at, noun.after, found.probability)
                another = _is_another(read, head, "en", described=True)
                sure = _DESCRIBED if another else found.probability
                return head._replace(start=found.start, probability=sure)
            break
        if read[at].text in _stops("en"):
            break
        at += 1
    if singular and value != 1:
        # 'Forty-five district courts': an unknown noun is what counts.
        known = found.after >= len(read) or not _may_describe(read[found.after], "en")
        known = known or read[found.after].kind != "word"
        return found._replace(probability=_SINGULAR if known else _ATTRIBUTE)
    return _less_for_letter(read, found)


def _less_for_letter(read: Lexemes, found: Counted) -> Counted:
    is_letter = found.after == found.start + 1 and len(read[found.start].text) == 1
    is_letter = is_letter and not glued(read[found.start - 1], read[found.start])
    return found._replace(probability=_LETTER) if is_letter else found


@cache
def _is_singular(word: str) -> bool:
    """Whether an English form has a plural beside it; 'staff' and 'people' have none."""
    plurals = (word + "s", word + "es", word[:-1] + "ies")
    return (
        len(word) > 2
        and not word.endswith("s")
        and any(known_form(plural, "en") for plural in plurals)
    )


def _is_of_entry(lexeme: Lexeme, language: str) -> bool:
    if lexeme.kind == "han" or lexeme.text in "'-":
        return True
    return lexeme.kind == "word" and lexeme.text not in words("joins", language)


@cache
def _stops(name: str) -> frozenset[str]:
    """Words that end what a number may count; prepositions may stand inside a unit's form."""
    return frozenset(map(fold, stop_words(name))) | PREPOSITIONS
