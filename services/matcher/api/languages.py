"""The language that a reader is answered in."""

from flask import request

from shared.vocabulary import LANGUAGES


def reading_language(asked: str | None) -> str:
    """The language asked for; else what Accept-Language prefers of the six, English by default."""
    return asked or request.accept_languages.best_match(LANGUAGES, default="en") or "en"
