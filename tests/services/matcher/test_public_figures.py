"""The figure of the matcher's for everybody: enough cases, of public lines alone."""

from datetime import UTC, datetime

import pytest

from services.matcher.coverage_documents import CoverageCase
from services.matcher.documents import RecordView, ViewLine, view_id
from services.matcher.public_figures import FEWEST, covered_figures
from tests.services.matcher.world import World

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def empty(world: World) -> None:
    CoverageCase.objects.delete()
    RecordView.objects.delete()
    return


def covered(number: int, *, visibility: str = "public", confidential: bool = False) -> None:
    """A public request of four machines worth 400 dollars, two of which are covered."""
    record = f"r{number}"
    line = ViewLine(
        line=1,
        measure="quantity",
        unit="machines",
        limit=4000,
        confidential=confidential,
        worth_cents=40_000,
        worth_currency="USD",
    )
    RecordView(
        id=view_id("request", record),
        side="request",
        record=record,
        epoch=1,
        number=1,
        owner="SEN",
        status="circulated",
        lines=[line],
        visibility=visibility,
    ).save()
    CoverageCase._get_collection().insert_one(
        {"_id": f"c{number}", "request": record, "line": 1, "status": "confirmed", "taken": 2000}
    )


def test_it_is_told_from_enough_cases_on() -> None:
    for number in range(FEWEST - 1):
        covered(number)
    covered(90, visibility="restricted")
    covered(91, confidential=True)
    assert covered_figures(NOW)["covered"] is None
    covered(FEWEST)
    assert covered_figures(NOW)["covered"] == {
        "count": FEWEST,
        "value": FEWEST * 200,
        "unpriced": 0,
    }
