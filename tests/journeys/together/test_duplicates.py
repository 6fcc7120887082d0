"""The same need asked for twice, through the real processes: found, merged, taken apart again.

Then the rest of a coordinator's walk, by HTTP alone: linked, dismissed, allocated, asked what if,
accepted, agreed, and nothing committed twice.
"""

from collections.abc import Callable
from typing import Any

import pytest

from deploy.cli.client import Client
from deploy.local.running import Stack
from deploy.local.servers import wait_until
from entraide.client import ProblemError
from tests.journeys.speaking import both_agree

pytestmark = pytest.mark.journey

SECONDS = 60
ENDS = ("left", "right")
WINDOW = {"from": "2026-07-01", "to": "2035-12-31"}
MARKING = {"theme": "marking", "kind": "equipment", "quantity": 4, "unit": "machines"}
TRAINING = {"theme": "marking", "kind": "training", "quantity": 12, "unit": "persons"}
REQUEST = {
    "title": "Machines to mark the rifles of the gendarmerie (illustrative)",
    "description": "Our gendarmerie needs four portable dot-peen machines to mark its rifles, with "
    "spare parts, and a course for the twelve armourers who will work them.",
    "language": "en",
    "country": "SEN",
    "window": WINDOW,
}
OFFER = {
    "title": "Marking machines and training of operators (illustrative)",
    "description": "We give portable marking machines with spare parts, and train their operators.",
    "language": "en",
    "organisation": "journey-agency",
    "provisions": [
        {"theme": "marking", "kind": "equipment", "capacity": 10, "unit": "machines"},
        {"theme": "marking", "kind": "training", "capacity": 40, "unit": "persons"},
    ],
    "window": WINDOW,
}


def test_a_need_that_was_asked_for_twice(
    stack: Stack, operator: Client, coordinator: Client, published: Callable[..., str]
) -> None:
    donor = {"name": "Agency of the journey", "type": "state", "country": "JPN"}
    operator.put("offers", "/v1/organisations/journey-agency", donor)
    offer = published("offers", OFFER)
    report = {**REQUEST, "channel": "national-report", "needs": [MARKING]}
    first = published("requests", report)
    direct = {**REQUEST, "channel": "direct", "needs": [MARKING, TRAINING]}
    second = published("requests", direct)

    def case(status: str) -> dict[str, Any] | None:
        found = coordinator.items("matcher", "/v1/duplicates", record=second, status=status)
        return next(
            (one for one in found if first in (one["left"]["id"], one["right"]["id"])), None
        )

    def served(request: str) -> set[tuple[str, str]]:
        proposals = coordinator.items("matcher", "/v1/proposals", request=request)
        return {
            (serving["theme"], serving["kind"])
            for proposal in proposals
            if proposal["offer"] == offer
            for serving in proposal["serves"]
        }

    both = {("marking", "equipment"), ("marking", "training")}
    wait_until(lambda: case("open") is not None, SECONDS, "the pair being found")
    wait_until(lambda: served(first) and served(second) == both, SECONDS, "proposals for both")
    found = case("open")
    assert found is not None
    assert all(evidence["sentence"] for evidence in found["evidence"])

    path = f"/v1/requests/{second}"
    seen = coordinator.get("requests", path).etag
    merged = coordinator.post("requests", f"{path}/merge", {"into": first}, if_match=seen)
    assert merged.body["merged_into"] == first
    stays = coordinator.get("requests", f"/v1/requests/{first}").body
    assert [need["from"] for need in stays["needs"]] == [None, {"record": second, "line": 2}]
    wait_until(lambda: case("merged") is not None, SECONDS, "the case being marked")
    wait_until(
        lambda: not served(second) and served(first) == both, SECONDS, "proposals having moved"
    )

    coordinator.post("requests", f"{path}/unmerge", if_match=merged.etag)
    wait_until(lambda: case("open") is not None, SECONDS, "the case being open again")
    wait_until(
        lambda: served(second) == both and served(first) == {("marking", "equipment")},
        SECONDS,
        "proposals having come back",
    )

    decide(coordinator, found["id"], "link")
    dismissed = decide(coordinator, found["id"], "dismiss")
    assert (dismissed["status"], dismissed["possible"]) == ("dismissed", ["merge", "link"])
    assert case("open") is None
    allocated(stack, coordinator, offer, (first, second))


def decide(coordinator: Client, case: str, decision: str) -> dict[str, Any]:
    """Decide on a pair as it is seen now; the case after that."""
    path = f"/v1/duplicates/{case}"
    seen = coordinator.get("matcher", path)
    assert decision in seen.body["possible"]
    body = {"decision": decision, "reason": "For two garrisons (illustrative)"}
    answer = coordinator.post("matcher", f"{path}/decision", body, if_match=seen.etag)
    return dict(answer.body)


def allocated(stack: Stack, coordinator: Client, offer: str, requests: tuple[str, str]) -> None:
    """Both requests are given to, once each, by accepting what is found for all that is open."""
    first, second = requests

    def found() -> dict[str, Any]:
        return dict(coordinator.get("matcher", "/v1/allocation").body)

    def pairs(one: dict[str, Any]) -> set[tuple[str, str]]:
        every = {(pair["request"], pair["offer"]) for pair in one["first_commitments"]}
        return {pair for pair in every if pair[0] in requests}

    def accept() -> dict[str, Any]:
        body = {"id": found()["id"]}
        return dict(coordinator.post("matcher", "/v1/allocation/accept", body).body)

    both = {(first, offer), (second, offer)}
    wait_until(lambda: pairs(found()) == both, SECONDS, "both in the allocation")
    without = {"without": [first]}
    supposed = coordinator.post("matcher", "/v1/allocation/what-if", without).body
    assert pairs(dict(supposed)) == {(second, offer)}
    assert {one["request"] for one in supposed["changes"]["needs"]} == {first}

    wait_until(lambda: _unless_changed(accept), SECONDS, "the allocation being accepted")
    for request in requests:
        both_agree(stack, f"{request}.{offer}", "SEN", "journey-agency")
    for request in requests:
        life = coordinator.get("matcher", f"/v1/proposals/{request}.{offer}/life").body
        assert life["status"] == "committed"
        again = [{"side": side, "line": 1, "quantity": 1} for side in ("request", "offer")]
        body = {"proposal": f"{request}.{offer}", "lines": again}
        with pytest.raises(ProblemError) as refused:
            coordinator.post("matcher", "/v1/commitments", body)
        assert refused.value.status == 409
        assert refused.value.problem["shortage"]["left"] == 0
        assert refused.value.problem["shortage"]["record"] == request
    lines = list(coordinator.items("matcher", "/v1/ledger", record=offer))
    assert {line["line"]: line["held"] for line in lines} == {1: 8, 2: 12}
    wait_until(
        lambda: all(_committed(coordinator, request) == 4 for request in requests),
        SECONDS,
        "both requests showing it",
    )


def _unless_changed(accept: Callable[[], dict[str, Any]]) -> bool:
    """Whether it was accepted whole; not where a worker changed what is open meanwhile."""
    try:
        accepted = accept()
    except ProblemError as problem:
        if str(problem.problem["type"]).endswith(":changed"):
            return False
        raise
    return bool(accepted["status"] == "accepted" and accepted["held"] == accepted["commitments"])


def _committed(coordinator: Client, request: str) -> float:
    shown = coordinator.get("requests", f"/v1/requests/{request}").body
    return float(shown["needs"][0]["committed"]["quantity"] or 0)
