"""The names of a State's divisions, as its texts in the six languages may spell them.

ISO 3166-2 has them in Latin letters; pycountry carries translations of many, into Chinese, Russian,
French and Spanish, into Arabic none. What is not translated is told by its sound: the consonants of
a name survive from one script into another, and where the other writes a vowel the name has one.
Only divisions of one State are held against a word, so that few are alike, and consonants that two
of them share tell neither.
"""

import gettext
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import pycountry

from shared.language import russian
from shared.language.lexemes import Lexeme, Lexemes, fold, lexemes, without_clitics, words_of
from shared.language.phrases import Phrases
from shared.vocabulary.countries import all_countries

_TRANSLATED = ("fr", "es", "ru", "zh_CN", "zh_TW")
_UNCASED = "\u0530"
"""Letters from here on have no capitals."""
_LEAST_LETTERS, _LEAST_HAN = 4, 3
_LEAST_SOUND, _LEAST_SOUND_CASED = 4, 3
"""So many consonants tell a name; a capital tells something too."""
_ARTICLE = "ال"

_SOUNDS = {
    "p": "bpбпبپ",
    "f": "fvфвفڤ",
    "t": "dtдтتطدضثذ",
    "j": "jжج",
    "k": "cgkqгкхخغقكگ",
    "s": "szзсцчшщزسشصظچ",
    "l": "lлل",
    "m": "mмم",
    "n": "nнن",
    "r": "rрر",
}
_SOUND = {letter: sound for sound, letters in _SOUNDS.items() for letter in letters}
_TOGETHER = (
    ("sch", "s"), ("tch", "s"), ("dzh", "j"), ("дж", "j"), ("دج", "j"), ("dj", "j"), ("zh", "j"),
    ("ch", "s"), ("sh", "s"), ("تش", "s"), ("ts", "s"), ("tz", "s"), ("ph", "f"), ("kh", "k"),
    ("gh", "k"), ("ce", "s"), ("ci", "s"), ("cy", "s"), ("x", "ks"), ("кс", "ks"), ("كس", "ks"),
)  # fmt: skip
_VOWELS = {"a": "aаяا", "i": "eiyеиыэёйي", "u": "ouоуюو"}
_VOWEL = {letter: vowel for vowel, letters in _VOWELS.items() for letter in letters}


class Sound(NamedTuple):
    """The consonants of a word, alike ones as one; and which vowels stand before each of them and
    after the last."""

    consonants: str
    vowels: tuple[frozenset[str], ...]

    def may_be(self, name: "Sound") -> bool:
        """Whether a word may be a name in Latin letters: it has no vowel where that has none.

        An i or a u stands for one of its kind, an a for any. What stands after the last consonant
        may be an ending.
        """
        return self.consonants == name.consonants and all(
            not own or (bool(others) and own - {"a"} <= others)
            for own, others in list(zip(self.vowels, name.vowels, strict=True))[1:-1]
        )


@dataclass(frozen=True)
class Divisions:
    """A State's divisions: their names as `spelled`, and by their consonants how they sound."""

    spelled: Phrases
    sounds: dict[str, tuple[Sound, str]]

    def named(self, read: Lexemes) -> list[str]:
        """The codes of those that a text names, in its order."""
        found: list[str] = []
        place = 0
        while place < len(read):
            lexeme = read[place]
            phrase = self.spelled.longest(read, place) if _may_name(lexeme) else None
            code = self._sounding(lexeme) if phrase is None else phrase.code
            if code is not None:
                found.append(code)
            place = place + 1 if phrase is None else phrase.after
        return found

    def _sounding(self, lexeme: Lexeme) -> str | None:
        if lexeme.kind != "word" or not _may_name(lexeme) or lexeme.text[0] < "\u0400":
            return None
        least = _LEAST_SOUND if lexeme.text[0] >= _UNCASED else _LEAST_SOUND_CASED
        for word in _forms(lexeme.text):
            heard = sound(word)
            if len(heard.consonants) >= least and heard.consonants in self.sounds:
                name, code = self.sounds[heard.consonants]
                if heard.may_be(name):
                    return code
        return None


def sound(word: str) -> Sound:
    """How a folded word in Latin, Cyrillic or Arabic letters sounds."""
    for letters, one in _TOGETHER:
        word = word.replace(letters, one)
    consonants, vowels = "", [set[str]()]
    for letter in word:
        if letter in _VOWEL:
            vowels[-1].add(_VOWEL[letter])
        elif letter in _SOUND and not consonants.endswith(_SOUND[letter]):
            consonants += _SOUND[letter]
            vowels.append(set())
    return Sound(consonants, tuple(map(frozenset, vowels)))


@cache
def divisions_of(country: str) -> Divisions | None:
    """Those of a State by its ISO 3166-1 alpha-3; None where none are known."""
    alpha2 = {one.alpha3: one.alpha2 for one in all_countries()}.get(country)
    listed: Any = alpha2 and pycountry.subdivisions.get(country_code=alpha2)  # type: ignore[no-untyped-call]
    if not listed:
        return None
    spelled = Phrases(between="-'.,·")
    heard: dict[str, dict[str, Sound]] = {}
    for division in sorted(listed, key=lambda one: one.code):
        for name in _names(division.name):
            words = words_of(name)
            if _is_long(words):
                spelled.plant([_spellings(word) for word in words], division.code)
            if len(words) == 1 and words[0].isascii():
                own = sound(words[0])
                heard.setdefault(own.consonants, {}).setdefault(division.code, own)
    return Divisions(
        spelled,
        {
            consonants: (own, code)
            for consonants, of in heard.items()
            for code, own in of.items()
            if len(of) == 1
        },
    )


def _names(name: str) -> Iterator[str]:
    for one in dict.fromkeys((name, *(table.gettext(name) for table in _tables()))):
        for part in one.replace("[", "/").replace("(", "/").split("/"):
            yield part.rstrip("]) ")


@cache
def _tables() -> tuple[gettext.NullTranslations, ...]:
    return tuple(
        gettext.translation("iso3166-2", pycountry.LOCALES_DIR, languages=[language])
        for language in _TRANSLATED
    )


def _spellings(word: str) -> frozenset[str]:
    folded = fold(word)
    return frozenset(russian.forms(folded)) if "а" <= folded[0] <= "я" else frozenset({folded})


def _is_long(words: tuple[str, ...]) -> bool:
    letters = "".join(words)
    han = bool(letters) and lexemes(letters)[0].kind == "han"
    return len(letters) >= (_LEAST_HAN if han else _LEAST_LETTERS)


def _may_name(lexeme: Lexeme) -> bool:
    return lexeme.capital or lexeme.text[0] >= _UNCASED


def _forms(word: str) -> Iterator[str]:
    """A word, and what is left of an Arabic one without what is written together with it."""
    for one in without_clitics(word):
        yield one
        if one.startswith(_ARTICLE):
            yield one.removeprefix(_ARTICLE)
