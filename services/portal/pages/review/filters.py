"""What a coordinator asks the queue for: kept in the address, and asked of the services."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.portal.followed_state import BEST as FOLLOWED_BEST
from services.portal.pages.asked import as_end, code_of, cursor_of, states_of
from shared.vocabulary.countries import AREAS, all_countries
from shared.vocabulary.themes import THEMES

KINDS = ("proposals", "requests", "duplicates", "coverage", "alliances")
"""What waits, in the order in which it is shown."""

SCORES = ("0.9", "0.75", "0.5", "0.25")
BEST = ("1", "3", "5", "10", "all")
USUAL_BEST = str(FOLLOWED_BEST)
"""So many proposals of each request, unless more are asked for: few below are of any use."""

_BY_THEME = frozenset({"proposals", "requests"})
_BY_SCORE = frozenset({"proposals", "duplicates", "coverage"})


@dataclass(frozen=True)
class Filters:
    """One kind or all (None); of a theme, a country or region, and at least a score.

    Of each request the `best` proposals, or "all".
    """

    kind: str | None = None
    theme: str | None = None
    country: str | None = None
    region: str | None = None
    score: str | None = None
    best: str = USUAL_BEST
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
        return any((self.theme, self.country, self.region, self.score)) or self.best != USUAL_BEST

    def states(self) -> list[str]:
        """The States that are asked for; none where all are."""
        return states_of(self.country, self.region)

    def wanted(self) -> str:
        """The theme and score, as the end of an address."""
        return as_end(theme=self.theme, score=self.score)

    @property
    def most(self) -> str | None:
        """How many of each request's proposals are asked for; None for all."""
        return None if self.best == "all" else self.best

    @property
    def place(self) -> str:
        """The country or region, as the form has it."""
        return self.country or self.region or ""


def read_filters(query: Mapping[str, str]) -> Filters:
    """What an address asks for; what is none of the choices is passed over."""
    kind = code_of(query, "kind", KINDS)
    return Filters(
        kind=kind,
        theme=code_of(query, "theme", THEMES.codes()),
        country=code_of(query, "place", [one.alpha3 for one in all_countries()]),
        region=code_of(query, "place", AREAS.codes()),
        score=code_of(query, "score", SCORES),
        best=code_of(query, "best", BEST) or USUAL_BEST,
        cursor=cursor_of(query) if kind else None,
    )
