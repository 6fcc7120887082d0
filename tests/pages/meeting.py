"""A proposal that the tests of matches' pages make for themselves, endorsed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import mongoengine

from deploy.local.programs import service_settings
from deploy.local.servers import wait_until
from services.matcher import clockwork
from services.matcher.schedule import months_after
from shared.ids import new_id
from shared.web.database import connect_database
from tests.pages.giving import HOSTILE, make_offer
from tests.pages.running import Portal

_PROPOSED_SECONDS = 240.0
AIMS = (f"All rifles of the police are marked {HOSTILE}", "Each post keeps a register")


def make_match(portal: Portal) -> str:
    """A match of a request and a conditional offer of the examples' State and donor; its id."""
    return endorse_pair(portal, make_request(portal), publish_offer(portal))


def endorse_pair(portal: Portal, asked: str, offer: str) -> str:
    """The proposal of a circulated request and a published offer, endorsed; its id."""
    return _endorsed(portal, asked, lambda found: bool(found["offer"] == offer))


def carry_out(portal: Portal, match: str, role: str, action: str, **values: object) -> None:
    """Do something on a match's page, as who is signed in in that role, without a browser."""
    reader, page = portal.visitor(role), f"/matches/{match}"
    reader.open(page)
    reader.send(f"{page}/do/{action}", **values)
    assert reader.status == 200, reader.page.text


def pass_months(portal: Portal, months: int) -> None:
    """Have done by now what matches wait for some months from now."""
    connect_database(service_settings(portal.stack.plan, "matcher"))
    try:
        clockwork.sweep(months_after(datetime.now(UTC), months))
    finally:
        mongoengine.disconnect()


def publish_offer(portal: Portal) -> str:
    """A conditional offer of the examples' donor, published; its id."""
    offer = make_offer(portal)
    _step(portal, "donor", "offers", f"/v1/offers/{offer}", "submit")
    publish_submitted(portal, offer)
    return offer


def publish_submitted(portal: Portal, offer: str) -> None:
    """Have a coordinator publish an offer that its donor submitted."""
    _step(portal, "coordinator", "offers", f"/v1/offers/{offer}", "publish")


def endorsed_of_another(portal: Portal) -> str:
    """A match of a request of the examples' State and an offer of another donor; its id."""
    asked = make_request(portal)
    return _endorsed(portal, asked, lambda found: bool(found["organisation"] != portal.donor))


def _endorsed(portal: Portal, asked: str, fits: Callable[[dict[str, Any]], bool]) -> str:
    coordinator = portal.api("coordinator")
    found: list[dict[str, Any]] = []

    def proposed() -> bool:
        every = coordinator.items("matcher", "/v1/proposals", request=asked)
        found[:] = [one for one in every if fits(one)]
        return bool(found)

    wait_until(proposed, _PROPOSED_SECONDS, "the proposal of the pair")
    place = f"/v1/proposals/{found[0]['id']}"
    seen = coordinator.get("matcher", place).etag
    coordinator.post("matcher", f"{place}/decision", {"decision": "endorse"}, if_match=seen)
    return str(found[0]["id"])


def make_request(portal: Portal) -> str:
    """A request of the examples' State, circulated at once; its id."""
    id_ = draft_request(portal)
    submit_request(portal, id_)
    authenticate_request(portal, id_)
    return id_


def authenticate_request(portal: Portal, id_: str) -> None:
    """Have a coordinator authenticate a request that its State submitted."""
    _step(portal, "coordinator", "requests", f"/v1/requests/{id_}", "authenticate")


def draft_request(portal: Portal) -> str:
    """A draft of the examples' State, which no event tells of; its id."""
    body = {
        "title": f"Marking machines for armouries {HOSTILE}",
        "description": "We need six machines that mark the arms of the police, and training.",
        "language": "en",
        "country": portal.state,
        "needs": [
            {
                "theme": "marking",
                "kind": "equipment",
                "quantity": 6,
                "unit": "machines",
                "objectives": [{"text": text} for text in AIMS],
            }
        ],
        "confidentiality": "restricted",
        "external_id": {"source": "pages-tests", "id": new_id()},
    }
    return str(portal.api("requester").post("requests", "/v1/requests", body).body["id"])


def submit_request(portal: Portal, id_: str) -> None:
    """Have the State submit it."""
    consent = {"consent": "express"}
    _step(portal, "requester", "requests", f"/v1/requests/{id_}", "submit", consent)


def _step(portal: Portal, role: str, service: str, path: str, step: str, body: Any = None) -> None:
    api = portal.api(role)
    api.post(service, f"{path}/{step}", body, if_match=api.get(service, path).etag)
