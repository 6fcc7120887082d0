"""What fields and filters let choose from, named in the reader's language."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from services.portal.pages import wording
from shared.vocabulary import LANGUAGES
from shared.vocabulary.alphabetical import sort_key
from shared.vocabulary.countries import all_countries, country_name
from shared.vocabulary.lists import PARTNERS
from shared.vocabulary.terms import Vocabulary

Choices = list[tuple[str, str]]


def by_name(choices: Iterable[tuple[str, str]]) -> Choices:
    """Choices in the order of their names in the reader's language."""
    return _sorted(choices, wording.here())


def labels(vocabulary: Vocabulary[Any], *, in_order: bool = False) -> Choices:
    """The codes in use with their names, by name unless the list's own order is wanted."""
    language = wording.here()
    found = [(code, vocabulary.label(code, language)) for code in vocabulary.codes()]
    return found if in_order else by_name(found)


def countries() -> Choices:
    """All States with their names, by name."""
    return list(_countries(wording.here()))


@cache
def _countries(language: str) -> tuple[tuple[str, str], ...]:
    named = ((one.alpha3, country_name(one.alpha3, language)) for one in all_countries())
    return tuple(_sorted(named, language))


def _sorted(choices: Iterable[tuple[str, str]], language: str) -> Choices:
    return sorted(choices, key=lambda one: sort_key(one[1], language))


def partner_labels() -> Choices:
    """Organisations and networks that work along."""
    return labels(PARTNERS, in_order=True)


def languages() -> Choices:
    """The languages that a text may be in."""
    return [(code, wording.named_language(code)) for code in LANGUAGES]


def levels(codes: Sequence[str]) -> Choices:
    """Who may see something."""
    return [(code, wording.level_name(code)) for code in codes]
