"""An organisation that nobody registered yet: from the invitation to its first offer, and what
others see of it and of a State."""

from collections.abc import Callable
from urllib.parse import urlsplit

import mongoengine
import pytest

from deploy.cli.accounts import house_of
from services.portal import invitations
from services.portal.domain.people import Office
from services.portal.trail import COMMAND_LINE
from shared.ids import new_id
from tests.pages.giving import HOSTILE, make_offer
from tests.pages.running import PASSWORD, Portal, another, new_account
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]
TEXT = {"title": "Marking machines", "description": "Six marking machines for police armouries."}


def donor_of(portal: Portal, organisation: str) -> Visitor:
    """Somebody who acts for that organisation, signed in."""
    office = Office("donor", organisation=organisation)
    browser = portal.visitor()
    browser.open("/sign-in")
    browser.send("", email=new_account(portal, office), password=PASSWORD)
    return browser


def invited(portal: Portal, organisation: str) -> tuple[str, str]:
    """Who was invited for that organisation: the address, and the path of the link."""
    house, email = house_of(portal.stack.plan), f"{new_id()}@pages.example"
    office = Office("donor", organisation=organisation)
    try:
        _, link = invitations.invite(house, email, "en", office, COMMAND_LINE, house.clock())
    finally:
        mongoengine.disconnect()
    return email, urlsplit(link).path


def test_a_new_donor_comes_from_the_invitation_to_an_offer(portal: Portal) -> None:
    identifier = f"new-{new_id()}"
    email, link = invited(portal, identifier)
    donor = portal.visitor()
    donor.open(link)
    donor.send("", name="A desk", password=PASSWORD)
    donor.send("", email=email, password=PASSWORD)
    assert "not registered yet" in donor.open("/contacts").text
    assert f"/organisations/{identifier}/edit" in donor.links()
    donor.open("/offers/new")
    assert donor.path == f"/organisations/{identifier}/edit"
    donor.send("", name="", type="", country="")
    assert donor.status == 422
    assert "Name: Fill this in." in donor.page.text
    assert "Kind of donor: Choose one." in donor.page.text
    donor.send("", name=f"New agency {HOSTILE}", type="ngo", country="FRA")
    assert donor.path == "/offers/new"
    assert "The organisation is registered." in donor.page.text
    donor.send(**TEXT, do="save")
    assert donor.path.endswith("/edit/lines"), donor.page.text
    found = portal.api("donor").get("offers", f"/v1/organisations/{identifier}").body
    assert (found["type"], found["country"]) == ("ngo", "FRA")


@pytest.mark.parametrize(
    "page",
    [
        *("/offers/new", "/offers/spreadsheet", "/activities/new"),
        *("/activities/spreadsheet", "/activities/import", "/contacts/edit"),
    ],
)
def test_nothing_is_written_before_the_organisation_is_registered(
    portal: Portal, page: str
) -> None:
    identifier = f"new-{new_id()}"
    donor = donor_of(portal, identifier)
    donor.open(page)
    assert donor.path == f"/organisations/{identifier}/edit"
    donor.send("", name="New agency", type="trust-fund")
    assert (donor.path, donor.status) == (page, 200)


def test_what_was_typed_before_the_organisation_was_registered_is_kept(portal: Portal) -> None:
    identifier = f"new-{new_id()}"
    donor = donor_of(portal, identifier)
    donor.open("/contacts")
    (token,) = {
        form.values["csrf_token"] for form in donor.page.forms if "csrf_token" in form.values
    }
    typed = {**TEXT, "do": "save", "csrf_token": token}
    donor.answer = donor.session.post(portal.url + "/offers/new", data=typed, timeout=60)
    assert donor.status == 409
    assert "Your organisation is not registered yet" in donor.page.text
    assert f"/organisations/{identifier}/edit" in donor.links()
    kept = donor.shown
    donor.open(f"/organisations/{identifier}/edit")
    donor.send("", name="New agency", type="trust-fund")
    assert donor.path == "/contacts"
    donor.answer = kept
    donor.send("")
    assert donor.path.endswith("/edit/lines"), donor.page.text


def test_an_organisation_is_changed_and_keeps_its_points_of_contact(portal: Portal) -> None:
    identifier = f"new-{new_id()}"
    first, second = donor_of(portal, identifier), donor_of(portal, identifier)
    page = f"/organisations/{identifier}/edit"
    for one in (first, second):  # both register it, and say the same
        one.open(page)
    for one in (first, second):
        one.send("", name="New  agency", type="trust-fund")
        assert one.path == "/contacts", one.page.text
    first.open("/contacts/edit")
    first.send("", go="keep", **{"office-0-office": "Desk", "office-0-email": "desk@new.example"})
    for one in (first, second):
        one.open(page)
    first.send("", name="Newer agency", type="trust-fund", country="FRA")
    assert "Newer agency · Trust fund · France" in first.page.text
    assert "desk@new.example" in first.page.text
    second.send("", name="Newest agency")
    assert second.status == 409
    assert "was changed meanwhile" in second.page.text
    assert "Newer agency" in second.page.text
    second.send("")
    assert "Newest agency · Trust fund" in second.page.text


def test_nobody_registers_another_organisation_but_an_operator(
    portal: Portal, visitor: Visiting
) -> None:
    identifier = f"new-{new_id()}"
    donor, operator = visitor("donor"), visitor("operator")
    for browser in (donor, visitor("coordinator"), visitor("requester")):
        browser.open(f"/organisations/{identifier}/edit")
        assert browser.status == 403
    page = donor.open(f"/organisations/{identifier}")
    assert "Nobody is registered by this id yet." in page.text
    assert f"/organisations/{identifier}/edit" not in donor.links()
    operator.open(f"/organisations/{identifier}")
    assert f"/organisations/{identifier}/edit" in operator.links()
    operator.open(f"/organisations/{identifier}/edit")
    operator.send("", name="New agency", type="trust-fund")
    assert operator.path == f"/organisations/{identifier}"
    assert "No office is named yet." in operator.page.text
    for wrong in ("/organisations/-", "/organisations/-/edit", "/states/XXX", "/states/fra"):
        operator.open(wrong)
        assert operator.status == 404


def test_points_of_contact_are_found_from_what_they_are_wanted_for(
    portal: Portal, visitor: Visiting
) -> None:
    cookie = another(portal, "Desk", Office("requester", state=portal.state))
    state, donor = Visitor(portal.url, cookie), visitor("donor")
    for browser, office in ((state, "State desk"), (donor, "Donor desk")):
        browser.open("/contacts/edit")
        browser.send("", go="keep", **{"office-0-office": office})
        assert browser.path == "/contacts", browser.page.text
    donor.open(f"/offers/{make_offer(portal)}")
    assert f"/organisations/{portal.donor}" in donor.links()
    assert "Donor desk" in state.open(f"/organisations/{portal.donor}").text
    donor.open(f"/requests/{portal.requests['E-R01']}")
    assert f"/states/{portal.state}" in donor.links()
    assert "State desk" in donor.open(f"/states/{portal.state}").text
    found = portal.api("coordinator").get("matcher", "/v1/proposals", status="proposed", limit=1)
    match = found.body["items"][0]
    coordinator = visitor("coordinator")
    coordinator.open(f"/matches/{match['id']}")
    assert f"/organisations/{match['organisation']}" in coordinator.links()
    assert f"/states/{match['country']}" in coordinator.links()
