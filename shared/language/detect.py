"""Which of the six languages a text is in."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from shared.language.text import clean
from shared.vocabulary import LANGUAGES

SAMPLE = 4_000
"""Characters looked at; more of a text does not change the answer."""

SURE = 0.8
"""Below this probability the language that the author declared is believed."""

QUITE_SURE = 0.99
"""From this probability on a sentence has a language of its own."""

LATIN = frozenset({"en", "fr", "es"})
"""The languages that their script does not tell apart."""

# Of a run of marks only the first is tried as a beginning, and none of it given back: a text of
# nothing but marks takes no longer than another.
_END = re.compile(r"(?<![.!?])[.!?]++(?=\s)|[\n。；！？]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]{2,}")
_FEWEST_WORDS = 5
_LONGEST = 400
MOST_TOLD = 200
"""Sentences of a text that are looked at by themselves; what comes after goes with the whole."""

_lock = threading.Lock()


@dataclass(frozen=True)
class Detection:
    """A language of the six and how probable it is, from 0 (nothing to go by) to 1."""

    language: str
    probability: float


def detect(text: str, declared: str) -> Detection:
    """The language of a text.

    `declared` is the author's own word, any BCP 47 tag. It decides where the text has no letters
    (probability 0) or leaves the matter open; a tag that is none of the six counts as English.
    """
    fallback = declared.split("-")[0].lower()
    if fallback not in LANGUAGES:
        fallback = "en"
    sample = clean(text[:SAMPLE])
    if not any(character.isalpha() for character in sample):
        return Detection(fallback, 0.0)
    scores = _scores(sample)
    best = max(LANGUAGES, key=lambda language: scores[language])
    if scores[best] < SURE:
        best = fallback
    return Detection(best, round(float(scores[best]), 4))


def stretches(text: str, language: str) -> Iterator[tuple[int, int, str]]:
    """The stretches of a text in which Latin letters are of one language: start, end, language.

    They follow one another from the text's beginning to its end. `language` is the whole text's;
    a sentence of five words or more that is surely in another is, and what is none of both goes
    with the whole text.
    """
    start, current, told = 0, language, 0
    for begin, end in _sentences(text):
        own, beginning = language, text[begin : min(end, begin + _LONGEST)]
        if told < MOST_TOLD and _has_words(beginning):
            own, told = _surely(beginning, language), told + 1
        if own != current and begin > start:
            yield start, begin, current
            start = begin
        current = own
    yield start, len(text), current


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where sentences and lines begin and end, one after the other; blank ones belong to what
    follows."""
    start = seen = 0
    blank = True
    for mark in _END.finditer(text):
        blank = blank and not text[seen : mark.start()].strip()
        seen = mark.end()
        if not blank:
            yield start, seen
            start, blank = seen, True
    if start < len(text):
        yield start, len(text)


def _has_words(sentence: str) -> bool:
    return sum(1 for _ in _LATIN_WORD.finditer(sentence)) >= _FEWEST_WORDS


def _surely(sentence: str, language: str) -> str:
    """The Latin language that a sentence is surely in, else the whole text's."""
    scores = _scores(sentence)
    best = max(LANGUAGES, key=lambda language: scores[language])
    return best if best in LATIN and scores[best] >= QUITE_SURE else language


def _scores(sample: str) -> dict[str, float]:
    with _lock:
        return dict(_identifier().rank(sample))


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
