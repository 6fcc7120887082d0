"""The reports' bar charts: well-formed, told in words, readable in dark and light."""

import re
from xml.etree import ElementTree

import pytest

from deploy.cli.charts import Panel, bar_chart

SVG = "{http://www.w3.org/2000/svg}"


def chart(*rows: tuple[str, list[float | None]], top: float = 1.0) -> ElementTree.Element:
    panels = (Panel("A <figure>", rows, top),)
    return ElementTree.fromstring(bar_chart("Title & more", "What it shows", ("a", "b"), panels))


def widths(picture: ElementTree.Element) -> list[float]:
    """The widths of the bars, without the legend's two boxes."""
    bars = [bar for bar in picture.iter(f"{SVG}rect") if "bar" in (bar.get("class") or "")]
    return [float(bar.get("width") or 0) for bar in bars[2:]]


def texts(picture: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in picture.iter(f"{SVG}text")]


def test_it_is_told_to_who_cannot_see_it() -> None:
    picture = chart(("x", [0.5, 0.25]))
    assert picture.get("role") == "img"
    assert picture.get("aria-labelledby") == "title description"
    told = {element.get("id"): element.text for element in picture if element.get("id")}
    assert told == {"title": "Title & more", "description": "What it shows"}


def test_bars_are_as_long_as_their_values_and_have_them_beside() -> None:
    picture = chart(("x", [0.5, 0.25]), ("y", [None, 2.0]))
    half, quarter, beyond = widths(picture)
    assert half == 2 * quarter
    assert beyond == 2 * half  # no longer than the panel is wide
    assert {"a", "b", "A <figure>", "x", "0.500", "0.250", "y", "–", "2.000"} <= set(texts(picture))
    assert widths(chart(("x", [4.0, 2.0]), top=8.0)) == [half, quarter]


def test_more_series_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="4 series"):
        bar_chart("t", "d", ("a", "b", "c", "d", "e"), ())


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_colours_stand_out_and_differ_in_lightness(dark: bool) -> None:
    text = bar_chart("t", "d", ("a", "b"), ())
    light_style, dark_style = text.split("@media (prefers-color-scheme: dark)")
    style = dark_style if dark else light_style

    def colour(selector: str) -> str:
        found = re.search(rf"{re.escape(selector)} {{ (?:fill|stroke): (#\w{{6}})", style)
        assert found, selector
        return found[1]

    page = colour(".page")
    assert contrast(colour("text"), page) >= 7
    assert contrast(colour("rect.bar"), page) >= 3
    # Series that stand side by side are told apart without their hue.
    assert contrast(colour(".s0"), colour(".s1")) >= 3
    assert contrast(colour(".s2"), colour(".s3")) >= 3
