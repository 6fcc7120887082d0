"""Which of the six languages a text is in."""

import threading
from dataclasses import dataclass
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from shared.language.text import clean
from shared.vocabulary import LANGUAGES

SAMPLE = 4_000
"""Characters looked at; more of a text does not change the answer."""

SURE = 0.8
"""Below this probability the language that the author declared is believed."""

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
    with _lock:
        scores = dict(_identifier().rank(sample))
    best = max(LANGUAGES, key=lambda language: scores[language])
    if scores[best] < SURE:
        best = fallback
    return Detection(best, round(float(scores[best]), 4))


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
