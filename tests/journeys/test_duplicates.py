"""The same need asked for twice, through the real processes: found, merged, taken apart again."""

from collections.abc import Callable
from typing import Any

import pytest

from deploy.cli.client import Client
from deploy.local.servers import wait_until

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
    operator: Client, coordinator: Client, published: Callable[..., str]
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
