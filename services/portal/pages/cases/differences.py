"""Where two texts differ, word by word."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

MOST_WORDS: Final = 4000
"""Longer texts are compared sentence by sentence, which takes no longer than a page may."""

_WORDS = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+|\s+|[^\w\s]")
_SENTENCES = re.compile(r"[^.!?。！？\n]+[.!?。！？\n]*\s*|[.!?。！？\n]+\s*")


@dataclass(frozen=True)
class Piece:
    """A piece of a text, and whether the other has it too."""

    text: str
    alike: bool


def differences(left: str, right: str) -> tuple[Sequence[Piece], Sequence[Piece]]:
    """Both texts in pieces. Put together again, the pieces of each are that very text."""
    ours, theirs = _WORDS.findall(left), _WORDS.findall(right)
    if len(ours) > MOST_WORDS or len(theirs) > MOST_WORDS:
        ours, theirs = _SENTENCES.findall(left), _SENTENCES.findall(right)
    found: tuple[list[Piece], list[Piece]] = ([], [])
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        for pieces, words in ((found[0], ours[i1:i2]), (found[1], theirs[j1:j2])):
            if words:
                pieces.append(Piece("".join(words), tag == "equal"))
    return found
