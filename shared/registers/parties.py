"""Which donors are parties to a request: those for whose offer a match was endorsed."""

from collections.abc import Iterable
from typing import Any

from shared.lifecycle import PARTY
from shared.registers.matched import MatchCopy
from shared.web.identity import Identity


def party_requests(identity: Identity, among: Iterable[str] | None = None) -> frozenset[str]:
    """The requests to which the reader's organisation is a party; none for who is no donor.

    `among`: only these are asked about.
    """
    if identity.role != "donor":
        return frozenset()
    asked: dict[str, Any] = {"organisation": identity.organisation}
    if among is not None:
        asked["request"] = {"$in": list(among)}
    found = MatchCopy._get_collection().find(asked, {"request": 1, "status": 1})
    return frozenset(one["request"] for one in found if one["status"] in PARTY)
