"""The order in which readers of the six languages look for names: theirs, not that of code points.

None of the libraries here knows it (Babel has none, ICU is not among them, the machine's locales
cannot be relied on). The rules are the main ones of Unicode's CLDR: letters first, accents and
marks only where the letters are the same, whatever is no letter or digit as a space. Scripts
beside each other go by code point, in Chinese lists too.
"""

import unicodedata
from functools import lru_cache

_OWN_LETTERS = "\u0439"
"""What Unicode takes apart, but readers do not: Russian's short i."""
_LATIN = {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
_ARABIC = {"ٱ": "ا", "ى": "ي", "ة": "ت", "ـ": ""}
_AS_LETTERS = str.maketrans(_LATIN | _ARABIC)
"""What Unicode does not take apart, but readers look for elsewhere; Arabic's as in CLDR."""
_LAST = "\U0010ffff"


@lru_cache(maxsize=4096)
def sort_key(name: str, language: str) -> tuple[str, str, str]:
    """What to sort a name by for a reader of `language`, a code of the six.

    Spanish has ñ between n and o. Arabic's hamza and its vowel signs are accents; Russian's ё is е.
    Chinese characters go by their places in GB 2312: the 3,755 most common ones by pinyin, then
    others by radical ("斐" and "瑙", with which two States' names begin), then what it lacks.
    """
    whole = unicodedata.normalize("NFKC", name).casefold()
    letters = " ".join("".join(_letter(sign, language) for sign in whole).split())
    if language == "zh":
        letters = "".join(_place(sign) for sign in letters)
    return letters, unicodedata.normalize("NFD", whole), name


def _letter(sign: str, language: str) -> str:
    """A sign without its accents; a space for what is no letter, nothing for what is not seen."""
    if sign in _OWN_LETTERS:
        return sign
    if sign == "\u00f1" and language == "es":
        return f"n{_LAST}"
    plain = [one for one in unicodedata.normalize("NFD", sign) if _is_seen(one)]
    return "".join(one if one.isalnum() else " " for one in plain).translate(_AS_LETTERS)


def _is_seen(sign: str) -> bool:
    return unicodedata.category(sign) not in ("Mn", "Cf")


def _place(sign: str) -> str:
    """A sign's place in GB 2312, in which Han stands behind Latin, Greek and Cyrillic letters."""
    known = sign.encode("gb2312", "ignore")
    return known.decode("latin-1") if known else f"ÿ{sign}"
