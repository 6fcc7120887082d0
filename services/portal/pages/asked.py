"""What the address of a list asks for: one way to read it for all lists.

What names nothing that is known is passed over, so that an address that was kept for long still
shows a list.
"""

from collections.abc import Container, Mapping
from typing import Final
from urllib.parse import urlencode

from shared.vocabulary.countries import countries_in

MOST_WORDS: Final = 200
_MOST_CURSOR: Final = 1000


def code_of(query: Mapping[str, str], name: str, known: Container[str]) -> str | None:
    """The code that a filter names; None for none, or for one that is unknown."""
    value = query.get(name, "")
    return value if value and value in known else None


def words_of(query: Mapping[str, str]) -> str | None:
    """The words that are searched for; None where there are none."""
    return " ".join(query.get("q", "").replace("\x00", " ").split())[:MOST_WORDS] or None


def cursor_of(query: Mapping[str, str]) -> str | None:
    """Where a page of the list begins; None at its beginning."""
    return query.get("cursor", "")[:_MOST_CURSOR] or None


def states_of(state: str | None, region: str | None) -> list[str]:
    """The States that are asked for; none where all are."""
    if state is not None:
        return [state]
    return [] if region is None else countries_in(region)


def as_end(**asked: str | None) -> str:
    """What is asked for, as the end of an address that has a query."""
    named = {name: value for name, value in asked.items() if value is not None}
    return f"&{urlencode(named)}" if named else ""
