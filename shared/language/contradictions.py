"""Where an author's codes and the author's own text say different things."""

from collections.abc import Callable, Collection, Mapping

from shared.vocabulary.themes import theme_closeness

SURE = 0.6
"""How probable a code must be by the text to contradict those of the author."""

DOUBTFUL = 0.15
"""Below this a code of the author's has no support in the text."""


def contradicting_theme(coded: Collection[str], told: Mapping[str, float]) -> str | None:
    """The theme that a text is surely about though it has nothing in common with any coded one.

    None if there is none, or a coded one has support in the text. `told` maps themes to their
    probability by the text.
    """
    return _contradicting(coded, told, lambda one, other: theme_closeness(one, other) > 0.0)


def contradicting_kind(coded: Collection[str], told: Mapping[str, float]) -> str | None:
    """The kind of help that a text surely speaks of though none that is coded has support in it."""
    return _contradicting(coded, told, lambda one, other: one == other)


def _contradicting(
    coded: Collection[str], told: Mapping[str, float], near: Callable[[str, str], bool]
) -> str | None:
    if not coded or not told:
        return None
    strongest = max(told, key=lambda code: told[code])
    supported = any(told.get(code, 0.0) >= DOUBTFUL for code in coded)
    if told[strongest] < SURE or supported or any(near(strongest, code) for code in coded):
        return None
    return strongest
