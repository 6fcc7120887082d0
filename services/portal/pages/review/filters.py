"""What a coordinator asks the queue for: kept in the address, and asked of the services."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from shared.vocabulary.countries import AREAS, all_countries
from shared.vocabulary.themes import THEMES

KINDS = ("proposals", "requests", "duplicates", "coverage", "alliances")
"""What waits, in the order in which it is shown."""

SCORES = ("0.9", "0.75", "0.5", "0.25")
MAX_CURSOR = 1000

_BY_THEME = frozenset({"proposals", "requests"})
_BY_SCORE = frozenset({"proposals", "duplicates", "coverage"})


@dataclass(frozen=True)
class Filters:
    """One kind or all (None); of a theme, a country or region, and at least a score."""

    kind: str | None = None
    theme: str | None = None
    country: str | None = None
    region: str | None = None
    score: str | None = None
    cursor: str | None = None

    def kinds(self) -> list[str]:
        """The kinds that can be asked for so, in their order."""
        return [
            kind
            for kind in ((self.kind,) if self.kind else KINDS)
            if (self.theme is None or kind in _BY_THEME)
            and (self.score is None or kind in _BY_SCORE)
        ]

    def left_out(self) -> list[str]:
        """The kinds that have no theme or score to be asked for by."""
        shown = self.kinds()
        return [kind for kind in ((self.kind,) if self.kind else KINDS) if kind not in shown]

    def any(self) -> bool:
        """Whether anything but the kind is asked for."""
        return any((self.theme, self.country, self.region, self.score))

    @property
    def place(self) -> str:
        """The country or region, as the form has it."""
        return self.country or self.region or ""


def read_filters(query: Mapping[str, str]) -> Filters:
    """What an address asks for; what is none of the choices is passed over."""
    place, kind = query.get("place", ""), _one_of(query.get("kind"), KINDS)
    return Filters(
        kind=kind,
        theme=_one_of(query.get("theme"), THEMES.codes()),
        country=_one_of(place, [one.alpha3 for one in all_countries()]),
        region=_one_of(place, AREAS.codes()),
        score=_one_of(query.get("score"), SCORES),
        cursor=(query.get("cursor", "")[:MAX_CURSOR] or None) if kind else None,
    )


def _one_of(value: str | None, known: Collection[str]) -> str | None:
    return value if value and value in known else None
