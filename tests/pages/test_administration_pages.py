"""The register of embargoes and the models that rank, as they are kept without scripts."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from shared.ids import new_id
from tests.pages.giving import HOSTILE
from tests.pages.running import Portal
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]


def written(**more: object) -> dict[str, object]:
    """An entry for a country that the examples do not name."""
    return {
        "country": "NRU",
        "resolution": f"Made up for tests {new_id()}",
        "allowed": ["training"],
        "start": "2026-10-01",
        "source": f"Made up {HOSTILE}",
        "stated_on": "2026-11-01",
        "reason": f"Tests {HOSTILE}",
        **more,
    }


def test_an_embargo_is_entered_exempted_and_ended(visitor: Visiting) -> None:
    browser = visitor("coordinator")
    browser.open("/embargoes/new")
    browser.send("/embargoes/new", **written(start="sometime", reason=""))
    assert browser.status == 422
    assert "“sometime” is not a day" in browser.page.text
    assert 'value="sometime"' in browser.shown.text  # nothing typed is lost
    entry = written()
    browser.send("/embargoes/new", **entry)
    assert "The embargo was entered" in browser.page.text
    assert "<script>alert" not in browser.shown.text
    address = browser.path
    browser.open("/embargoes/new")
    browser.send("/embargoes/new", **entry)  # once more: told, not entered twice
    assert browser.path == address
    assert "The entry stands as you typed it." in browser.page.text
    browser.open("/embargoes/new")
    browser.send("/embargoes/new", **{**entry, "source": "Another (illustrative)"})
    assert browser.status == 409  # what stands is shown first
    assert "have an entry already" in browser.page.text
    browser.open(f"{address}/edit")
    exemption = {
        "exemptions-0-reference": "Letter 1 (illustrative)",
        "exemptions-0-kinds": ["equipment"],
        "exemptions-0-start": "2026-12-01",
        "exemptions-0-end": "2026-11-01",
        "reason": "An exemption",
    }
    browser.send(f"{address}/edit", **exemption)
    assert (browser.status, "The last day comes before the first." in browser.page.text) == (
        422,
        True,
    )
    browser.send(f"{address}/edit", **{**exemption, "exemptions-0-end": "2026-12-31"})
    assert "Letter 1 (illustrative)" in browser.page.text
    other = visitor("coordinator")
    other.open(address)
    browser.send(f"{address}/step", step="end", reason="It is over", on="")
    assert "Ended" in browser.page.text
    other.send(f"{address}/step", step="end", reason="I say so too", on="")
    assert other.status in (409, 412)
    assert "Ended" in other.page.text
    browser = visitor("auditor")
    browser.open("/embargoes?language=ar&state=NRU&status=ended")
    assert address in browser.links("/embargoes/")
    browser.open(address)
    assert not any(form.action.endswith("/step") for form in browser.page.forms)


def test_the_queue_of_a_state_says_what_an_embargo_on_it_bars(visitor: Visiting) -> None:
    browser = visitor("coordinator")
    browser.open("/embargoes/new")
    entry = written(start="2020-01-01", country="TUV")
    browser.send("/embargoes/new", **entry)
    address = browser.path
    text = browser.open("/review?place=TUV").text
    assert f"The arms embargo under {entry['resolution']} bars help of these kinds" in text
    assert "No last day of the embargo is set." in text
    assert address in browser.links("/embargoes/")
    browser.open(address)
    browser.send(f"{address}/step", step="end", reason="It is over", on="2020-01-01")
    assert "Arms embargo" not in browser.open("/review?place=TUV").text


def test_who_changes_an_embargo_after_somebody_else_sees_both(visitor: Visiting) -> None:
    first, second = visitor("coordinator"), visitor("coordinator")
    first.open("/embargoes/new")
    first.send("/embargoes/new", **written())
    address = first.path
    first.open(f"{address}/edit")
    second.open(f"{address}/edit?language=fr")
    exemption = {
        "exemptions-0-reference": "Letter 7 (illustrative)",
        "exemptions-0-kinds": ["equipment"],
        "exemptions-0-start": "2026-12-01",
        "exemptions-0-end": "2026-12-31",
    }
    first.send(
        f"{address}/edit",
        **exemption,
        allowed=["training"],
        end="2027-11-30",
        source="The first source",
        reason="The first reason",
    )
    assert first.path == address
    mine = {"source": "The second source", "reason": "The second reason"}
    second.send(f"{address}/edit", **mine, allowed=["funding"])
    assert second.status == 412
    for now in ("The first source", "30 nov. 2027", "Letter 7 (illustrative)", "Ce qui figure"):
        assert now in second.page.text
    assert f"{address}/edit" in second.links("/embargoes/")
    (form,) = (form for form in second.page.forms if form.action == f"{address}/edit")
    assert {name: form.values[name] for name in mine} == mine
    second.send(f"{address}/edit", allowed=["funding"])  # what was seen is replaced knowingly
    assert second.path == address
    assert "The second source" in second.page.text


def test_a_change_that_is_sent_twice_is_no_conflict(visitor: Visiting) -> None:
    browser, late = visitor("coordinator"), visitor("coordinator")
    browser.open("/embargoes/new")
    browser.send("/embargoes/new", **written())
    address = browser.path
    change = {
        "exemptions-0-reference": "Letter 9 (illustrative)",
        "exemptions-0-kinds": ["training", "equipment"],
        "exemptions-0-start": "2026-12-01",
        "exemptions-0-end": "2026-12-31",
        "allowed": ["training", "funding"],
        "source": "Two lines\r\nof a source",
        "reason": "Sent, and its answer lost",
    }
    for one in (browser, late):
        one.open(f"{address}/edit")
    browser.send(f"{address}/edit", **change)
    assert browser.path == address
    late.send(f"{address}/edit", **change)  # on the version that the first was sent on
    assert (late.path, late.status) == (address, 200)
    assert "The entry stands as you typed it." in late.page.text
    assert late.page.text.count("Sent, and its answer lost") == 1


def test_an_exemption_is_for_the_request_whose_address_is_pasted(
    portal: Portal, visitor: Visiting
) -> None:
    browser, request = visitor("coordinator"), next(iter(portal.requests.values()))
    register = portal.api("coordinator")
    record = register.get("requests", f"/v1/requests/{request}").body
    browser.open("/embargoes/new")
    browser.send("/embargoes/new", **written(country=record["country"], start="2099-10-01"))
    address = browser.path
    exemption: dict[str, object] = {
        "exemptions-0-reference": "Letter 3 (illustrative)",
        "exemptions-0-kinds": ["equipment"],
        "exemptions-0-start": "2026-12-01",
        "exemptions-0-end": "2026-12-31",
        "allowed": ["training"],
        "reason": "An exemption",
    }
    for pasted in (
        f"{portal.url}/requests/{request}?language=fr#line-1",
        f"/v1/requests/{request}",
        f" {request} ",
    ):
        browser.open(f"{address}/edit")
        browser.send(f"{address}/edit", **exemption, **{"exemptions-0-request": pasted})
        assert browser.path == address, browser.page.text
        entry = register.get("matcher", f"/v1{address}").body
        assert [one["request"] for one in entry["exemptions"]] == [request]
    assert record["title"] in browser.page.text
    assert request not in browser.page.text
    offer = f"{portal.url}/offers/{next(iter(portal.offers.values()))}"
    unknown = new_id()
    for typed, told in (
        (offer, "Paste the address of a request's page."),
        (unknown, "No request is known by this id or address."),
        (f"{portal.url}/requests/{unknown}", "No request is known by this id or address."),
        ("a/../b?c", "No request is known by this id or address."),
    ):
        browser.open(f"{address}/edit")
        browser.send(f"{address}/edit", **exemption, **{"exemptions-0-request": typed})
        assert browser.status == 422, typed
        assert told in browser.page.text
        assert typed in browser.shown.text  # nothing typed is lost
    browser.open("/embargoes/new")
    browser.send("/embargoes/new", **written(**{**exemption, "exemptions-0-request": request}))
    assert browser.status == 422
    assert "This request is of another State:" in browser.page.text


def test_a_record_leads_to_its_trail_for_who_reads_trails(
    portal: Portal, visitor: Visiting
) -> None:
    request, offer = next(iter(portal.requests.values())), next(iter(portal.offers.values()))
    proposals = portal.api("coordinator").get("matcher", "/v1/proposals", request=request, limit=1)
    match = proposals.body["items"][0]["id"]
    pages = {
        f"/requests/{request}": f"/audit?service=requests&record={request}",
        f"/offers/{offer}": f"/audit?service=offers&record={offer}",
        f"/proposals/{match}": f"/audit?service=matcher&record={match}",
        f"/matches/{match}": f"/audit?service=matcher&record={match}",
    }
    seen = {"coordinator": set(pages), "auditor": {one for one in pages if "/prop" not in one}}
    for role, places in seen.items():
        for place in places:
            browser = visitor(role)
            browser.open(place)
            assert pages[place] in browser.links("/audit?"), (role, place)
            browser.open(pages[place])
            assert browser.status == 200
            assert "No record of this identifier" not in browser.page.text
    browser = visitor("donor")
    for place in (f"/offers/{offer}", f"/requests/{request}"):
        browser.open(place)
        assert browser.links("/audit") == []


def test_a_trail_is_found_by_the_address_of_a_page(portal: Portal, visitor: Visiting) -> None:
    offer = next(iter(portal.offers.values()))
    browser = visitor("auditor")
    for pasted in (f"{portal.url}/offers/{offer}?language=ar", f"/v1/offers/{offer}", offer):
        # What is kept where is told by the address; only of an id alone the choice counts.
        service = "offers" if pasted == offer else "requests"
        browser.open(f"/audit?{urlencode({'service': service, 'record': pasted})}")
        assert browser.status == 200
        assert f"Audit trail of {offer}" in browser.page.text, pasted
        assert browser.page.forms[-1].values["record"] == offer
    browser.open(f"/audit?{urlencode({'record': f'{portal.url}/account'})}")
    assert browser.status == 404
    assert "This is no identifier of a record." in browser.page.text


def test_models_are_shown_and_used_by_operators_alone(visitor: Visiting) -> None:
    browser = visitor("coordinator")
    browser.open("/models?language=es")
    assert "prior-" in browser.page.text
    assert not browser.links("/models?use=")
    browser = visitor("operator")
    browser.open("/models?use=no-such-model")
    assert browser.status == 200
    assert "in use" in browser.page.text
    # None that is not in use already; other languages of this page do not count.
    assert [one for one in browser.links("/models?use=") if "&language=" not in one] == []
