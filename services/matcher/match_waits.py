"""What a proposal that somebody acted on waits for, of whom."""

from collections.abc import Iterator, Mapping, Sequence

from services.matcher.conditions import unaccepted
from services.matcher.documents import Match
from services.matcher.domain import STAYING
from services.matcher.match_schemas import WAITS
from services.matcher.proposals import Proposal
from services.matcher.rights import acts_as
from shared.web.identity import Identity, covers

ANSWERING: Mapping[str, Sequence[str]] = {
    "endorsed": ("donor", "state"),
    "donor-agreed": ("state",),
    "state-agreed": ("donor",),
}
"""The sides whose answer is waited for, by state."""

WAITING_STATES: Mapping[str, Sequence[str]] = {
    "donor": ("endorsed", "state-agreed", "committed", "delivering", "delivered", "follow-up"),
    "state": (
        *("endorsed", "donor-agreed", "agreed", "committed", "released", "delivering"),
        *("delivered", "follow-up"),
    ),
    "coordinator": ("agreed", "released"),
}
"""The states in which something may wait for somebody who acts so; for others nothing does."""

_COMMITTING = ("agreed", "released")
_REPORTING = ("delivering", "delivered")


def waits(proposal: Proposal, identity: Identity) -> list[str]:
    """What of WAITS a proposal waits for from the caller: nothing for who only reads."""
    match, side = proposal.match, acts_as(identity)
    if match is None or not covers(identity, match.country):
        return []
    found = set(_of_side(match, side, bool(unaccepted(match, proposal.offer))))
    return [one for one in WAITS if one in found]


def _of_side(match: Match, side: str, conditions_open: bool) -> Iterator[str]:
    status = match.status
    if side in ANSWERING.get(status, ()):
        yield "answer"
    if side == "coordinator" and status in _COMMITTING and not conditions_open:
        yield "commit"
    told = any(report.side == side for report in match.reports)
    if side in ("donor", "state") and status in _REPORTING and not told:
        yield "report"
    if side == "state":
        if conditions_open and status in STAYING["accept"]:
            yield "conditions"
        if any(one.asked_at and not one.answered_at for one in match.follow_ups):
            yield from ("assess",) if status == "follow-up" else ()
    if side == "donor":
        yield from {"committed": ("start",), "delivering": ("deliver",)}.get(status, ())
        if any(one.answered_at and not one.replied_at for one in match.follow_ups):
            yield from ("reply",) if status == "follow-up" else ()
