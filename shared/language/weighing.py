"""How much each concept of a text weighs."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from shared.language.concepts import Concept, thesaurus

_TITLE = 2.0
_AGAIN = (1.0, 0.5, 0.25)


def named_concepts(mentions: Iterable[tuple[str, bool]]) -> list[tuple[Concept, float]]:
    """The concepts that a text names, by id, each with its weight.

    `mentions` are ids with whether they stand in the title. A concept weighs more when it is named
    again, and twice as much in the title; ids that this thesaurus does not have are passed over.
    """
    counts: dict[str, tuple[int, bool]] = {}
    for concept, in_title in mentions:
        count, before = counts.get(concept, (0, False))
        counts[concept] = (count + 1, before or in_title)
    found = []
    for name, (count, in_title) in sorted(counts.items()):
        known = thesaurus().get(name)
        if known is not None:
            often = sum(_AGAIN[:count]) * (_TITLE if in_title else 1.0)
            found.append((known, known.weight * often))
    return found


@lru_cache(maxsize=256)  # a process that hears of a record asks this of its text several times
def concept_weights(mentions: tuple[tuple[str, bool], ...]) -> Mapping[str, float]:
    """The weights of the concepts that a text names, and of those wider than they.

    Wider concepts are named along with the narrower ones, at half their weight a step.
    """
    named = {concept.id: weight for concept, weight in named_concepts(mentions)}
    found = dict(named)
    for concept, weight in named.items():
        for distance, wider in enumerate(thesaurus().broader(concept), start=1):
            found[wider] = max(found.get(wider, 0.0), weight * 0.5**distance)
    return MappingProxyType(found)
