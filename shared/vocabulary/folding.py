"""Texts as they are compared: without case, accents, and what else spelling leaves open."""

import re
import unicodedata

CHINESE = re.compile(r"[㐀-鿿]")
_SEPARATORS = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"\d+")
_ARABIC_FORMS = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ـ": ""})


def fold(text: str) -> str:
    """Lower case, without accents, vowel signs and spelling variants."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_ARABIC_FORMS)).casefold()
    bare = "".join(sign for sign in decomposed if unicodedata.category(sign) != "Mn")
    return bare.translate(_ARABIC_FORMS)


def words_of(folded: str) -> tuple[str, ...]:
    """The words of a folded text, without numbers and Arabic articles."""
    found = _SEPARATORS.sub(" ", folded).split()
    return tuple(_without_article(word) for word in found if not _NUMBER.fullmatch(word))


def _without_article(word: str) -> str:
    return word[2:] if word.startswith("ال") and len(word) > 4 else word
