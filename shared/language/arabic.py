"""Light stemming of Arabic: spelling made even, clitics and common endings taken off."""

import re

_MARKS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640]")
SPELLING = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ؤ": "و", "ئ": "ي"})
_PREFIXES = ("وال", "فال", "بال", "كال", "ولل", "ال", "لل")
_SUFFIXES = ("هما", "تها", "ات", "ون", "ين", "ان", "ها", "هم", "يه", "ية", "ه", "ة", "ي", "ا")
_SHORTEST = 3


def stem(word: str) -> str:
    """The light stem of one Arabic word; at least three letters of it are kept."""
    word = _MARKS.sub("", word).translate(SPELLING)
    word = _without_prefix(word)
    for _ in range(2):
        shorter = _without_suffix(word)
        if shorter == word:
            break
        word = shorter
    return word


def _without_prefix(word: str) -> str:
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= _SHORTEST:
            return word[len(prefix) :]
    if word.startswith("و") and len(word) > _SHORTEST + 1:
        return word[1:]
    return word


def _without_suffix(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST:
            return word[: -len(suffix)]
    return word
