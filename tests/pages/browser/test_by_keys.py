"""What users do beside their main journeys, by the keyboard alone."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Route, expect

from services.portal.domain.people import Office
from services.portal.factors import rules
from shared.ids import new_id
from tests.journeys.speaking import both_agree
from tests.pages.browser.conftest import ContextMaker
from tests.pages.browser.hands import PATIENCE, opened, sign_in
from tests.pages.browser.looking import asked, colours, sizes
from tests.pages.meeting import make_match
from tests.pages.running import PASSWORD, Portal, new_account

pytestmark = [pytest.mark.journey, pytest.mark.long]

IATI = Path(__file__).parents[3] / "examples" / "iati" / "mixed.xml"


def test_a_coordinator_commits_what_both_sides_agreed_to(
    portal: Portal, reading: ContextMaker
) -> None:
    match = make_match(portal)
    both_agree(portal.stack, match, portal.state, portal.donor)
    page, hands = opened(reading, "coordinator", "en")
    page.goto(f"/matches/{match}")
    form = page.locator(f"form[action='/matches/{match}/do/commit']")
    for name, amount in (("need-1", "4"), ("give-1", "4")):
        hands.fill(form.locator(f"[name='{name}']"), amount)
    hands.press(form.locator("button"))
    expect(page.get_by_text("Held", exact=True).first).to_be_visible(timeout=PATIENCE)
    made = portal.api("coordinator").items("matcher", "/v1/commitments", proposal=match)
    assert [(one["status"], one["lines"][0]["quantity"]) for one in made] == [("held", 4)]


def test_a_form_that_was_stopped_on_its_way_can_be_sent_again(reading: ContextMaker) -> None:
    page, _ = opened(reading, None, "en")
    sent: list[str] = []

    def stop(route: Route) -> None:
        if route.request.method != "POST":
            return route.continue_()
        sent.append(route.request.url)
        return route.fulfill(status=204)  # the page stays, as where its reader stops it

    page.route("**/sign-in", stop)
    page.goto("/sign-in")
    page.locator("#email").fill("somebody@somewhere.example")
    page.locator("#password").fill(PASSWORD)
    for seconds, count in ((0, 1), (10, 1), (25, 2)):
        page.evaluate("at => { performance.now = () => at }", 1_000 * (60 + seconds))
        page.locator("main form button").click()
        page.wait_for_timeout(500)
        assert len(sent) == count, seconds


def test_a_donor_brings_in_a_file_of_activities(portal: Portal, reading: ContextMaker) -> None:
    page, hands = opened(reading, "donor", "en")
    page.goto("/activities/import")
    chooser = page.locator("input[type=file]")
    hands.reach(chooser)
    content = IATI.read_bytes().replace(b"XM-EXAMPLE", f"XM-{new_id()[:8]}".encode())
    # What is chosen in the system's own dialogue, which no test can see.
    chooser.set_input_files(FilePayload(name=IATI.name, mimeType="application/xml", buffer=content))
    hands.press(page.locator("main form button").first)
    page.wait_for_url(re.compile("/activities/import/"))
    hands.press(page.locator("main form button").first)
    page.wait_for_url(re.compile("/activities(#main)?$"))
    expect(page.locator("main")).to_contain_text("Brought in")


def test_a_coordinator_enters_an_embargo_and_ends_it(portal: Portal, reading: ContextMaker) -> None:
    page, hands = opened(reading, "coordinator", "en")
    page.goto("/embargoes/new")
    hands.choose(page.locator("[name=country]"), "NRU")
    hands.fill(page.locator("[name=resolution]"), f"Made up for tests {new_id()}")
    hands.tick(page.locator("[name=allowed][value=training]"))
    for name, says in (
        ("start", "2026-10-01"),
        ("source", "Made up (illustrative)"),
        ("stated_on", "2026-11-01"),
        ("reason", "Tests"),
    ):
        hands.fill(page.locator(f"[name={name}]"), says)
    hands.press(page.locator("main form div.buttons button"))
    page.wait_for_url(re.compile("/embargoes/[0-9a-f]+$"))
    expect(page.locator("main")).to_contain_text("The embargo was entered")
    form = page.locator("form[aria-labelledby=end-title]")
    hands.fill(form.locator("[name=reason]"), "It is over")
    hands.press(form.locator("button"))
    expect(page.locator("main")).to_contain_text("Ended", timeout=PATIENCE)


def test_a_coordinator_invites_somebody_and_takes_it_back(
    portal: Portal, reading: ContextMaker
) -> None:
    page, hands = opened(reading, "coordinator", "en")
    page.goto("/invitations")
    address = f"{new_id()}@entraide.example"
    hands.fill(page.locator("#email"), address)
    hands.choose(page.locator("#role"), "requester")
    hands.choose(page.locator("#state"), portal.state)
    hands.press(page.locator("main form:has(#email) button"))
    invited = page.locator("main li", has_text=address)
    expect(invited).to_contain_text("open")
    hands.press(invited.locator("button"))
    expect(page.locator("main li", has_text=address)).to_contain_text("taken back")


def test_a_state_names_an_office_and_confirms_it(portal: Portal, reading: ContextMaker) -> None:
    page, hands = opened(reading, "requester", "en")
    page.goto("/contacts/edit")
    office = f"Focal point {new_id()[:6]} (illustrative)"
    hands.fill(page.locator("main form input:not([type=hidden])").first, office)
    hands.press(page.locator("button[name=go][value=keep]"))
    page.wait_for_url(re.compile("/contacts(#main)?$"))
    expect(page.locator("main")).to_contain_text(office)
    hands.press(page.locator("form[action='/contacts/confirm'] button"))
    expect(page.locator("main")).to_contain_text("up to date")


def test_a_donor_makes_a_token_and_revokes_it(portal: Portal, reading: ContextMaker) -> None:
    page, hands = opened(reading, "donor", "en")
    page.goto("/account/tokens")
    name = f"Script {new_id()[:6]}"
    hands.fill(page.locator("#name"), name)
    hands.tick(page.locator("main form [name=scopes]").first)
    hands.fill(page.locator("#current"), PASSWORD)
    hands.press(page.locator("main form:has(#current) button"))
    expect(page.get_by_role("status")).to_contain_text("This is the new token")
    hands.press(page.locator("main li", has_text=name).locator("button"))
    expect(page.locator("main")).not_to_contain_text(name)


def test_a_donor_brings_in_a_spreadsheet_of_offers(portal: Portal, reading: ContextMaker) -> None:
    mark = f"k{new_id()}"
    rows = (
        "reference,title,description,theme,kind,quantity,unit",
        f"{mark},Lockers,Steel.,Marking",
    )
    content = "\n".join(rows) + ",Equipment,14,units"
    page, hands = opened(reading, "donor", "en")
    page.goto("/offers/spreadsheet")
    chooser = page.locator("input[type=file]")
    hands.reach(chooser)
    file = FilePayload(name="offers.csv", mimeType="text/csv", buffer=content.encode())
    chooser.set_input_files(file)
    hands.press(page.locator("main form button"))
    page.wait_for_url(re.compile("/offers/spreadsheet/"))
    hands.press(page.locator("main form button"))
    expect(page.locator("main")).to_contain_text("Brought in: 1.", timeout=PATIENCE)
    found = portal.api("donor").items("offers", "/v1/offers", external_id=mark)
    assert [one["title"] for one in found] == ["Lockers"]


def test_a_state_declines_a_match(portal: Portal, reading: ContextMaker) -> None:
    match = make_match(portal)
    page, hands = opened(reading, "requester", "en")
    page.goto(f"/matches/{match}")
    form = page.locator("form[action$='/do/decline']")
    hands.fill(form.locator("textarea"), "Our plan changed (illustrative).")
    hands.press(form.locator("button"))
    expect(form).to_have_count(0, timeout=PATIENCE)
    kept = portal.api("requester").get("matcher", f"/v1/proposals/{match}").body
    assert kept["status"] == "declined"


def test_who_signs_in_first_sets_up_the_second_factor(
    portal: Portal, reading: ContextMaker
) -> None:
    page, hands = opened(reading, None, "en")
    sign_in(hands, new_account(portal, Office("coordinator")))
    page.wait_for_url(re.compile("/account/second-factor"))
    seed = page.locator("main code").inner_text().replace(" ", "")
    hands.fill(page.locator("#code"), rules.code_at(seed, datetime.now(UTC)))
    page.keyboard.press("Enter")
    expect(page.locator("ul.codes li")).to_have_count(rules.RECOVERY_CODES, timeout=PATIENCE)
    hands.press(page.locator("main a.button"))
    page.wait_for_url(re.compile("/account$"))
    expect(page.locator("main")).to_contain_text("Coordinator")


def test_on_a_phone_the_places_stand_in_a_menu(reading: ContextMaker) -> None:
    """It opens without scripts too; where there is room, they stand side by side."""
    page = reading("donor", width=360, scripts=False).new_page()
    page.goto("/requests")
    place = page.locator(".top a[href='/matches']")
    expect(place).to_be_hidden()
    page.locator(".menu > summary").press("Enter")
    expect(page.locator(".top form[action='/sign-out'] button")).to_be_visible()
    place.press("Enter")
    page.wait_for_url("**/matches")
    expect(place).to_be_hidden()
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(place).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_menu_that_is_open_has_no_fault(reading: ContextMaker, scheme: str) -> None:
    page = reading("coordinator", "ar", scheme=scheme, width=360).new_page()
    page.goto("/requests")
    menu, inner = page.locator(".menu > summary"), page.locator(".menu .fold > summary").first
    menu.press("Enter")
    inner.press("Enter")
    assert [*colours(page), *sizes(page), *asked(page, "focus"), *asked(page, "wide")] == []
    inner.press("Escape")
    expect(page.locator(".menu .fold[open]")).to_have_count(0)
    expect(inner).to_be_focused()
    inner.press("Escape")
    expect(page.locator(".menu[open]")).to_have_count(0)
    expect(menu).to_be_focused()
