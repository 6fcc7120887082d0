"""Where an author's codes and the author's own text speak of different things."""

from dataclasses import dataclass

from services.matcher.engine.records import Side
from services.matcher.engine.stated import Stated
from services.matcher.engine.wording import filled, list_text, percent_text, sentences, theme_text
from shared.language.contradictions import contradicting_theme


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
    coded = tuple(dict.fromkeys(line.theme for line in stated.lines.values()))
    told = dict(stated.themes)
    theme = contradicting_theme(coded, told)
    return None if theme is None else Contradiction(side, coded, theme, told[theme])


def contradiction_text(found: Contradiction, language: str) -> str:
    """The contradiction as a sentence in one of the six languages."""
    facts = {
        "coded": list_text([theme_text(code, language) for code in found.coded], language),
        "theme": theme_text(found.theme, language),
        "percent": percent_text(found.probability, language),
    }
    return filled(sentences()["contradictions"][found.side], language, facts)
