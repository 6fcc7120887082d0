"""What coordinators decide on beside single proposals, by the keyboard alone."""

import re

import pytest
from playwright.sync_api import expect

from services.portal.domain.people import Office
from shared.ids import new_id
from tests.pages.browser.conftest import ContextMaker
from tests.pages.browser.hands import PATIENCE, Hands, opened, sign_in
from tests.pages.meeting import draft_request, submit_request
from tests.pages.running import Portal, another, new_account
from tests.pages.test_allocation_pages import pair
from tests.pages.test_cases import twins

pytestmark = [pytest.mark.journey, pytest.mark.long]

CHANGED = "This changed meanwhile"


def decide(hands: Hands, address: str, decision: str, reason: str = "") -> None:
    """Decide on a case; again where it changed while it was looked at, as it may a few times."""
    page = hands.page
    for _ in range(5):
        page.goto(address)
        hands.pick(page.locator("[name=decision]"), decision)
        hands.fill(page.locator("#reason"), reason)
        hands.press(page.locator("form:has([name=decision]) button"))
        told = page.get_by_text("It was decided.").or_(page.get_by_text(CHANGED)).first
        expect(told).to_be_visible(timeout=PATIENCE)
        if not page.get_by_text(CHANGED).count():
            return
    raise AssertionError(f"{address} changes whenever it is decided on")


def test_cases_are_decided_and_a_state_answers_for_its_part(
    portal: Portal, reading: ContextMaker
) -> None:
    coordinator = portal.api("coordinator")
    _, hands = opened(reading, "coordinator", "en")

    address = twins(portal, "Kestrel Bay")
    decide(hands, address, "link", "Two lots (illustrative)")
    assert coordinator.get("matcher", f"/v1{address}").body["status"] == "linked"

    every = coordinator.items("matcher", "/v1/coverage", status="open")
    address = f"/coverage/{list(every)[-1]['id']}"
    decide(hands, address, "dismiss", "Another armoury (illustrative)")
    assert coordinator.get("matcher", f"/v1{address}").body["status"] == "dismissed"

    every = coordinator.items("matcher", "/v1/alliances", status="proposed")
    (alliance, *_) = reversed(list(every))
    address, country = f"/alliances/{alliance['id']}", alliance["states"][0]
    decide(hands, address, "endorse")
    _, state = opened(reading, None, "en")
    sign_in(state, new_account(portal, Office("requester", state=country)))
    decide(state, address, "decline", "Not this year (illustrative)")
    members = coordinator.get("matcher", f"/v1{address}").body["members"]
    assert [one["standing"] for one in members if one["country"] == country] == ["declined"]


def test_a_request_is_authenticated_and_another_sent_back(
    portal: Portal, reading: ContextMaker
) -> None:
    page, hands = opened(reading, "coordinator", "en")
    good, bad = draft_request(portal), draft_request(portal)
    for one in (good, bad):
        submit_request(portal, one)
    page.goto(f"/review/requests/{bad}")
    hands.choose(page.locator("#reason"), "unconfirmed")
    hands.fill(page.locator("#text"), "Unsigned (illustrative).")
    hands.press(page.locator("button[value=return]"))
    page.wait_for_url(re.compile("/review(#|\\?|$)"))
    page.goto(f"/review/requests/{good}")
    hands.press(page.locator("button[value=authenticate]"))
    page.wait_for_url(re.compile("/review(#|\\?|$)"))
    register = portal.api("coordinator")
    assert register.get("requests", f"/v1/requests/{good}").body["status"] == "circulated"
    (last, *_) = reversed(
        portal.api("requester").get("requests", f"/v1/requests/{bad}").body["history"]
    )
    assert (last["action"], last["reason"]) == ("return", "unconfirmed")


def test_several_are_endorsed_after_a_preview_and_taken_back(
    portal: Portal, reading: ContextMaker
) -> None:
    page, hands = opened(reading, "coordinator", "en")
    page.goto("/review?kind=proposals")
    boxes = page.locator("#queue [name=chosen]")
    chosen = [str(boxes.nth(at).get_attribute("value")) for at in (0, -1)]
    for one in chosen:
        hands.tick(page.locator(f"#queue [name=chosen][value='{one}']"))
    hands.press(page.locator("button[form=bulk]"))
    page.wait_for_url(re.compile("/review/endorse"))
    first, second = (page.locator(f"[name=chosen][value='{one}']") for one in chosen)
    for box in (first, second):  # what goes together with the others is ticked by itself
        if not box.is_checked():
            hands.tick(box)
    hands.tick(second)  # left out
    hands.press(page.locator("form[action='/review/endorse'] button"))
    page.wait_for_url(re.compile("/review(#|\\?|$)"))
    expect(page.locator("main")).to_contain_text("Endorsed: 1", timeout=PATIENCE)
    back = page.locator(f"form[action='/review/decisions/{chosen[0]}/take-back'] button")
    hands.press(back.first)
    expect(back).to_have_count(0, timeout=PATIENCE)
    for one in chosen:
        kept = portal.api("coordinator").get("matcher", f"/v1/proposals/{one}").body
        assert kept["status"] == "proposed"


def test_the_queue_has_its_keys_on_keyboards_of_any_script(
    portal: Portal, reading: ContextMaker
) -> None:
    page, _ = opened(reading, "coordinator", "en")
    page.goto("/review?kind=proposals")
    rows, sheet = page.locator("[data-row]"), page.locator("#keys")
    expect(rows.nth(1)).to_be_visible(timeout=PATIENCE)

    def press(key: str, code: str, **held: bool) -> None:
        page.evaluate(
            "told => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', told))",
            {"key": key, "code": code, "bubbles": True, **held},
        )

    for key, code, at in (
        *(("о", "KeyJ", 0), ("О", "KeyJ", 1), ("л", "KeyK", 0)),  # Russian
        *(("ت", "KeyJ", 1), ("K", "KeyK", 0), ("j", "KeyC", 1)),  # Arabic, locked, Dvorak
    ):
        press(key, code)
        expect(rows.nth(at).locator("[data-open]")).to_be_focused()
    for key, code, held in (
        (".", "KeyE", {}),  # where Dvorak has a full stop
        ("J", "KeyJ", {"shiftKey": True}),
        ("к", "KeyR", {"ctrlKey": True}),
        ("é", "KeyR", {}),
    ):
        press(key, code, **held)
        expect(rows.nth(1).locator("[data-open]")).to_be_focused()
    press("؟", "Slash", shiftKey=True)
    expect(sheet).to_be_visible()


def test_a_reason_is_shown_again_to_whoever_typed_it_alone(
    portal: Portal, reading: ContextMaker
) -> None:
    page, _ = opened(reading, "coordinator", "en")
    page.goto("/review?kind=proposals")
    address = f"/proposals/{page.locator('[name=chosen]').first.get_attribute('value')}"

    def enter(cookie: str) -> None:
        kept = {"name": "entraide-session", "value": cookie, "url": portal.url}
        page.context.add_cookies([kept])  # type: ignore[list-item]
        page.goto(address)

    page.goto(address)
    reason = page.locator("[name=reason]").first
    reason.evaluate("one => one.closest('details')?.setAttribute('open', '')")
    reason.press_sequentially("Not yet (illustrative)")
    enter(another(portal, f"another {new_id()}", Office("coordinator")))
    expect(reason).to_have_value("")
    enter(portal.cookies["coordinator"])
    expect(reason).to_have_value("Not yet (illustrative)")


def test_a_commitment_of_the_allocation_is_accepted(portal: Portal, reading: ContextMaker) -> None:
    proposal = pair(portal)
    page, hands = opened(reading, "coordinator", "en")
    page.goto("/allocation")
    everything = page.locator("a[href$='/commitments']")
    if everything.count():
        hands.press(everything)
        page.wait_for_url(re.compile("/commitments"))
    hands.tick(page.locator(f"[name=chosen][value='{proposal}']"))
    hands.press(page.locator("form[action$='/accept'] button"))
    page.wait_for_url(re.compile("/accept"))
    hands.choose(page.locator("#days"), "14")
    hands.press(page.locator("form[action$='/accept'] button"))
    expect(page.locator("main")).to_contain_text("Accepted: 1", timeout=PATIENCE)
    kept = portal.api("coordinator").get("matcher", f"/v1/proposals/{proposal}").body
    assert kept["status"] == "endorsed"
