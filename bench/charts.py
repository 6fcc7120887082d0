"""Line charts as SVG, both axes logarithmic, in the look of the reports' bar charts."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from deploy.cli.charts import WIDTH, picture

Points = Sequence[tuple[float, float]]
Label = Callable[[float], str]

_HEIGHT = 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 160, 52, 56
_LINE = 16.0
_LIGHT = ("#14507e", "#8a5a12", "#2f6b3a", "#7d3b86", "#a3322c", "#4c5866")
_DARK = ("#9cc3e6", "#f0cf92", "#96d3a2", "#dba6e2", "#f0a49f", "#b9c4cf")
_DASHES = ("none", "7 3", "2 3", "8 3 2 3", "none", "12 4", "2 6")
_STYLE = f"""
    .line {{ fill: none; stroke-width: 1.8; }} .line.first {{ stroke-width: 3.2; }}
    {" ".join(f".line.s{at} {{ stroke: {c}; }}" for at, c in enumerate(_LIGHT))}
    {" ".join(f".of{at} {{ fill: {c}; }}" for at, c in enumerate(_LIGHT))}
    @media (prefers-color-scheme: dark) {{
      {" ".join(f".line.s{at} {{ stroke: {c}; }}" for at, c in enumerate(_DARK))}
      {" ".join(f".of{at} {{ fill: {c}; }}" for at, c in enumerate(_DARK))}
    }}"""


def line_chart(
    title: str,
    description: str,
    x_title: str,
    lines: Mapping[str, Points],
    x_label: Label,
    y_label: Label,
) -> str:
    """The text of an SVG file with a line for each name, the first one thicker.

    `title` and `description` are for who cannot see it. Points not above 0 are left out.
    ValueError without any point.
    """
    drawn = {name: _positive(points) for name, points in lines.items()}
    drawn = {name: points for name, points in drawn.items() if points}
    if not drawn:
        raise ValueError("a chart needs a point")
    every = [point for points in drawn.values() for point in points]
    x_ticks = _decades([x for x, _ in every])
    y_ticks = _decades([y for _, y in every])
    place_x = _scale(x_ticks, _LEFT, WIDTH - _RIGHT)
    place_y = _scale(y_ticks, _HEIGHT - _BOTTOM, _TOP)
    body = [_text(_LEFT, 30, title, "head")]
    for tick in x_ticks:
        at = place_x(tick)
        body.append(_rule(at, _TOP, at, _HEIGHT - _BOTTOM))
        body.append(_text(at, _HEIGHT - _BOTTOM + 20, x_label(tick), anchor="middle"))
    for tick in y_ticks:
        at = place_y(tick)
        body.append(_rule(_LEFT, at, WIDTH - _RIGHT, at))
        body.append(_text(_LEFT - 8, at + 4, y_label(tick), anchor="end"))
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    body.append(_text(middle, _HEIGHT - 12, x_title, anchor="middle"))
    ways = {name: [(place_x(x), place_y(y)) for x, y in points] for name, points in drawn.items()}
    for place, (name, way) in enumerate(ways.items()):
        values = [f"{name}: {y_label(y)} at {x_label(x)}" for x, y in drawn[name]]
        body += _line(place, way, values)
    for place, name, x, y in _ends(ways):
        body.append(_text(x + 10, y + 4, name, f"of{place % len(_LIGHT)}"))
    return picture(title, description, _HEIGHT, body, _STYLE)


def _positive(points: Points) -> list[tuple[float, float]]:
    return sorted((x, y) for x, y in points if x > 0.0 and y > 0.0)


def _decades(values: Sequence[float]) -> list[float]:
    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return [10.0**power for power in range(first, max(last, first + 1) + 1)]


def _scale(ticks: Sequence[float], start: float, end: float) -> Callable[[float], float]:
    low, high = math.log10(ticks[0]), math.log10(ticks[-1])

    def place(value: float) -> float:
        return start + (math.log10(value) - low) / (high - low) * (end - start)

    return place


def _ends(ways: Mapping[str, Points]) -> Iterator[tuple[int, str, float, float]]:
    """Where the lines' names stand: beside their ends, none over another."""
    lowest = -math.inf
    last = [(way[-1][1], place, name, way[-1][0]) for place, (name, way) in enumerate(ways.items())]
    for y, place, name, x in sorted(last):
        lowest = max(y, lowest + _LINE)
        yield place, name, x, lowest


def _line(place: int, way: Points, values: Sequence[str]) -> Iterator[str]:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in way)
    colour = place % len(_LIGHT)
    first = " first" if place == 0 else ""
    dashes = _DASHES[place % len(_DASHES)]
    yield f'<polyline class="line s{colour}{first}" stroke-dasharray="{dashes}" points="{points}"/>'
    for (x, y), value in zip(way, values, strict=True):
        yield (
            f'<circle class="of{colour}" cx="{x:.1f}" cy="{y:.1f}" r="3.5">'
            f"<title>{escape(value)}</title></circle>"
        )


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
