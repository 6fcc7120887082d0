"""Charts and the map, in plain values; and the colours that they are drawn in."""

import base64
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from itertools import pairwise, product

import pytest
from flask import Flask

from services.portal.app import create_app
from services.portal.pages.public import charts
from services.portal.pages.public.build_world import HEIGHT, WIDTH, project
from services.portal.pages.public.world import world
from services.portal.sheets.writing import csv_pieces
from shared.settings import Settings
from shared.vocabulary.countries import all_countries
from tests.services.portal.test_start import ENVIRON

ROW = {"code": "marking", "needs": 4, "open": 3, "unpriced": 1}
MONEY = {"asked": 1000.0, "committed": 250.0, "delivered": 100.0}


@pytest.fixture
def app(make_settings: Callable[[str], Settings]) -> Iterator[Flask]:
    made = create_app(make_settings("portal"), ENVIRON)
    with made.test_request_context():
        yield made


def test_the_most_open_come_first_and_bars_are_parts_of_the_longest(app: Flask) -> None:
    rows = [{**ROW, "code": "a", "open": 1, "needs": 2}, {**ROW, "code": "b"}, {**ROW, "needs": 0}]
    found = charts.open_by("themes", "Open", "Theme", rows, str.upper)
    assert [(line.label, line.values) for line in found.lines] == [("B", [3, 4]), ("A", [1, 2])]
    assert [width for _, _, width, _, _ in found.lines[1].bars] == [25.0, 50.0]


def test_coverage_tells_what_each_bar_is_by_its_place(app: Flask) -> None:
    (line,) = charts.coverage([{**ROW, **MONEY}], str).lines
    assert list(line.values) == [1000.0, 250.0, 100.0, 1]
    assert [bar[2] for bar in line.bars] == [100.0, 25.0, 10.0]
    heights = [bar[1] for bar in line.bars]
    assert heights == sorted(set(heights))


def test_few_times_have_no_box(app: Flask) -> None:
    row = {"year": 2026, "count": 1, "waiting": 2, "lower": None, "median": 4.0, "upper": None}
    (line,) = charts.times([row]).lines
    assert line.cells == ["1", "2", "–", "4", "–"]
    assert len(line.bars) == 1
    assert charts.times([{**row, "median": None}]).lines[0].bars == []


def test_nothing_at_all_is_no_error(app: Flask) -> None:
    assert charts.coverage([], str).lines == []
    assert world([]).circles == []


def test_a_chart_without_a_bar_of_any_length_is_not_drawn(app: Flask) -> None:
    row = {"code": "marking", "needs": 1, "asked": 0, "committed": 0, "delivered": 0, "unpriced": 1}
    assert not charts.coverage([row], str).drawn
    both = charts.coverage([row, {**row, "asked": 5}], str)
    assert both.drawn


def test_no_label_is_a_formula() -> None:
    assert "'=1+1" in "".join(csv_pieces(["=1+1"], [["@SUM(A1)", -3]]))
    assert "'@SUM(A1),-3" in "".join(csv_pieces(["a"], [["@SUM(A1)", -3]]))


def test_every_member_state_has_a_place_on_the_map(app: Flask) -> None:
    members = [one.alpha3 for one in all_countries() if one.un_member]
    found = world([{"country": alpha3, "open": 1} for alpha3 in members])
    assert len(found.circles) == len(members)
    for circle in found.circles:
        assert 0 <= circle.x <= WIDTH, circle
        assert 0 <= circle.y <= HEIGHT, circle
    assert sum(len(row) for row in (found.land, found.marked)) < 40_000


def test_the_projection_is_equal_earth() -> None:
    # Of the equator's ends and the middle (Šavrič et al. 2018: x from -2.70663 to 2.70663).
    assert project(0, 0) == (3600, 1755)
    assert project(180, 0) == pytest.approx((7200, 1755), abs=0.1)


def _tokens(text: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", text))


def _light(colour: str) -> float:
    parts = base64.b16decode(colour[1:].upper())
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (p / 255 for p in parts)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_drawn_stands_out(scheme: str) -> None:
    style = (files("services.portal.pages") / "style.css").read_text("utf-8")
    light, _, rest = style.partition("(prefers-color-scheme: dark)")
    tokens = _tokens(light) if scheme == "light" else {**_tokens(light), **_tokens(rest[:1500])}

    def contrast(one: str, other: str) -> float:
        high, low = sorted((_light(tokens[one]), _light(tokens[other])), reverse=True)
        return (high + 0.05) / (low + 0.05)

    drawn = ("accent", "line", "pledged", "committed", "delivered", "ink")
    for name, ground in product(drawn, ("ground", "raised")):
        assert contrast(name, ground) >= 3, (name, ground)
    for one, other in pairwise(("pledged", "committed", "delivered")):
        assert contrast(one, other) >= 1.5, (one, other)
    assert contrast("on-accent", "accent") >= 4.5
    assert contrast("ground", "wrong") >= 4.5
    for shown in ("accent", "committed", "soft"):
        assert contrast(shown, "faint") >= 3, shown
