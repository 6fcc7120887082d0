"""Line charts are well-formed, tell their values, and leave out what a logarithm cannot show."""

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from bench.charts import line_chart
from bench.reporting import size_text, time_text

SVG = "{http://www.w3.org/2000/svg}"


def drawn(lines: dict[str, list[tuple[float, float]]]) -> ElementTree.Element:
    return ElementTree.fromstring(
        line_chart("p50 & more", "what it shows", "records", lines, size_text, time_text)
    )


def test_each_line_has_its_points_name_and_values() -> None:
    chart = drawn({"ours": [(1_000, 1e-3), (10_000, 2e-3)], "theirs <fast>": [(1_000, 5e-4)]})
    assert len(chart.findall(f"{SVG}polyline")) == 2
    told = [title.text for title in chart.iter(f"{SVG}title")]
    assert "ours: 2 ms at 10k" in told
    assert "theirs <fast>" in [text.text for text in chart.iter(f"{SVG}text")]


def test_higher_values_stand_higher() -> None:
    chart = drawn({"one": [(1_000, 1e-3), (100_000, 1.0)]})
    (_, low), (_, high) = (
        map(float, point.split(","))
        for point in chart.find(f"{SVG}polyline").get("points", "").split()  # type: ignore[union-attr]
    )
    assert high < low


def test_names_do_not_stand_over_one_another() -> None:
    chart = drawn({name: [(1_000, 1e-3), (10_000, 1e-2)] for name in "abcdefghi"})
    names = [text for text in chart.iter(f"{SVG}text") if text.get("class", "").startswith("of")]
    heights = sorted(float(name.get("y", "0")) for name in names)
    assert all(one + 15 < other for one, other in pairwise(heights))


def test_what_is_not_above_nothing_is_left_out() -> None:
    chart = drawn({"one": [(1_000, 0.0), (10_000, 1.0)], "none": [(1_000, 0.0)]})
    assert len(chart.findall(f"{SVG}polyline")) == 1
    with pytest.raises(ValueError, match="a point"):
        drawn({"none": [(1_000, 0.0)]})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0.0012, "1.2 ms"), (3e-6, "3 µs"), (2.5e-7, "250 ns"), (75.0, "75 s")],
)
def test_times_in_words(seconds: float | None, text: str) -> None:
    assert time_text(seconds) == text


def test_sizes_in_words() -> None:
    assert [size_text(size) for size in (50, 1_000, 2_500, 1_000_000)] == ["50", "1k", "2.5k", "1M"]
