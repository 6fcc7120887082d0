"""What else a reader of a proposal should know: rivals, the donor's other offers, a former no."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.matcher.coverage_documents import CoverageCase
from services.matcher.documents import Match
from services.matcher.domain import DECLINED, proposal_id
from services.matcher.engine.wording import date_text, filled, list_text, sentences
from services.matcher.proposals import Proposal
from services.matcher.rights import oversees, owns_request
from shared.vocabulary.counts import number_text
from shared.web.identity import Identity

_FIRMEST = ("commitment", "coverage", "endorsement")
"""By which of them a sentence says that needs are taken up, where there are several."""


def notices(proposal: Proposal, identity: Identity, language: str) -> dict[str, Any]:
    """The fields `displaced`, `same_donor` and `came_back` of a proposal's view.

    Of need lines that the reader may not see nothing is told.
    """
    return {
        "displaced": _displaced(proposal, identity, language),
        "same_donor": _same_donor(proposal, language),
        "came_back": _came_back(proposal.match, language),
    }


def _displaced(proposal: Proposal, identity: Identity, language: str) -> dict[str, Any] | None:
    found = proposal.entry.get("displaced")
    if found is None:
        return None
    needs, lessened = (_seen(found[name], proposal) for name in ("needs", "lessened"))
    if not (needs or lessened):
        return None
    state = proposal.request.owner
    sees_rivals = oversees(identity, state) or owns_request(identity, state)
    by = next(by for by in _FIRMEST if any(rival["by"] == by for rival in found["by"]))
    lines = list_text(
        [number_text(need, language) for need in sorted({*needs, *lessened})], language
    )
    template = sentences()["notices"][f"{found['code']}-by-{by}"]
    return {
        "code": found["code"],
        "sentence": filled(template, language, {"lines": lines}),
        "needs": needs,
        "lessened": lessened,
        "rivals": _rivals(found["by"], proposal) if sees_rivals else [],
    }


def _rivals(found: Sequence[Mapping[str, Any]], proposal: Proposal) -> list[dict[str, Any]]:
    """Those that take up need lines which the reader may see."""
    cases = [rival["coverage"] for rival in found if "coverage" in rival]
    covered = CoverageCase.objects(id__in=cases).only("activity") if cases else ()
    activities = {case.id: case.activity for case in covered}
    request = proposal.request.record
    return [
        {
            "proposal": proposal_id(request, rival["offer"]) if "offer" in rival else None,
            "activity": activities.get(rival.get("coverage")),
            "coverage": rival.get("coverage"),
            "by": rival["by"],
            "needs": _seen(rival["needs"], proposal),
        }
        for rival in found
    ]


def _seen(needs: Sequence[int], proposal: Proposal) -> list[int]:
    return [need for need in needs if need not in proposal.hidden]


def _same_donor(proposal: Proposal, language: str) -> dict[str, Any] | None:
    found: Mapping[str, Sequence[int]] = proposal.entry.get("same_donor", {})
    others = [offer for offer, needs in found.items() if _seen(needs, proposal)]
    if not others:
        return None
    return {
        "sentence": filled(sentences()["notices"]["same-donor"], language, {}),
        "proposals": [proposal_id(proposal.request.record, offer) for offer in others],
    }


def _came_back(match: Match | None, language: str) -> dict[str, Any] | None:
    if match is None or match.status != "proposed" or not match.reopened_by:
        return None
    noes = (s for s in reversed(match.history) if s.target in DECLINED and s.source != s.target)
    declined = next(noes).at
    sides: Sequence[str] = match.reopened_by
    template: Mapping[str, str] = sentences()["notices"][f"came-back-{'-and-'.join(sides)}"]
    return {
        "sentence": filled(template, language, {"date": date_text(declined.date(), language)}),
        "sides": list(sides),
        "declined_at": declined,
    }
