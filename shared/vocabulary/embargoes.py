"""Arms embargoes of the Security Council as of a day, for a register to begin with.

They are from general knowledge: whoever takes them over has to check each against its resolution.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache

from shared.vocabulary.countries import country
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.tables import day, provenance, read_table

_TABLE = "embargoes.tsv"
_ALL = "all"


@dataclass(frozen=True)
class ListedEmbargo:
    """An embargo on a State (alpha-3): `allowed` are the kinds of help that it does not bar.

    `since` is its first day, `review_by` the day until which it was renewed, None for one without
    such a day. `source` says where in the resolution, and what became of it.
    """

    country: str
    resolution: str
    allowed: tuple[str, ...]
    since: date
    review_by: date | None
    source: str


@cache
def listed_embargoes() -> tuple[ListedEmbargo, ...]:
    """The list, by State; UnknownCode or ValueError for a table that is not whole."""
    return tuple(_embargo(row) for row in read_table(_TABLE))


def listed_on() -> date:
    """The day as of which the list states what is in force."""
    return date.fromisoformat(provenance(_TABLE)["date"])


def _embargo(row: dict[str, str]) -> ListedEmbargo:
    allowed = KINDS.codes() if row["allowed"] == _ALL else tuple(filter(None, [row["allowed"]]))
    return ListedEmbargo(
        country=country(row["country"]).alpha3,
        resolution=row["resolution"],
        allowed=tuple(KINDS.get(code).code for code in allowed),
        since=date.fromisoformat(row["from"]),
        review_by=day(row["review_by"]),
        source=row["source"],
    )
