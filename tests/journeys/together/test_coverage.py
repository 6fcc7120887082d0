"""A need that is covered, through the real processes: found, confirmed, open again."""

from collections.abc import Callable
from typing import Any

import pytest

from deploy.cli.client import Client
from deploy.local.servers import wait_until

pytestmark = pytest.mark.journey

SECONDS = 60
WINDOW = {"from": "2026-07-01", "to": "2035-12-31"}
MACHINES = {"theme": "marking", "kind": "equipment", "unit": "machines"}
REQUEST = {
    "title": "Machines to mark the rifles of the customs service (illustrative)",
    "description": "Our customs service needs eight portable dot-peen machines to mark its rifles, "
    "with spare parts.",
    "language": "en",
    "country": "BEN",
    "window": WINDOW,
    "needs": [{**MACHINES, "quantity": 8}],
}
OFFER = {
    "title": "Marking machines with spare parts (illustrative)",
    "description": "We give portable marking machines for rifles, with spare parts.",
    "language": "en",
    "organisation": "coverage-agency",
    "provisions": [{**MACHINES, "capacity": 20}],
    "window": WINDOW,
}
ACTIVITY = {
    **MACHINES,
    "title": "Machines de marquage pour les fusils des douanes (exemple)",
    "description": "Six machines à micropercussion et leurs pièces de rechange sont livrées aux "
    "douanes pour marquer leurs fusils.",
    "language": "fr",
    "country": "BEN",
    "organisation": "coverage-agency",
    "quantity": 6,
    "window": {"from": "2026-09-01", "to": "2035-06-30"},
    "status": "ongoing",
}


def test_a_need_that_is_covered_until_the_activity_is_cancelled(
    operator: Client, coordinator: Client, published: Callable[..., str]
) -> None:
    donor = {"name": "Agency of the journey", "type": "state", "country": "JPN"}
    operator.put("offers", "/v1/organisations/coverage-agency", donor)
    request = published("requests", REQUEST)
    offer = published("offers", OFFER)

    def proposed() -> float | None:
        """How many machines the offer is proposed to give."""
        for proposal in coordinator.items("matcher", "/v1/proposals", request=request):
            if proposal["offer"] == offer:
                return float(proposal["serves"][0]["quantity"])
        return None

    def cases(status: str) -> list[dict[str, Any]]:
        return list(coordinator.items("matcher", "/v1/coverage", request=request, status=status))

    def covered() -> float:
        shown = operator.get("requests", f"/v1/requests/{request}").body
        return float(shown["needs"][0]["committed"]["quantity"] or 0)

    wait_until(lambda: proposed() == 8, SECONDS, "the proposal")
    activity = operator.post("offers", "/v1/activities", ACTIVITY)
    wait_until(lambda: cases("open"), SECONDS, "the case")
    (found,) = cases("open")
    assert (found["activity"], found["line"], found["basis"]) == (
        activity.body["id"],
        1,
        "quantity",
    )
    assert all(one["sentence"] for one in found["evidence"])

    path = f"/v1/coverage/{found['id']}"
    etag = coordinator.get("matcher", path).etag
    decision = {"decision": "confirm"}
    confirmed = coordinator.post("matcher", f"{path}/decision", decision, if_match=etag)
    assert (confirmed.body["status"], confirmed.body["quantity"]) == ("confirmed", 6)
    wait_until(lambda: proposed() == 2, SECONDS, "the proposal having shrunk")
    wait_until(lambda: covered() == 6, SECONDS, "the request showing it")

    place = f"/v1/activities/{activity.body['id']}"
    cancelled = {**ACTIVITY, "status": "cancelled"}
    seen = operator.get("offers", place).etag
    operator.put("offers", place, cancelled, if_match=seen)
    wait_until(lambda: cases("closed"), SECONDS, "the case being closed")
    wait_until(lambda: proposed() == 8, SECONDS, "the proposal having come back")
    wait_until(lambda: covered() == 0, SECONDS, "the request showing that")
