"""Where an author's codes and the author's own text speak of different things."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.matcher.engine.records import Side
from services.matcher.engine.stated import Stated
from services.matcher.engine.wording import filled, list_text, percent_text, sentences, theme_text
from shared.vocabulary.errors import UnknownCode
from shared.vocabulary.themes import theme_closeness

SURE = 0.6
"""How probable a theme must be by the text to contradict the codes."""

DOUBTFUL = 0.15
"""Below this a coded theme has no support in the text."""

CLOSE = 0.5
"""From this closeness on a theme may be coded as the other."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The `coded` themes of a record, and the `theme` that its text is about instead.

    `probability` is the theme's by the text, from 0 to 1.
    """

    side: Side
    coded: tuple[str, ...]
    theme: str
    probability: float


def contradiction(side: Side, stated: Stated) -> Contradiction | None:
    """How codes and text of a record contradict one another; None if they do not.

    They do if the text is surely about a theme that is not close to any that is coded,
    and none of these has support in the text.
    """
    if not (stated.lines and stated.themes):
        return None
    coded = tuple(dict.fromkeys(line.theme for line in stated.lines.values()))
    theme, probability = stated.themes[0]
    supported = dict(stated.themes)
    if probability < SURE or any(supported.get(code, 0.0) >= DOUBTFUL for code in coded):
        return None
    return None if _near(theme, coded) else Contradiction(side, coded, theme, probability)


def contradiction_text(found: Contradiction, language: str) -> str:
    """The contradiction as a sentence in one of the six languages."""
    facts = {
        "coded": list_text([theme_text(code, language) for code in found.coded], language),
        "theme": theme_text(found.theme, language),
        "percent": percent_text(found.probability, language),
    }
    return filled(sentences()["contradictions"][found.side], language, facts)


def _near(theme: str, coded: Iterable[str]) -> bool:
    """Whether the theme is close to a coded one, or one of them is not known here."""
    try:
        return any(theme_closeness(theme, code) >= CLOSE for code in coded)
    except UnknownCode:
        return True
