"""The thesaurus of the field: its concepts, their names in six languages, and finding them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from shared.language.terms import Token, tokens
from shared.vocabulary import LANGUAGES
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.languages import check_language
from shared.vocabulary.themes import THEMES

_LATIN = ("en", "fr", "es")


@dataclass(frozen=True)
class Concept:
    """A thing that requests and offers speak of.

    `weight` says how much naming it tells, from 0 to 1; `themes` and `kinds` map codes of the
    vocabulary to how strongly it speaks for them, from 0 to 1; `broader` are ids of the concepts
    that it is a case of; `forms` its names by language, the usual one first. A form in capitals
    is an acronym and is known in every text in Latin script.
    """

    id: str
    weight: float
    broader: tuple[str, ...]
    themes: Mapping[str, float]
    kinds: Mapping[str, float]
    forms: Mapping[str, tuple[str, ...]]

    def label(self, language: str) -> str:
        """The concept's usual name in one of the six languages; UnknownCode for any other."""
        check_language(language)
        return self.forms[language][0]


class Mention(NamedTuple):
    """A concept found in a text, with offsets in characters; `end` is the first one after it."""

    concept: str
    start: int
    end: int


@dataclass
class _Node:
    """A place in the tree of forms: what may follow, and the concept that ends here."""

    following: dict[str, "_Node"] = field(default_factory=dict)
    concept: str | None = None


class Thesaurus:
    """Concepts by id, and the tree of their forms as stems."""

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self._concepts: dict[str, Concept] = {}
        self._broader: dict[str, tuple[str, ...]] = {}
        self._root = _Node()
        for concept in concepts:
            if concept.id in self._concepts:
                raise ValueError(f"the thesaurus has the concept '{concept.id}' twice")
            self._concepts[concept.id] = concept
        for concept in self._concepts.values():
            self._check(concept)
            for language, form in _all_forms(concept):
                self._plant(concept.id, language, form)

    def __iter__(self) -> Iterator[Concept]:
        return iter(self._concepts.values())

    def __contains__(self, concept: object) -> bool:
        return concept in self._concepts

    def get(self, concept: str) -> Concept | None:
        """The concept of an id; None for an id that this thesaurus does not have."""
        return self._concepts.get(concept)

    def broader(self, concept: str) -> tuple[str, ...]:
        """All wider concepts, the nearest first; none for an unknown id."""
        known = self._broader.get(concept)
        if known is None and concept in self._concepts:
            known = self._broader[concept] = self._wider_than(concept)
        return known or ()

    def _wider_than(self, concept: str) -> tuple[str, ...]:
        found: list[str] = []
        queue = list(self._concepts[concept].broader)
        while queue:
            wider = queue.pop(0)
            if wider not in found:
                found.append(wider)
                queue.extend(self._concepts[wider].broader)
        return tuple(found)

    def find(self, found: Iterable[Token]) -> list[Mention]:
        """The concepts in a text's tokens, in the text's order, the longest form at each place.

        Stop words inside a form do not matter; a form does not reach over the end of a sentence.
        """
        words = [token for token in found if not token.stop]
        mentions = []
        place = 0
        while place < len(words):
            length, concept = self._longest(words, place)
            if concept is None:
                place += 1
                continue
            last = words[place + length - 1]
            mentions.append(Mention(concept, words[place].start, last.end))
            place += length
        return mentions

    def _longest(self, words: list[Token], place: int) -> tuple[int, str | None]:
        node = self._root
        best: tuple[int, str | None] = (0, None)
        for end in range(place, len(words)):
            following = node.following.get(_key(words[end]))
            if following is None:
                break
            node = following
            if node.concept is not None:
                best = (end - place + 1, node.concept)
        return best

    def _plant(self, concept: str, language: str, form: str) -> None:
        keys = [_key(token) for token in tokens(form, language) if token.stem and not token.stop]
        if not keys:
            raise ValueError(f"'{form}' of the concept '{concept}' has no word that tells")
        node = self._root
        for key in keys:
            node = node.following.setdefault(key, _Node())
        if node.concept not in (None, concept):
            raise ValueError(f"'{form}' ({language}) stands for '{node.concept}' and '{concept}'")
        node.concept = concept

    def _check(self, concept: Concept) -> None:
        for theme in concept.themes:
            THEMES.get(theme)
        for kind in concept.kinds:
            KINDS.get(kind)
        unknown = [wider for wider in concept.broader if wider not in self._concepts]
        if unknown or concept.id in self.broader(concept.id):
            raise ValueError(f"the broader concepts of '{concept.id}' are unknown or run in a ring")
        missing = [language for language in LANGUAGES if not concept.forms.get(language)]
        if missing:
            raise ValueError(f"the concept '{concept.id}' has no name in {', '.join(missing)}")


@cache
def thesaurus() -> Thesaurus:
    """The thesaurus that the product ships."""
    source = files("shared.language") / "data" / "concepts.json"
    entries = json.loads(source.read_text(encoding="utf-8"))["concepts"]
    return Thesaurus(
        Concept(
            id=entry["id"],
            weight=float(entry["weight"]),
            broader=tuple(entry["broader"]),
            themes=entry["themes"],
            kinds=entry["kinds"],
            forms={language: tuple(forms) for language, forms in entry["forms"].items()},
        )
        for entry in entries
    )


def _key(token: Token) -> str:
    return f"{token.language}:{token.stem}"


def _all_forms(concept: Concept) -> Iterator[tuple[str, str]]:
    for language, forms in concept.forms.items():
        for form in forms:
            yield language, form
            # Acronyms, written in capitals, are used as they are in every Latin text.
            if form.isascii() and form.isupper():
                yield from ((other, form) for other in _LATIN if other != language)
