"""The register of embargoes and the models that rank, as they are kept without scripts."""

from collections.abc import Callable

import pytest

from shared.ids import new_id
from tests.pages.giving import HOSTILE
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
    assert "This is not a day" in browser.page.text
    assert 'value="sometime"' in browser.shown.text  # nothing typed is lost
    entry = written()
    browser.send("/embargoes/new", **entry)
    assert "The embargo was entered" in browser.page.text
    assert "<script>alert" not in browser.shown.text
    address = browser.path
    browser.open("/embargoes/new")
    browser.send("/embargoes/new", **entry)  # once more: told, not entered twice
    assert browser.status == 409
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
