"""The six languages of the product, and their names in one another."""

from functools import cache

from babel import Locale

from shared.vocabulary.errors import UnknownCode

LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")
"""ISO 639-1 codes of the six official languages of the United Nations, in their usual order."""


@cache
def locale(language: str) -> Locale:
    """CLDR's locale of one of the six languages; UnknownCode for any other."""
    check_language(language)
    return Locale.parse(language)


def check_language(language: str) -> None:
    """Raise UnknownCode unless `language` is one of the six."""
    if language not in LANGUAGES:
        raise UnknownCode("languages", language, LANGUAGES)


def language_name(code: str, language: str) -> str:
    """The name of the language `code` in `language`, both of the six."""
    check_language(code)
    return str(locale(language).languages[code])
