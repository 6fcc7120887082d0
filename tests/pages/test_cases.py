"""Cases beside proposals, as a coordinator decides on them without scripts."""

from collections.abc import Callable

import pytest

from deploy.local.servers import wait_until
from tests.pages.running import Portal
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]
SECONDS = 120.0
TEXT = "Two laser engravers for marking service rifles, with a week of training (illustrative)"


def twins(portal: Portal, place: str) -> str:
    """Two offers that say the same; the case's address."""
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
    for _ in range(2):
        made = donor.post("offers", "/v1/offers", body)
        path = f"/v1/offers/{made.body['id']}"
        donor.post("offers", f"{path}/submit", None, if_match=made.etag)
        ids.append(made.body["id"])

    def found() -> list[str]:
        cases = operator.get("matcher", "/v1/duplicates", record=ids[0]).body["items"]
        return [one["id"] for one in cases if {one["left"]["id"], one["right"]["id"]} == set(ids)]

    wait_until(lambda: bool(found()), SECONDS, "the case of the two offers")
    return f"/duplicates/{found()[0]}"


def test_a_pair_is_linked_then_merged_then_parted(portal: Portal, visitor: Visiting) -> None:
    address, browser = twins(portal, "Heron Creek"), visitor("coordinator")
    browser.open(address)
    assert "<b>(illustrative)</b>" in browser.page.text  # as it was written, and no markup
    assert "Laser engravers for Heron Creek &lt;b&gt;" in browser.shown.text
    browser.send(decision="link", reason="")
    assert browser.status == 422
    assert "Say why." in browser.page.text

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


def test_coverage_is_dismissed_with_a_reason(portal: Portal, visitor: Visiting) -> None:
    coordinator = portal.api("coordinator")
    case = coordinator.get("matcher", "/v1/coverage", limit=1).body["items"][0]
    browser = visitor("coordinator")
    browser.open(f"/coverage/{case['id']}")
    assert browser.status == 200
    browser.send(decision="confirm", quantity="many", reason="")
    assert browser.status == 422
    browser.send(decision="dismiss", quantity="", reason="Another armoury (illustrative)")
    assert "Dismissed" in browser.page.text
    auditor = visitor("auditor")
    auditor.open(f"/coverage/{case['id']}")
    assert auditor.status == 200
    assert not [form for form in auditor.page.forms if form.action == ""]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_joint_projects_are_shown(portal: Portal, visitor: Visiting, language: str) -> None:
    browser = visitor("coordinator", language)
    browser.open(f"/alliances?language={language}")
    links = browser.links("/alliances/")
    assert links
    browser.open(links[0])
    assert browser.status == 200
    browser.send(decision="dismiss", reason="")
    assert browser.status == 422
