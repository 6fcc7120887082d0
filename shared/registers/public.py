"""What everybody may read without a token: how it is asked for and how long an answer holds.

What a record's owner made public, and nothing else: no text, line or count of anything that is not
(docs/decisions).
"""

from typing import Any, Final

from shared.vocabulary.countries import AREAS
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES
from shared.web.paging import PageQuery
from shared.web.schemas import Code, CountryCode, Text

SECONDS: Final = 60
"""How long what is public may be shown as it was."""

CACHED: Final = {"Cache-Control": f"public, max-age={SECONDS}"}
Answer = tuple[dict[str, Any], dict[str, str]]


class PublicQuery(PageQuery):
    """Which public records to list. All conditions must hold; theme and kind on the same line."""

    country = CountryCode(load_default=None)
    region = Code(AREAS, retired=True, load_default=None)
    theme = Code(THEMES, retired=True, load_default=None)
    kind = Code(KINDS, retired=True, load_default=None)
    q = Text(200, single_line=True, load_default=None, metadata={"description": "Full text."})


def cached(body: dict[str, Any]) -> Answer:
    """The answer with that body, which anybody may keep for a minute."""
    return body, dict(CACHED)
