"""How much each concept of a text weighs."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from shared.language.concepts import Concept, thesaurus

_TITLE = 2.0
_OFTEN = (0.0, 1.0, 1.5, 1.75)
"""What a concept counts that is named so often."""


def named_concepts(mentions: Iterable[tuple[str, bool]]) -> list[tuple[Concept, float]]:
    """The concepts that a text names, by id, each with its weight.

    `mentions` are ids with whether they stand in the title. A concept weighs more when it is named
    again, and twice as much in the title; ids that this thesaurus does not have are passed over.
    """
    counts: dict[str, tuple[int, bool]] = {}
    for concept, in_title in mentions:
        count, before = counts.get(concept, (0, False))
        counts[concept] = (count + 1, before or in_title)
    found, get = [], thesaurus().get
    for name, (count, in_title) in sorted(counts.items()):
        known = get(name)
        if known is not None:
            often = _OFTEN[min(count, len(_OFTEN) - 1)] * (_TITLE if in_title else 1.0)
            found.append((known, known.weight * often))
    return found


@lru_cache(maxsize=256)  # a process that hears of a record asks this of its text several times
def concept_weights(mentions: tuple[tuple[str, bool], ...]) -> Mapping[str, float]:
    """The weights of the concepts that a text names, and of those wider than they.

    Wider concepts are named along with the narrower ones, at half their weight a step.
    """
    named = {concept.id: weight for concept, weight in named_concepts(mentions)}
    found, broader = dict(named), thesaurus().broader
    for concept, weight in named.items():
        less = weight
        for wider in broader(concept):
            less *= 0.5
            if found.get(wider, 0.0) < less:
                found[wider] = less
    return MappingProxyType(found)
