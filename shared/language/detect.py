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

_SENTENCE = re.compile(r".+?(?:[.!?]+(?=\s)|[\n。；！？]|\Z)", re.DOTALL)
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]{2,}")
_FEWEST_WORDS = 5
_LONGEST = 400

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
    start, current = 0, language
    for sentence in _SENTENCE.finditer(text):
        own = _language_of(sentence[0], language)
        if own != current and sentence.start() > start:
            yield start, sentence.start(), current
            start = sentence.start()
        current = own
    yield start, len(text), current


def _language_of(sentence: str, language: str) -> str:
    beginning = sentence[:_LONGEST]
    if sum(1 for _ in _LATIN_WORD.finditer(beginning)) < _FEWEST_WORDS:
        return language
    scores = _scores(beginning)
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
