"""Where an author's codes and the author's own text say different things."""

from collections.abc import Callable, Collection, Mapping

from shared.vocabulary.errors import UnknownCode
from shared.vocabulary.themes import theme_closeness

SURE = 0.6
"""How probable a code must be by the text to contradict those of the author."""

DOUBTFUL = 0.15
"""Below this a code of the author's has no support in the text."""

CLOSE = 0.5
"""From this closeness on a theme may be coded as the other."""


def contradicting_theme(coded: Collection[str], told: Mapping[str, float]) -> str | None:
    """The theme that a text is surely about though it is not close to any coded one.

    None if there is none, a coded one has support in the text, or one is not known here. `told`
    maps themes to their probability by the text.
    """
    return _contradicting(coded, told, _are_close)


def contradicting_kind(coded: Collection[str], told: Mapping[str, float]) -> str | None:
    """The kind of help that a text surely speaks of though none that is coded has support in it."""
    return _contradicting(coded, told, lambda one, other: one == other)


def _are_close(one: str, other: str) -> bool:
    try:
        return theme_closeness(one, other) >= CLOSE
    except UnknownCode:
        return True


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
