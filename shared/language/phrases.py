"""Finding names of several words among lexemes, the longest at each place, in one walk."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.language.lexemes import Lexemes, without_clitics

_LONGEST = 14
_MOST_MARKS = 2
_ARABIC = "\u0600"


class Phrase(NamedTuple):
    """What a phrase stands for, the place after it, and its number of words."""

    code: str
    after: int
    words: int


@dataclass
class _Node:
    following: dict[str, "_Node"] = field(default_factory=dict)
    code: str | None = None


class Phrases:
    """Names by their folded words; the first code given for the same words stays."""

    def __init__(self, between: str) -> None:
        """`between` are the marks that may stand between a name's words."""
        self._root = _Node()
        self._between = frozenset(between)

    def plant(self, words: Sequence[Iterable[str]], code: str) -> None:
        """Add a name, each word with the forms that it may take."""
        nodes = [self._root]
        for forms in words:
            nodes = [
                node.following.setdefault(form, _Node()) for node in nodes for form in sorted(forms)
            ]
        for node in nodes:
            node.code = node.code or code

    def longest(self, read: Lexemes, place: int) -> Phrase | None:
        """The longest name that begins at a place; Arabic ones may have clitics before them."""
        word = read[place].text
        if word[0] < _ARABIC and word not in self._root.following:
            return None
        for start in without_clitics(word):
            node = self._root.following.get(start)
            found = self._walk(read, place + 1, node) if node is not None else None
            if found is not None:
                return found
        return None

    def _walk(self, read: Lexemes, at: int, node: _Node) -> Phrase | None:
        words, marks = 1, 0
        best = Phrase(node.code, at, words) if node.code is not None else None
        while at < len(read) and words < _LONGEST:
            lexeme = read[at]
            following = node.following.get(lexeme.text)
            if following is not None:
                node, words, marks = following, words + 1, 0
            elif lexeme.text in self._between and marks < _MOST_MARKS:
                marks += 1
            else:
                break
            at += 1
            if following is not None and node.code is not None:
                best = Phrase(node.code, at, words)
        return best
