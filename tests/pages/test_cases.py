"""Cases beside proposals, as a coordinator decides on them without scripts."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from babel.numbers import format_currency

from deploy.local.servers import wait_until
from entraide.client import Answer
from services.portal.services import Ask, Reader, Services
from shared.vocabulary.countries import country_name
from tests.pages.beside import portal_beside
from tests.pages.running import Portal
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]
SECONDS = 120.0
TEXT = "Two laser engravers for marking service rifles, with a week of training (illustrative)"


def twins(portal: Portal, place: str, **other: object) -> str:
    """Two offers that say the same, but for what is `other` of the second; the case's address."""
    donor, operator = portal.api("donor"), portal.api("operator")
    body = {
        "organisation": portal.donor,
        "title": f"Laser engravers for {place} <b>(illustrative)</b>",
        "description": f"{TEXT}, at {place}",
        "language": "en",
        "provisions": [
            {"theme": "marking", "kind": "equipment", "capacity": 2, "unit": "machines"}
        ],
        "window": {"from": "2027-01-01", "to": "2027-12-31"},
    }
    ids = []
    for more in ({}, other):
        made = donor.post("offers", "/v1/offers", {**body, **more})
        path = f"/v1/offers/{made.body['id']}"
        donor.post("offers", f"{path}/submit", None, if_match=made.etag)
        ids.append(made.body["id"])

    def found() -> list[str]:
        cases = operator.get("matcher", "/v1/duplicates", record=ids[0]).body["items"]
        return [one["id"] for one in cases if {one["left"]["id"], one["right"]["id"]} == set(ids)]

    wait_until(lambda: bool(found()), SECONDS, "the case of the two offers")
    return f"/duplicates/{found()[0]}"


def marked(browser: Visitor) -> list[str]:
    """What is marked on the page, as it is read."""
    return re.findall(r"<mark>(?:<bdi[^>]*>)?([^<]*)", browser.shown.text)


def test_what_differs_is_marked_in_texts_and_lines(portal: Portal, visitor: Visiting) -> None:
    line = {"theme": "marking", "kind": "equipment", "capacity": 3, "unit": "machines"}
    address = twins(
        portal,
        "Osprey Point",
        description=f"{TEXT}, near Osprey Point",
        provisions=[{**line, "amount": 1200, "currency": "USD"}],
    )
    browser = visitor("coordinator")
    browser.open(address)
    path = f"/v1/organisations/{portal.donor}"
    donor = portal.api("coordinator").get("offers", path).body["name"]
    assert browser.page.text.count(donor) == 2  # each side says whose it is
    found = marked(browser)
    assert {"2 machines", "at", "near"} <= set(found)
    assert [one for one in found if "3 machines" in one and "1,200" in one]
    assert "Osprey" not in found


def test_a_pair_is_linked_then_merged_then_parted(portal: Portal, visitor: Visiting) -> None:
    address, browser = twins(portal, "Heron Creek"), visitor("coordinator")
    browser.open(address)
    assert "<b>(illustrative)</b>" in browser.page.text  # as it was written, and no markup
    assert "Laser engravers for Heron Creek &lt;b&gt;" in browser.shown.text
    assert "Line by line" in browser.page.text
    assert browser.page.text.count("2 machines") >= 2
    assert not marked(browser)  # they say the same
    browser.send()  # nothing is chosen beforehand
    assert browser.status == 422
    assert "Your decision: Choose one." in browser.page.text
    browser.send(decision="link", reason="")
    assert browser.status == 422
    assert "Reason: Say why." in browser.page.text

    def decide(decision: str, **more: str) -> None:
        """Decide on the case as it is now: it hears of its records while it is looked at."""

        def taken() -> bool:
            browser.open(address)
            browser.send(decision=decision, **more)
            return browser.status != 412

        wait_until(taken, SECONDS, "the step being taken")

    decide("link", reason="Two lots <script>alert(1)</script> \u202e")
    assert "Related, not the same" in browser.page.text
    assert "alert(1)" not in [tag for tag, _ in browser.page.tags]

    decide("keep-left", reason="")
    assert "It was decided." in browser.page.text

    undo = "Undo the merging"
    wait_until(lambda: undo in browser.open(address).text, SECONDS, "the case merged")
    decide("unmerge")
    wait_until(lambda: undo not in browser.open(address).text, SECONDS, "parting")


def test_a_case_that_changed_meanwhile_is_shown_as_it_stands(
    portal: Portal, visitor: Visiting
) -> None:
    address, first, second = (
        twins(portal, "Copper Ridge"),
        visitor("coordinator"),
        visitor("coordinator"),
    )

    def linked() -> bool:  # by the first, while the second looks at the same
        first.open(address)
        second.open(address)
        first.send(decision="link", reason="Related")
        return first.status != 412  # the case hears of its records while it is looked at

    wait_until(linked, SECONDS, "the first decision")
    second.send(decision="dismiss", reason="What I typed stays")
    assert second.status == 412
    assert "This changed meanwhile" in second.page.text
    assert "What I typed stays" in second.shown.text

    def dismissed() -> bool:
        second.send(decision="dismiss", reason="What I typed stays")
        return "Dismissed" in second.page.text

    wait_until(dismissed, SECONDS, "the second decision")


def test_coverage_is_confirmed_by_a_number_and_dismissed_with_a_reason(
    portal: Portal, visitor: Visiting
) -> None:
    coordinator = portal.api("coordinator")
    case = coordinator.get("matcher", "/v1/coverage", limit=1).body["items"][0]
    browser = visitor("coordinator")
    browser.open(f"/coverage/{case['id']}")
    assert browser.status == 200
    activity = coordinator.get("offers", f"/v1/activities/{case['activity']}").body
    donor = coordinator.get("offers", f"/v1/organisations/{activity['organisation']}").body
    assert donor["name"] in browser.page.text
    assert f"/activities/{case['activity']}" in browser.links("/")
    for typed, told in (
        ("NaN", "This is not a number."),
        ("many", "This is not a number."),
        ("1.5", "This is counted whole. Write a number without decimals."),
    ):
        browser.send(decision="confirm", quantity=typed, reason="")
        assert browser.status == 422
        assert f"How much of the line, if not as shown: {told}" in browser.page.text
        assert f'value="{typed}"' in browser.shown.text
    browser.send(decision="confirm", quantity="1,500", reason="")
    assert "It was decided." in browser.page.text
    shown = coordinator.get("matcher", f"/v1/coverage/{case['id']}").body
    (beyond,) = (note["quantity"] for note in shown["notes"] if note["code"] == "beyond")
    assert (shown["status"], shown["quantity"] + beyond) == ("confirmed", 1500)
    browser.open(f"/coverage/{case['id']}")
    browser.send(decision="dismiss", quantity="", reason="Another armoury (illustrative)")
    assert "Dismissed" in browser.page.text
    auditor = visitor("auditor")
    auditor.open(f"/coverage/{case['id']}")
    assert auditor.status == 200
    assert not [form for form in auditor.page.forms if form.action == ""]


class NobodysActivities(Services):
    """The services, where an operator brought in all activities from a file, for nobody."""

    def fetch(self, reader: Reader, asked: Ask) -> Answer:
        """What is asked for; of an activity no organisation."""
        found = super().fetch(reader, asked)
        if asked.path.startswith("/v1/activities/"):
            return replace(found, body={**found.body, "organisation": None})
        return found


def test_a_case_with_an_activity_of_nobody_is_shown(portal: Portal) -> None:
    coordinator = portal.api("coordinator")
    stands = ("open", "dismissed")  # it may have been decided on already
    found = [coordinator.get("matcher", "/v1/coverage", status=one).body for one in stands]
    case = next(one for listed in found for one in listed["items"])
    with portal_beside(portal, NobodysActivities) as (beside, _app):
        browser = beside.visitor("coordinator")
        browser.open(f"/coverage/{case['id']}")
        assert browser.status == 200
        assert "What is given already" in browser.page.text


def usd(value: float, language: str) -> str:
    """An amount as pages write it."""
    return (
        str(format_currency(value, "USD", locale=language)).replace(".00", "").replace("\xa0", " ")
    )


@pytest.mark.parametrize("language", ["en", "ar"])
def test_joint_projects_are_shown(portal: Portal, visitor: Visiting, language: str) -> None:
    browser = visitor("coordinator", language)
    browser.open(f"/alliances?language={language}")
    links = browser.links("/alliances/")
    assert links
    browser.open(links[0])
    assert browser.status == 200
    one = portal.api("coordinator").get("matcher", f"/v1{links[0]}").body
    states = [country_name(state, language) for state in one["states"]]
    assert len(states) >= 2
    (picture,) = re.findall(r"<svg viewBox.*?</svg>", browser.shown.text, re.S)
    assert re.findall(r"<text [^>]*>([^<]*)</text>", picture) == states
    assert picture.count('class="member"') == len(states)
    assert 'role="img"' in picture
    rows = re.findall(
        r'<th scope="row"><a href="(/requests/[^"]*)">([^<]*)</a>', browser.shown.text
    )
    members = [one for one in one["members"] if one["request"]]
    assert rows == [
        (f"/requests/{member['request']}", country_name(member["country"], language))
        for member in members
    ]
    if language == "en":
        assert one["saving"]["sentence"] in browser.page.text
        assert all((member["sentence"] or "") in browser.page.text for member in members)
    for part in ("together", "apart"):
        assert usd(one["saving"][part], language) in re.sub(
            "[\u2066-\u2069]", "", browser.page.text
        )
    donors = {offer["organisation"] for offer in one["offers"]}
    api = portal.api("coordinator")
    for donor in donors:
        assert api.get("offers", f"/v1/organisations/{donor}").body["name"] in browser.page.text
    assert donors
    offers = {offer["offer"] for offer in one["offers"]}
    assert offers == {link.rpartition("/")[2] for link in browser.links("/offers/")}
    titles = re.findall(r'<a href="/offers/[^"]*"><bdi lang="(\w+)">', browser.shown.text)
    assert len(titles) == len(offers)
    browser.send(decision="dismiss", reason="")
    assert browser.status == 422
