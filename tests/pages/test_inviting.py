"""Whom a donor's account acts for is chosen by name, with scripts or without."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import mongoengine
import pytest

from deploy.cli.accounts import house_of
from services.portal import invitations
from services.portal.documents import Invitation
from services.portal.domain.people import Office
from services.portal.pages import organisations
from services.portal.services import Services
from services.portal.trail import COMMAND_LINE
from shared.ids import new_id
from tests.pages.beside import portal_beside
from tests.pages.running import Portal
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]


def registered(portal: Portal, name: str) -> str:
    """An organisation that calls itself so; its id."""
    identifier = f"org-{new_id()}"
    body: Mapping[str, Any] = {"name": name, "type": "state", "country": "FRA"}
    portal.api("operator").put("offers", f"/v1/organisations/{identifier}", body)
    return identifier


def invite(browser: Visitor, organisation: str) -> str:
    """Invite a donor's account for what is written so; the address that is invited."""
    email = f"{new_id()}@pages.example"
    browser.open("/invitations")
    browser.send("", email=email, role="donor", organisation=organisation)
    return email


def invited_for(portal: Portal, email: str) -> str | None:
    """The organisation that who has this address was invited for; None for nobody invited."""
    house_of(portal.stack.plan)
    try:
        found = Invitation.objects(email=email).first()
    finally:
        mongoengine.disconnect()
    return found and str(found.organisation)


def opened(portal: Portal, organisation: str) -> str:
    """What the page of an invitation for an organisation says to who opens its link."""
    house, office = house_of(portal.stack.plan), Office("donor", None, organisation, ())
    email, now = f"{new_id()}@pages.example", house.clock()
    try:
        _made, link = invitations.invite(house, email, "en", office, COMMAND_LINE, now)
    finally:
        mongoengine.disconnect()
    return portal.visitor().open(urlsplit(link).path).text


def test_an_organisation_is_chosen_by_its_name(portal: Portal, visitor: Visiting) -> None:
    mark = new_id()
    identifier = registered(portal, f"Agency of {mark}")
    browser = visitor("coordinator")
    browser.open("/invitations")
    assert f'<option value="Agency of {mark}">{identifier}</option>' in browser.shown.text
    for written in (f"Agency of {mark}", f"  agency OF  {mark} ", identifier):
        email = invite(browser, written)
        assert f"on its way to {email}" in browser.page.text, browser.page.text
        assert invited_for(portal, email) == identifier
    assert f"Donor · Agency of {mark}" in browser.page.text


def test_a_donors_account_tells_for_whom_it_acts_by_name(portal: Portal, visitor: Visiting) -> None:
    path = f"/v1/organisations/{portal.donor}"
    name = portal.api("donor").get("offers", path).body["name"]
    assert f"Acts for {name}" in visitor("donor").open("/account").text


def test_who_was_invited_is_told_for_whom_by_name(portal: Portal) -> None:
    mark = new_id()
    known, unknown = registered(portal, f"Agency of {mark}"), f"new-{mark}"
    assert f"Acts for Agency of {mark}" in opened(portal, known)
    assert f"Acts for {unknown}" in opened(portal, unknown)  # nobody is registered by it yet


def test_what_names_no_organisation_or_several_is_told(portal: Portal, visitor: Visiting) -> None:
    mark, browser = new_id(), visitor("coordinator")
    invite(browser, f"Nobody at all {mark}")
    assert browser.status == 422
    assert "No organisation is registered by this name." in browser.page.text
    assert browser.page.forms[-1].values["organisation"] == f"Nobody at all {mark}"
    ids = [registered(portal, f"Twice {mark}") for _ in range(2)]
    invite(browser, f"Twice {mark}")
    assert browser.status == 422
    assert all(one in browser.page.text for one in ids)
    for one in ids:  # what is chosen is what tells them apart
        assert f'<option value="{one}">\u2068Twice {mark}\u2069</option>' in browser.shown.text
    email = invite(browser, ids[1])
    assert invited_for(portal, email) == ids[1]


def test_an_organisation_that_is_not_registered_yet_is_named_by_its_id(
    portal: Portal, visitor: Visiting
) -> None:
    identifier, browser = f"new-{new_id()}", visitor("coordinator")
    browser.open("/invitations")
    for written in (f"mis{identifier}", identifier):  # another one is asked about anew
        email = f"{new_id()}@pages.example"
        browser.send("", email=email, role="donor", organisation=written)
        assert browser.status == 422
        assert "Nobody is registered as" in browser.page.text
        assert browser.page.forms[-1].values["organisation"] == written
        assert invited_for(portal, email) is None
    browser.send("", email=email, role="donor", organisation=identifier)
    assert f"on its way to {email}" in browser.page.text
    assert invited_for(portal, email) == identifier
    assert invited_for(portal, invite(visitor("coordinator"), "?!")) is None


def test_an_organisation_beyond_those_offered_is_found_too(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = new_id()
    first, last = (registered(portal, f"{name} {mark}") for name in ("First", "Last"))
    monkeypatch.setattr(organisations, "_MOST", 1)
    with portal_beside(portal, Services) as (beside, _app):
        browser = beside.visitor("coordinator")
        browser.open("/invitations")
        assert last in browser.shown.text
        assert first not in browser.shown.text
        email = invite(browser, f"First {mark}")
        assert f"on its way to {email}" in browser.page.text
    assert invited_for(portal, email) == first
