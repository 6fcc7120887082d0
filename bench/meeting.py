"""Matches for a stack that has none: proposals of the examples endorsed, agreed to and committed.

Pages of matches and of what is committed are measured with copies of these (`bench/copies.py`).
"""

from collections.abc import Mapping
from typing import Any, Final

from deploy.cli.client import Client
from deploy.cli.target import stack_target
from deploy.local.programs import Plan
from entraide.client import ProblemError

AT_MOST: Final = 12
"""Matches that are made; they are copied with the rest."""
_STEPS = 3
"""Of three in turn one is endorsed, one agreed to by both, one committed."""


def meet(plan: Plan) -> int:
    """Endorse the best proposal of some requests, and go on with two of three; how many it did.

    Nothing where there are matches already. What a proposal's conditions or lines do not allow is
    left at the step before.
    """
    coordinator = Client(stack_target(plan.ports, plan.keys, "bench"), "coordinator")
    if next(iter(coordinator.items("matcher", "/v1/matches")), None) is not None:
        return 0
    best: dict[str, dict[str, Any]] = {}
    for proposal in coordinator.items("matcher", "/v1/proposals", status="proposed"):
        best.setdefault(proposal["request"], proposal)
        if len(best) == AT_MOST:
            break
    for number, proposal in enumerate(best.values()):
        _go_through(plan, coordinator, proposal, number % _STEPS)
    return len(best)


def _go_through(plan: Plan, coordinator: Client, proposal: Mapping[str, Any], steps: int) -> None:
    pair = proposal["id"]
    _take(coordinator, pair, "decision", {"decision": "endorse"})
    if steps == 0:
        return
    offer = coordinator.get("offers", f"/v1/offers/{proposal['offer']}").body
    asked = coordinator.get("requests", f"/v1/requests/{proposal['request']}").body
    accepts = [one["hash"] for one in offer["conditions"]]
    lines = [
        {"side": side, "line": serving[line], "quantity": serving["quantity"]}
        for serving in proposal["serves"][:1]
        if serving["quantity"] and serving["provision"]
        for side, line in (("request", "need"), ("offer", "provision"))
    ]
    bound = {
        "requester": {"state": asked["country"]},
        "donor": {"organisation": offer["organisation"]},
    }
    target = stack_target(plan.ports, plan.keys, "bench", bound)
    try:
        _take(Client(target, "requester"), pair, "answer", {"answer": "agree", "accepts": accepts})
        _take(Client(target, "donor"), pair, "answer", {"answer": "agree"})
        if steps > 1 and lines:
            coordinator.post("matcher", "/v1/commitments", {"proposal": pair, "lines": lines})
    except ProblemError:
        return


def _take(client: Client, pair: str, step: str, body: Mapping[str, Any]) -> None:
    seen = client.get("matcher", f"/v1/proposals/{pair}").etag
    client.post("matcher", f"/v1/proposals/{pair}/{step}", body, if_match=seen)
