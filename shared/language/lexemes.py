"""A text cut into words, digits and marks that the finders of facts read, offsets kept.

Spellings are made even: lower case without accents and Arabic vowel signs, digits of every script
as ASCII, full-width signs as usual ones. A lexeme knows where it stands in the text as given.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

_ARABIC = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه"}
_MARKS = {
    "،": ",", "٫": ".", "٬": "'", "’": "'", "‘": "'", "ʼ": "'", "؛": ";", "؟": "?", "٪": "%",
    "‐": "-", "‑": "-", "‒": "-", "–": "-", "−": "-", "─": "-", "～": "-", "〜": "-", "〇": "零",
}  # fmt: skip
_CLITICS = ("و", "ف", "ب", "ل", "ك", "وب", "ول")
_FOR_THE = ("لل", "ولل")
_TATWEEL = "\u0640"
_MOST_KEPT = 50_000
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff零"
_LEXEME = re.compile(
    rf"(?P<digits>[0-9]+)|(?P<han>[{_HAN}])|(?P<word>[^\W\d_{_HAN}]+)|(?P<mark>[^ ])"
)


class Lexeme(NamedTuple):
    """A word, a run of digits, one Chinese character, or one mark (a line's end is one too).

    `text` is folded; `start` and `end` are offsets in characters of the text as given. `spaced`
    tells that white space stands before it, `capital` that it begins with a capital letter, `upper`
    that it is in capitals.
    """

    text: str
    kind: str
    start: int
    end: int
    spaced: bool
    capital: bool
    upper: bool


Lexemes = Sequence[Lexeme]


class _Folding(dict[int, str]):
    """The folding of each character, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = _fold(chr(code))
        if len(self) < _MOST_KEPT:
            self[code] = folded
        return folded


_FOLDING = _Folding()


def lexemes(text: str) -> list[Lexeme]:
    """The lexemes of any text, in its order."""
    folded = text.translate(_FOLDING)
    # Each character becomes one or none; where lengths differ, some were dropped.
    places = (
        range(len(text))
        if len(folded) == len(text)
        else [place for place, sign in enumerate(text) if _FOLDING[ord(sign)]]
    )
    found = []
    last = 0
    for match in _LEXEME.finditer(folded):
        start, end = places[match.start()], places[match.end() - 1] + 1
        kind = match.lastgroup or "mark"
        spaced = match.start() > last
        written = text[start:end]
        cases = (written[0].isupper(), written.isupper())
        found.append(Lexeme(match[0], kind, start, end, spaced, *cases))
        last = match.end()
    return found


def fold(text: str) -> str:
    """A text as the lexemes spell it."""
    return text.translate(_FOLDING)


def words_of(text: str) -> tuple[str, ...]:
    """The folded words, digits and characters of a name, without its marks."""
    return tuple(lexeme.text for lexeme in lexemes(text) if lexeme.kind != "mark")


def without_clitics(word: str) -> Iterator[str]:
    """A folded word, and what is left of an Arabic one without 'and', 'by', 'for' and the like."""
    yield word
    if not "\u0621" <= word[0] <= "\u064a":
        return
    for clitic in _FOR_THE:
        if word.startswith(clitic):
            yield "ال" + word[len(clitic) :]
    for clitic in _CLITICS:
        if word.startswith(clitic) and len(word) > len(clitic) + 2:
            yield word[len(clitic) :]


def glued(left: Lexeme, right: Lexeme) -> bool:
    """Whether nothing stands between two neighbours."""
    return not right.spaced and right.start >= left.end


def all_glued(run: Lexemes) -> bool:
    """Whether a run of lexemes is written without spaces."""
    return all(glued(left, right) for left, right in pairwise(run))


def _fold(sign: str) -> str:
    category = unicodedata.category(sign)
    if sign in "\n\r\u2028\u2029":
        return "\n"
    if category in ("Cc", "Cs", "Cn", "Co") or category.startswith("Z"):
        return " "
    if category in ("Mn", "Me", "Cf") or sign == _TATWEEL:
        return ""
    if category == "Nd":
        return str(unicodedata.digit(sign))
    even = _even(_ARABIC.get(sign, _MARKS.get(sign, sign)))
    return _ARABIC.get(even, even)


@cache
def _even(sign: str) -> str:
    if "\uff00" <= sign <= "\uffef" or "\ufb50" <= sign <= "\ufefc":
        wide = unicodedata.normalize("NFKC", sign)
        sign = wide if len(wide) == 1 and not wide.isspace() else sign
    lower = sign.lower()
    base = unicodedata.normalize("NFD", lower)
    if len(base) > 1 and all(unicodedata.combining(mark) for mark in base[1:]):
        return base[0]
    return lower if len(lower) == 1 else sign
