"""Activities as a donor tells of them: by form, and out of an IATI file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from shared.ids import new_id
from tests.pages.giving import HOSTILE
from tests.pages.running import Portal
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]
IATI = Path(__file__).parents[2] / "examples" / "iati" / "mixed.xml"


def mine(portal: Portal) -> int:
    """How many activities the examples' donor has."""
    found = portal.api("donor").items("offers", "/v1/activities", organisation=portal.donor)
    return len(list(found))


def test_an_activity_is_told_of_and_changed(portal: Portal, visitor: Visiting) -> None:
    donor = visitor("donor")
    donor.open("/activities/new")
    donor.send(title="Lockers", description="")
    assert donor.status == 422
    assert donor.page.forms[-1].values["title"] == "Lockers"
    donor.send(
        title=f"Lockers {HOSTILE}",
        description="Steel lockers for police armouries.",
        country="SEN",
        theme="stockpile-management",
        kind="equipment",
        quantity="14",
        unit="units",
        start="2026-03-01",
        end="2026-12-31",
    )
    assert "The activity is registered" in donor.page.text, donor.page.text
    page = donor.path
    assert visitor("requester").open(page).text.count("Senegal") == 1
    first, second = visitor("donor"), visitor("donor")
    for browser in (first, second):
        browser.open(f"{page}/edit")
    first.send(status="completed")
    assert "Completed" in first.page.text
    second.send(title="The second title")
    assert second.status == 409
    stands = second.page.text.partition("What stands now")[2].partition("and leave mine")[0]
    for now in ("Completed", "Senegal", "Mar 1, 2026", "Only those who have an account here"):
        assert now in stands, now
    assert second.page.forms[-1].values["title"] == "The second title"
    second.send()
    assert second.status == 422  # what is completed does not go on
    second.send(status="completed")
    assert "The second title" in second.page.text
    assert f"{page}/edit" not in visitor("coordinator").open(page).text


def test_a_unit_is_read_by_the_name_that_is_shown(portal: Portal, visitor: Visiting) -> None:
    donor = visitor("donor", "es")
    donor.open("/activities/new?language=es")
    donor.send(
        title="Armarios",
        description="Armarios de acero.",
        country="SEN",
        theme="stockpile-management",
        kind="equipment",
        quantity="14",
        unit="Unidades",
        start="2026-03-01",
        end="2026-12-31",
    )
    page = donor.path

    def unit() -> object:
        return portal.api("donor").get("offers", f"/v1{page}").body["unit"]

    assert unit() == "items", donor.page.text
    for language, name in (("ar", "وحدات"), ("en", "items"), ("zh", "件")):
        donor.open(f"{page}/edit?language={language}")
        assert donor.page.forms[-1].values["unit"] == name
        assert f'<option value="{name}">' in donor.shown.text
        donor.send()
        assert donor.path == page
        assert unit() == "items"


def test_an_iati_file_is_looked_at_before_anything_is_brought_in(
    portal: Portal, visitor: Visiting
) -> None:
    donor, before = visitor("donor"), mine(portal)
    # Identifiers of its own: the examples are shared by all tests.
    content = IATI.read_bytes().replace(b"XM-EXAMPLE", f"XM-{new_id()[:8]}".encode())
    donor.open("/activities/import")
    donor.send(files={"file": ("ours.xml", content)})
    assert "What the file says" in donor.page.text
    page = donor.path
    assert mine(portal) == before
    donor.send()
    assert donor.path == "/activities"
    assert "Brought in:" in donor.page.text
    after = mine(portal)
    assert after > before
    donor.open(page)
    assert donor.status == 200
    assert "Brought in" in donor.page.text
    donor.open("/activities/import")
    donor.send(files={"file": ("ours.xml", content)})
    assert "There is nothing to bring in." in donor.page.text
    assert mine(portal) == after


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not empty"),
        (b"%PDF-1.7", "neither XML nor gzip"),
        (b"<" + b"x" * (8 * 1024 * 1024), "too large"),
        (b"<" + b"x" * (9 * 1024 * 1024), "too large"),
    ],
    ids=["empty", "a PDF", "a little too large", "much too large"],
)
def test_what_is_no_file_of_activities_is_refused(
    portal: Portal, visitor: Visiting, content: bytes, told: str
) -> None:
    donor = visitor("donor")
    donor.open("/activities/import")
    donor.send(files={"file": ("x.xml", content)})
    assert donor.status == 422
    assert told in donor.page.text


def test_xml_that_is_none_of_activities_is_told_of(portal: Portal, visitor: Visiting) -> None:
    donor = visitor("donor")
    donor.open("/activities/import")
    donor.send(files={"file": ("x.xml", b"<html><!DOCTYPE x></html>")})
    assert donor.status == 422
    assert "There is a problem" in donor.page.text


def test_nothing_is_offered_of_a_file_that_breaks(portal: Portal, visitor: Visiting) -> None:
    donor, before = visitor("donor"), mine(portal)
    content = IATI.read_bytes().replace(b"XM-EXAMPLE", f"XM-{new_id()[:8]}".encode())
    donor.open("/activities/import")
    donor.send(files={"file": ("x.xml", content[:-60])})
    assert donor.status == 422
    assert "Nothing of this file is brought in." in donor.page.text
    assert "in activity 5." in donor.page.text
    donor.open(f"{donor.path}?language=fr")
    assert "dans l’activité 5." in donor.page.text
    assert "ends in the middle" not in donor.page.text
    assert 'name="public"' not in donor.page.text
    assert mine(portal) == before


def test_a_held_file_is_its_senders_alone(portal: Portal, visitor: Visiting) -> None:
    donor = visitor("donor")
    donor.open("/activities/import")
    donor.send(files={"file": ("ours.xml", IATI.read_bytes())})
    other = visitor("coordinator")
    other.open(donor.path)
    assert other.status == 403
