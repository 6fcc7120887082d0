"""The map of a joint project: its States within view, however far their islands lie."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import Babel

from services.portal.pages.cases.region_map import region_map
from services.portal.pages.public.world import outlines


@pytest.fixture(autouse=True)
def _reader() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        yield


def test_members_are_within_view_and_neighbours_beside_them() -> None:
    found = region_map(["SEN", "GMB"])
    assert found is not None
    left, top, width, height = map(float, found.view.split())
    assert [one.name for one in found.members] == ["Senegal", "Gambia"]
    for one in found.members:
        assert left < one.x < left + width
        assert top < one.y < top + height
    assert {"Mali", "Guinea", "Mauritania", "Guinea-Bissau"} <= {one.name for one in found.near}
    assert "Senegal" not in {one.name for one in found.near}
    assert width < 1000 < len("".join(path for path, _ in outlines().values()))


@pytest.mark.parametrize("states", [["FRA"], ["NRU"], ["RUS", "KAZ"], ["CHL", "ARG"], ["FJI"]])
def test_no_state_makes_the_map_too_tall_or_broad(states: list[str]) -> None:
    found = region_map(states)
    assert found is not None
    _, _, width, height = map(float, found.view.split())
    assert 0.99 <= width / height <= 2.21


def test_far_islands_are_no_reason_to_go_far() -> None:
    found = region_map(["FRA"])
    assert found is not None
    assert float(found.view.split()[2]) < 1000  # French Guiana is on the map, far away


def test_where_no_state_is_on_the_map_there_is_none() -> None:
    assert region_map(["-"]) is None
    assert region_map([]) is None
