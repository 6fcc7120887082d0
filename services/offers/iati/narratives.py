"""Titles and descriptions: which of an activity's languages becomes the record's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from services.offers.iati.faults import Fault, Note
from shared.registers.schemas import MAX_DESCRIPTION, MAX_TITLE
from shared.vocabulary import LANGUAGES

_LANGUAGE = "xml:lang"
_UNTOLD = ""


@dataclass(frozen=True)
class Narrative:
    """The texts of a record; `language` None where the file does not say it."""

    title: str
    description: str
    language: str | None
    notes: tuple[Note, ...]


def narrative_of(activity: Element) -> Narrative:
    """The activity's texts in one of the six languages.

    The first with both a title and a description: its default language, English, French, Spanish,
    Arabic, Russian, Chinese, then texts whose language is not said. Where no language has both, the
    first title goes with the first description. Raises Fault.
    """
    default = _primary(activity.get(_LANGUAGE))
    titles = _texts(activity.findall("title"), default, " ")
    descriptions = _texts(activity.findall("description"), default, "\n\n")
    order = [language for language in (default, *LANGUAGES) if language in LANGUAGES]
    order.append(_UNTOLD)
    both = [language for language in order if language in titles and language in descriptions]
    heading = both[0] if both else _first(titles, order, "title")
    body = both[0] if both else _first(descriptions, order, "description")
    notes: list[Note] = []
    title = _cut(titles[heading], MAX_TITLE, "title", notes)
    description = _cut(descriptions[body], MAX_DESCRIPTION, "description", notes)
    return Narrative(title, description, body or None, tuple(notes))


def plain_text(element: Element | None) -> str:
    """The first narrative of an element, in whatever language; empty where there is none."""
    found = () if element is None else element.findall("narrative")
    return next((text for text in map(_text, found) if text), "")


def _texts(elements: Iterable[Element], default: str, between: str) -> Mapping[str, str]:
    found: dict[str, list[str]] = {}
    for element in elements:
        for narrative in element.findall("narrative"):
            text = _text(narrative)
            language = _primary(narrative.get(_LANGUAGE)) or default
            if text and text not in found.setdefault(language, []):
                found[language].append(text)
    return {language: between.join(texts) for language, texts in found.items() if texts}


def _text(narrative: Element) -> str:
    return "".join(narrative.itertext()).strip()


def _primary(tag: str | None) -> str:
    return (tag or "").strip().lower().split("-")[0]


def _first(texts: Mapping[str, str], order: Iterable[str], field: str) -> str:
    for language in order:
        if language in texts:
            return language
    if texts:
        message = f"None of the six languages is among those of the {field}: {', '.join(texts)}."
        raise Fault(field, "language", message)
    raise Fault(field, "required", f"There is no {field}.")


def _cut(text: str, most: int, field: str, notes: list[Note]) -> str:
    if len(text) <= most:
        return text
    notes.append(Note(f"{field}-cut", f"The {field} is cut to {most} characters."))
    return text[: most - 1].rstrip() + "…"
