"""What pages and mails say in six languages: catalogues, and a command that keeps these whole.

`python -m services.portal.catalogues` takes new texts up into every catalogue and lists what
is untranslated, and what rooms translate each in its own way; it ends with 1 if anything is.
"""

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.support import Translations

from shared.vocabulary import LANGUAGES

SOURCE_LANGUAGE = "en"
TRANSLATED = tuple(language for language in LANGUAGES if language != SOURCE_LANGUAGE)
PORTAL = Path(__file__).parent
DIRECTORY = PORTAL / "pages" / "texts"

ROOMS = ("", *sorted(one.name for one in DIRECTORY.iterdir() if one.is_dir()))
"""The rooms of pages that have catalogues of their own, in `texts/ROOM`; "" is all the rest."""

_METHODS = [("**.py", "python"), ("pages/templates/**.html", "jinja2")]
_KEYWORDS: Mapping[str, tuple[Any, ...] | None] = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "_l": None,
    "N_": None,
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
}


def N_(text: str) -> str:  # noqa: N802 (the name that catalogues' tools know)
    """Mark a text that is translated where it is said."""
    return text


def say(language: str, text: str, /, **values: object) -> str:
    """A text in a language, `%(name)s` filled in; for mails, which no request's reader asked for.

    The values are put in as they are: HTML is for whoever makes some to escape.
    """
    found = translations().get(language)
    return (text if found is None else str(found.gettext(text))) % values


@cache
def translations() -> Mapping[str, Translations]:
    """The texts of every language but the source's, from catalogues as they stand when first read.

    Nothing has to be compiled, so nothing can be forgotten or out of step.
    """
    found = {}
    for language in TRANSLATED:
        found[language] = _compiled(read_catalogue(language))
        for room in ROOMS[1:]:
            found[language].merge(_compiled(read_catalogue(language, room)))
    return found


def read_catalogue(language: str, room: str = "") -> Catalog:
    """The catalogue of a language for a room; an empty one where nobody has begun it."""
    path = DIRECTORY / room / f"{language}.po"
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def texts(room: str = "") -> Catalog:
    """Every text that the portal's code and templates have in a room."""
    found = Catalog(project="entraide", charset="utf-8")
    for name, message, comments, context in _all_texts():
        if _room_of(name) == room:
            places = [(name, 0)]
            found.add(message, locations=places, auto_comments=comments, context=context)
    return found


@cache
def _all_texts() -> tuple[tuple[str, str | tuple[str, ...], list[str], str | None], ...]:
    options = {"**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
    return tuple(
        (name, message, comments, context)
        for name, _line, message, comments, context in extract_from_dir(
            str(PORTAL), _METHODS, options, _KEYWORDS, comment_tags=("NOTE:",)
        )
    )


def _room_of(name: str) -> str:
    parts = Path(name).parts
    begins = 2 if parts[:2] == ("pages", "templates") else 1
    room = parts[begins] if len(parts) > begins + 1 and parts[0] == "pages" else ""
    return room if room in ROOMS else ""


def untranslated(language: str, room: str = "") -> Iterator[str]:
    """The texts that the language's catalogue has no, or no sure, translation of."""
    catalogue = read_catalogue(language, room)
    for message in texts(room):
        if message.id:
            known = catalogue.get(message.id, message.context)
            if known is None or not known.string or known.fuzzy:
                yield str(message.id)


def differing(language: str) -> Iterator[str]:
    """The texts that two rooms translate each in its own way, with both.

    Pages know one catalogue, into which those of the rooms are merged: of two translations one
    would be lost. Where the sense differs, say so by `pgettext`; else it is one word for one thing.
    """
    known: dict[tuple[str | None, Any], tuple[str, Any]] = {}
    for room in ROOMS:
        for message in read_catalogue(language, room):
            if not message.id or not message.string:
                continue
            first, said = known.setdefault((message.context, message.id), (room, message.string))
            if said != message.string:
                rooms = f"{first or 'portal'}: {said}; {room}: {message.string}"
                yield f"{message.id} ({rooms})"


def update(room: str = "") -> None:
    """Take new texts up into every catalogue of a room, and leave out those that are gone."""
    found = texts(room)
    for language in TRANSLATED:
        catalogue = read_catalogue(language, room)
        catalogue.update(found, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        with (DIRECTORY / room / f"{language}.po").open("wb") as file:
            write_po(
                file, catalogue, width=100, sort_output=True, no_location=True, omit_header=True
            )


def _compiled(catalogue: Catalog) -> Translations:
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def main() -> int:
    """Bring the catalogues up to date; 1 if a text is untranslated or in two ways, 0 if none is."""
    lacking = 0
    for room in ROOMS:
        update(room)
        for language in TRANSLATED:
            for text in untranslated(language, room):
                sys.stdout.write(f"{room or 'portal'} {language}: {text}\n")
                lacking += 1
    for language in TRANSLATED:
        for text in differing(language):
            sys.stdout.write(f"{language}: {text}\n")
            lacking += 1
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
