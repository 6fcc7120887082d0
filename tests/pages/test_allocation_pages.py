"""Allocation as a coordinator uses it without scripts: read, compared, accepted in part."""

from collections.abc import Callable

import pytest

from deploy.local.servers import wait_until
from shared.ids import new_id
from shared.registers.schemas import MOST_LEFT_OUT
from tests.pages.giving import HOSTILE
from tests.pages.meeting import make_request, publish_offer
from tests.pages.running import Portal
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]
SECONDS = 240.0
_LINE = {
    "theme": "stockpile-management",
    "kind": "equipment",
    "quantity": "100000",
    "unit": "machines",
}
EVERYTHING = {
    f"{side}{place}-{name}": value
    for side, more in (("o", {"country": "SEN"}), ("r", {"country": "MLI", "priority": "high"}))
    for place in (1, 2, 3)
    for name, value in {**_LINE, "amount": "1000000", **more}.items()
}
"""All that can be supposed at once, without a donor's name."""


def pair(portal: Portal) -> str:
    """A proposal for a new request that the present allocation would commit; its id."""
    coordinator, request = portal.api("coordinator"), make_request(portal)
    publish_offer(portal)

    def found() -> list[str]:
        id_ = coordinator.get("matcher", "/v1/allocation").body["id"]
        path = f"/v1/allocations/{id_}/commitments"
        every = coordinator.items("matcher", path)
        return [str(one["proposal"]) for one in every if one["request"] == request]

    wait_until(lambda: bool(found()), SECONDS, "an allocation with the new request")
    return found()[0]


def test_a_commitment_is_chosen_looked_at_and_accepted(portal: Portal, visitor: Visiting) -> None:
    proposal, browser = pair(portal), visitor("coordinator")
    browser.open("/allocation")
    (link,) = (one for one in browser.links("/allocation/") if one.endswith("/accept?all=1"))
    address = link.removesuffix("?all=1")
    browser.open(f"{address}?chosen={proposal}&chosen=gone.too")
    assert "No longer in the allocation, of those that you chose: 1" in browser.page.text
    assert "machines" in browser.page.text
    assert portal.api("coordinator").get("matcher", f"/v1/proposals/{proposal}").body["status"] in (
        "proposed",
        "superseded",
    )  # nothing is done by looking
    for _ in range(2):  # sent twice, done once
        browser.open(f"{address}?chosen={proposal}")
        browser.send(address, chosen=[proposal, "gone.too"])
        assert "Accepted: 1" in browser.page.text
        assert "Not accepted: 1" in browser.page.text
    found = portal.api("coordinator").get("matcher", f"/v1/proposals/{proposal}").body
    assert found["status"] == "endorsed"
    browser.open(f"{address}?all=1")
    told = browser.page.text
    assert told.index("Accept all, and ask") < told.index("Donors who would be asked")
    assert browser.links("/offers/")
    assert not browser.links("/allocation/what-if")
    browser.send(address)
    assert browser.path == "/allocation"
    assert "What is open has changed since" in browser.page.text


def test_what_if_is_compared_with_the_present(visitor: Visiting, portal: Portal) -> None:
    browser = visitor("coordinator")
    offer = portal.offers["E-O01"]
    wanted = "o1-theme=marking&o1-kind=equipment&o1-quantity=9&o1-unit=machines"
    browser.open(f"/allocation/what-if?also=https://x.example/offers/{offer}/&{wanted}")
    assert browser.status == 200, browser.page.text
    assert "Compared with the present" in browser.page.text
    assert f'value="{offer}" checked' in browser.shown.text
    browser.open(f"/allocation/what-if?without={offer}")
    assert any(one.startswith("/allocation/") for one in browser.links("/allocation/"))
    browser = visitor("auditor")
    browser.open("/allocation/what-if?language=fr&r1-country=SEN&r1-quantity=beaucoup")
    assert browser.status == 422
    assert "Ce n’est pas un nombre." in browser.page.text
    assert 'value="beaucoup"' in browser.shown.text


def test_what_is_left_out_by_address_is_told_where_it_is_not_known(
    visitor: Visiting, portal: Portal
) -> None:
    browser = visitor("coordinator")
    offer, request = portal.offers["E-O01"], next(iter(portal.requests.values()))
    both = f"https://x.example/offers/{offer}, {request}"
    browser.session.params = {"also": both}
    browser.open("/allocation/what-if")
    assert browser.status == 200, browser.page.text
    assert all(f'value="{one}" checked' in browser.shown.text for one in (offer, request))
    assert both not in browser.shown.text
    for wrong in ("rubbish", new_id(), f"/matches/{request}.{offer}", "!"):
        browser.session.params = {"also": f"{offer} {wrong}"}
        browser.open("/allocation/what-if")
        assert browser.status == 422, wrong
        assert "is no request and no offer." in browser.page.text
        assert f'value="{offer} {wrong}"' in browser.shown.text  # nothing typed is lost
        assert f'value="{offer}" checked' not in browser.shown.text
    most = [new_id() for _ in range(MOST_LEFT_OUT)]
    many = " ".join([*most, new_id()])
    browser.session.params = {"also": many}
    browser.open("/allocation/what-if")
    assert browser.status == 422
    assert "At most 200 can be left out at once." in browser.page.text
    assert many in browser.shown.text
    # As many as may be, all in one address, with all else that the form can send.
    browser.session.params = {"without": most, **EVERYTHING}
    browser.open("/allocation/what-if")
    assert browser.status == 200, browser.page.text
    assert browser.shown.text.count('name="without" value="') == MOST_LEFT_OUT
    assert "Compared with the present" in browser.page.text
    answer = portal.api("coordinator").get("matcher", "/v1/allocation", without=most)
    assert sorted(answer.body["without"]) == sorted(most)
    browser.session.params = {"without": [*most, new_id()]}
    browser.open("/allocation/what-if")
    assert browser.status == 422
    assert "At most 200 can be left out at once." in browser.page.text
    browser.session.params = {"also": " ".join(most)}
    browser.open("/allocation/what-if")
    assert (browser.status, most[0] in browser.shown.text) == (422, True)
    assert "is no request and no offer." in browser.page.text
    browser.session.params = {}


def test_what_is_typed_badly_is_told_and_harmless(visitor: Visiting) -> None:
    browser = visitor("coordinator")
    for name in ("o1-theme", "o1-quantity", "r1-country", "r1-amount", "also", "without"):
        browser.session.params = {name: HOSTILE * 20}
        browser.open("/allocation/what-if")
        assert browser.status in (200, 422)
        assert "<script>alert" not in browser.shown.text
    browser.session.params = {}
    browser.open("/allocation/none")
    assert browser.status == 404
    browser.open("/allocation/none/accept")
    assert browser.status == 404
