"""Tokens and stems of a text in any mixture of the six languages."""

import json
import math
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

import snowballstemmer

from shared.language import arabic

# Combining marks, joiners and direction marks belong to the word that they stand in.
_INVISIBLE = "\u200b-\u200f\u202a-\u202e\u2066-\u2069\u00ad"
INSIDE = "\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640" + _INVISIBLE
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(
    rf"(?P<han>[{_HAN}])|(?P<word>(?:(?![{_HAN}])[^\W_])(?:(?![{_HAN}])[^\W_]|[{INSIDE}])*)"
    r"|(?P<stop>[.;:!?。；：！？؟۔\n]+)"
)
_DROPPED = re.compile(f"[{_INVISIBLE}]")
_SNOWBALL = {"en": "english", "fr": "french", "es": "spanish", "ru": "russian"}
_LONGEST_WORD = 64

_stemmers = threading.local()


class Token(NamedTuple):
    """One word, or one Chinese character: where it stands, its language, its stem.

    The stem is empty where a sentence ends; `stop` marks words that carry no meaning alone.
    """

    start: int
    end: int
    language: str
    stem: str
    stop: bool


def tokens(text: str, language: str) -> Iterator[Token]:
    """The tokens of a text, with offsets in characters of the text as given.

    The script decides between Arabic, Russian, Chinese and the others; `language` (one of the
    six) decides among English, French and Spanish, English where it is none of these.
    """
    latin = language if language in ("en", "fr", "es") else "en"
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if match.lastgroup == "stop":
            yield Token(start, end, "", "", stop=False)
        elif match.lastgroup == "han":
            yield Token(start, end, "zh", unicodedata.normalize("NFKC", match[0]), stop=False)
        else:
            # A "word" of many kilobytes is no word; its beginning stands for it.
            script, stem, stop = _analyse(match[0][:_LONGEST_WORD], latin)
            if stem:
                yield Token(start, end, script, stem, stop)


def terms(found: Iterable[Token]) -> Counter[str]:
    """How often each term occurs: stems of words, and pairs of adjacent Chinese characters.

    Stop words, single letters and numbers are left out. A lone Chinese character is a term.
    """
    counts: Counter[str] = Counter()
    run: list[Token] = []
    for token in found:
        if token.language == "zh" and (not run or run[-1].end == token.start):
            run.append(token)
            continue
        counts.update(_bigrams(run))
        run = [token] if token.language == "zh" else []
        if not run and _tells(token):
            counts[token.stem] += 1
    counts.update(_bigrams(run))
    return counts


def weights(counts: Mapping[str, int]) -> dict[str, float]:
    """Sublinear weights, 1 + ln(count), rounded to two decimals so that sums are exact."""
    return {term: round(1.0 + math.log(count), 2) for term, count in counts.items()}


def _tells(token: Token) -> bool:
    return not token.stop and len(token.stem) > 1 and not token.stem.isnumeric()


def _bigrams(run: list[Token]) -> list[str]:
    if len(run) == 1:
        return [run[0].stem]
    return [left.stem + right.stem for left, right in pairwise(run)]


@lru_cache(maxsize=65_536)
def _analyse(word: str, latin: str) -> tuple[str, str, bool]:
    folded = unicodedata.normalize("NFKC", _DROPPED.sub("", word)).casefold()
    if not folded:
        return latin, "", False
    language = _language_of_script(folded[0], latin)
    if language == "ar":
        stem = arabic.stem(folded)
        return language, stem, folded in stop_words("ar") or stem in stop_words("ar")
    if language == "ru":
        folded = folded.replace("ё", "е")
    stem = str(_stemmer(language).stemWord(folded))
    return language, _without_accents(stem), folded in stop_words(language)


def _language_of_script(character: str, latin: str) -> str:
    if "\u0600" <= character <= "\u06ff" or "\u0750" <= character <= "\u077f":
        return "ar"
    if "\u0400" <= character <= "\u04ff":
        return "ru"
    return latin


def _without_accents(stem: str) -> str:
    # Accents are left out so often in typed French and Spanish that they cannot tell stems apart.
    decomposed = unicodedata.normalize("NFD", stem)
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _stemmer(language: str) -> snowballstemmer.stemmer:
    # Snowball's stemmers keep state while they work, so each thread has its own.
    stemmers = _stemmers.__dict__
    if language not in stemmers:
        stemmers[language] = snowballstemmer.stemmer(_SNOWBALL[language])
    return stemmers[language]


@cache
def stop_words(language: str) -> frozenset[str]:
    """The words of one of the six languages that carry no meaning alone, in lower case."""
    source = files("shared.language") / "data" / "stopwords.json"
    lists = json.loads(source.read_text(encoding="utf-8"))["words"]
    return frozenset(lists[language].split())
