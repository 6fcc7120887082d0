"""Triangular cooperation: a State of the South helps another, a third party pays.

As the United Nations have it, "Southern-driven partnerships between two or more developing
countries, supported by a developed country or countries or multilateral organizations"
(High-level Committee on South-South Cooperation, SSC/17/3, 2012). So a trio is a request of a
State of the South, an offer of know-how by another such State, and an offer of money by a donor of
the North or of many States; all of it what the request's shortlist already holds, so that nothing
is proposed that a rule bars.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.matcher.engine.bonds import Bond, bond
from services.matcher.engine.cooperation import (
    KNOW_HOW,
    is_multilateral,
    is_southern_state,
)
from services.matcher.engine.geography import Geography
from shared.vocabulary.countries import is_south
from shared.vocabulary.errors import UnknownCode

DECIMALS = 6
MOST = 10
FUNDING = "funding"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer in a request's shortlist.

    `gives` are (need line, kind of the provision that serves it) for the lines that a reader may
    see. `proven`: work on what it serves was completed in the State that offers it, or by it.
    """

    offer: str
    organisation: str
    donor_type: str | None
    donor_country: str | None
    score: float
    unconditional: bool
    gives: tuple[tuple[int, str], ...]
    proven: bool = False

    def needs(self, kinds: Iterable[str]) -> tuple[int, ...]:
        """The need lines that it serves by provisions of some kinds."""
        wanted = frozenset(kinds)
        return tuple(sorted({need for need, kind in self.gives if kind in wanted}))


@dataclass(frozen=True, slots=True)
class Trio:
    """Know-how from the South, and who could pay for it.

    `bond` says how near the State with the know-how is. `score` is the product of both offers'.
    `needs` are the lines that the know-how serves, `funded` those that the money could pay for.
    """

    expertise: Candidate
    funder: Candidate
    bond: Bond
    score: float
    needs: tuple[int, ...]
    funded: tuple[int, ...]


def trios(
    recipient: str, candidates: Sequence[Candidate], geography: Geography
) -> tuple[Trio, ...]:
    """The trios for a State's request, at most ten: neighbours' know-how first, before all of those
    who have completed such work, then by score.

    Each offer of know-how is told once, with the funder that suits the request best; of equals the
    unconditional ones come first, then by id. A recipient that is not of the South has none.
    """
    if not _is_south(recipient, geography):
        return ()
    on = geography.on
    experts = [
        one
        for one in candidates
        if is_southern_state(one.donor_type, one.donor_country, on)
        and one.donor_country != recipient
        and one.needs(KNOW_HOW)
    ]
    funders = [one for one in candidates if one.needs({FUNDING}) and _may_fund(one, geography)]
    found = []
    for expert in experts:
        others = [one for one in funders if one.organisation != expert.organisation]
        if others:
            funder = min(others, key=_best_first)
            found.append(_trio(recipient, expert, funder, geography))
    return tuple(sorted(found, key=_nearest_first)[:MOST])


def _trio(recipient: str, expert: Candidate, funder: Candidate, geography: Geography) -> Trio:
    return Trio(
        expertise=expert,
        funder=funder,
        bond=bond(recipient, expert.donor_country or "", geography),
        score=round(expert.score * funder.score, DECIMALS),
        needs=expert.needs(KNOW_HOW),
        funded=funder.needs({FUNDING}),
    )


def _may_fund(one: Candidate, geography: Geography) -> bool:
    if is_multilateral(one.donor_type, one.donor_country):
        return True
    return not _is_south(one.donor_country or "", geography)


def _is_south(alpha3: str, geography: Geography) -> bool:
    try:
        return is_south(alpha3, geography.on)
    except UnknownCode:
        return False


def _best_first(one: Candidate) -> tuple[float, bool, str]:
    return -one.score, not one.unconditional, one.offer


def _nearest_first(one: Trio) -> tuple[bool, bool, float, bool, str]:
    # Beside neighbours nearness counts for nothing: a region is no reason to pass over a better.
    near, expert = one.bond is Bond.NEIGHBOUR, one.expertise
    return (
        not near,
        not (near and expert.proven),
        -one.score,
        not expert.unconditional,
        expert.offer,
    )
