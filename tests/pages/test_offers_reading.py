"""Offers as donors, coordinators and States read them, and the steps that each may take."""

from collections.abc import Callable

import pytest

from tests.pages.giving import HOSTILE, make_offer
from tests.pages.running import Portal
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]


def actions(browser: Visitor) -> list[str]:
    """Where the forms of the shown page lead."""
    return [form.action for form in browser.page.forms]


def test_an_offer_goes_from_its_draft_to_its_end_by_who_may_take_each_step(
    portal: Portal, visitor: Visiting
) -> None:
    page = f"/offers/{make_offer(portal)}"
    donor, coordinator, state = visitor("donor"), visitor("coordinator"), visitor("requester")
    coordinator.open(page)
    assert coordinator.status == 404
    assert "€1,200.50" in donor.open(page).text.replace("\xa0", "").replace("€ ", "€")
    donor.send(f"{page}/step/submit")
    assert "The offer was submitted" in donor.page.text
    coordinator.open(page)
    assert f"{page}/step/publish" in actions(coordinator)
    assert f"{page}/step/withdraw" not in actions(coordinator)
    coordinator.send(f"{page}/step/publish")
    assert "Published" in coordinator.page.text
    state.open(page)
    assert state.status == 200
    assert not [action for action in actions(state) if action.startswith("/offers")]
    assert "6 machines" in state.page.text
    donor.open(page)
    donor.send(f"{page}/step/withdraw")
    assert "The offer was withdrawn" in donor.page.text
    state.open(page)
    assert state.status == 404


def test_an_offers_page_names_the_requests_that_it_suits_in_their_order(
    portal: Portal, visitor: Visiting
) -> None:
    coordinator = visitor("coordinator")
    offer = portal.offers["E-O01"]
    listed = portal.api("coordinator").get("matcher", "/v1/proposals", offer=offer, limit=20)
    proposals = listed.body["items"]
    coordinator.open(f"/offers/{offer}")
    shown = [one for one in coordinator.links("/matches/") if one.endswith(f".{offer}")]
    assert shown == [f"/matches/{one['id']}" for one in proposals]
    assert len(shown) > 1
    first = portal.api("coordinator").get("requests", f"/v1/requests/{proposals[0]['request']}")
    assert first.body["title"] in coordinator.page.text


def test_a_step_on_what_changed_meanwhile_does_nothing(portal: Portal, visitor: Visiting) -> None:
    page = f"/offers/{make_offer(portal)}"
    first, second = visitor("donor"), visitor("donor")
    first.open(page)
    second.open(page)
    first.send(f"{page}/step/submit")
    second.send(f"{page}/step/withdraw")
    assert "changed meanwhile" in second.page.text
    assert "Submitted" in second.page.text


def test_what_somebody_wrote_is_shown_as_text(portal: Portal, visitor: Visiting) -> None:
    donor = visitor("donor")
    donor.open(f"/offers/{make_offer(portal)}")
    assert "<script>alert" not in donor.shown.text
    assert donor.page.text.count(HOSTILE.split(" ")[0]) >= 2


def test_filters_stay_in_the_address_and_an_empty_list_says_what_to_do(
    portal: Portal, visitor: Visiting
) -> None:
    made = make_offer(portal)
    donor = visitor("donor")
    donor.open("/offers?status=draft&theme=marking")
    assert f"/offers/{made}" in donor.links("/offers/")
    donor.open("/offers?status=published&q=zqnothing")
    assert "No offer fits these filters." in donor.page.text
    assert "/offers" in donor.links()
    donor.open("/offers?status=nonsense&theme=%00&cursor=nonsense")
    assert donor.status in {200, 422}


def test_offers_in_arabic_run_from_right_to_left_and_keep_their_own_language(
    portal: Portal, visitor: Visiting
) -> None:
    donor = visitor("donor", "ar")
    donor.open(f"/offers/{portal.offers['E-O01']}?language=ar")
    tags = donor.page.tags
    assert next(attrs["dir"] for tag, attrs in tags if tag == "html") == "rtl"
    assert next(attrs["dir"] for tag, attrs in tags if tag == "h1") == "ltr"
    assert "الذخيرة" in donor.page.text
