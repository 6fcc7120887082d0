"""What is told of forms of cooperation: of a proposal, and of three that go together."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from services.matcher.engine.bonds import Bond
from services.matcher.engine.cooperation import STATE, expert_state, land_neighbours, modality
from services.matcher.engine.cooperation_wording import cooperation_text, trio_text
from services.matcher.engine.geography import Geography
from services.matcher.engine.stated import unpacked
from services.matcher.engine.triangular import Candidate, Trio, trios
from services.matcher.experience import has_completed
from services.matcher.proposals import Proposal
from services.matcher.record_views import View

TRIANGULAR = "triangular"


def cooperation(proposal: Proposal, language: str, on: date) -> dict[str, Any]:
    """A proposal's form of cooperation, whether it is a neighbour's know-how, whether such work was
    completed there, and a sentence."""
    offer, recipient = proposal.offer, proposal.request.owner or ""
    form = modality(offer.donor_type, offer.donor_country, recipient, on)
    expert = expert_state(offer.donor_type, offer.donor_country, _kinds(offer).values())
    near = expert if expert in land_neighbours(recipient) else None
    proven = near is not None and _is_proven(proposal)
    return {
        "modality": form,
        "neighbour": near is not None,
        "proven": proven,
        "cooperation": cooperation_text(form, near, proven, language),
    }


def _is_proven(proposal: Proposal) -> bool:
    """Whether work on what the proposal serves was completed in the donor's State, or by it."""
    offer, themes = proposal.offer, {serving["theme"] for serving in proposal.serves}
    return has_completed(offer.donor_country or "", offer.owner, themes)


def triangular(
    recipient: str, proposals: Iterable[Proposal], language: str, on: date
) -> list[dict[str, Any]]:
    """The trios for a State's request of which the proposals are, as a reader may see them."""
    by_offer = {proposal.offer.record: proposal for proposal in proposals}
    candidates = [_candidate(proposal) for proposal in by_offer.values()]
    found = trios(recipient, candidates, Geography.of_vocabulary(on))
    return [_trio_view(one, by_offer, language) for one in found]


def _candidate(proposal: Proposal) -> Candidate:
    kinds = _kinds(proposal.offer)
    return Candidate(
        offer=proposal.offer.record,
        organisation=proposal.offer.owner or "",
        donor_type=proposal.offer.donor_type,
        donor_country=proposal.offer.donor_country,
        score=proposal.entry["score"],
        unconditional=not proposal.offer.conditions,
        gives=tuple(
            (serving["need"], kinds[serving["provision"]])
            for serving in proposal.serves
            if serving["provision"] in kinds
        ),
        proven=proposal.offer.donor_type == STATE and _is_proven(proposal),
    )


def _kinds(offer: View) -> dict[int, str]:
    return {number: line.kind for number, line in unpacked(offer.stated).lines.items()}


def _trio_view(one: Trio, by_offer: dict[str, Proposal], language: str) -> dict[str, Any]:
    neighbour = one.bond is Bond.NEIGHBOUR
    return {
        "modality": TRIANGULAR,
        "neighbour": neighbour,
        "proven": one.expertise.proven,
        "score": one.score,
        "expertise": _part(one.expertise, one.needs, by_offer),
        "funder": _part(one.funder, one.funded, by_offer),
        "sentence": trio_text(
            one.expertise.donor_country or "", neighbour, one.expertise.proven, language
        ),
    }


def _part(one: Candidate, needs: tuple[int, ...], by_offer: dict[str, Proposal]) -> dict[str, Any]:
    return {
        "proposal": by_offer[one.offer].id,
        "offer": one.offer,
        "organisation": one.organisation,
        "country": one.donor_country,
        "needs": needs,
        "score": one.score,
    }
