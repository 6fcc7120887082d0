"""Bar charts as SVG for reports: readable in dark and light, in print, and by screen readers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from xml.sax.saxutils import escape

WIDTH = 720
_LEFT, _RIGHT, _MARGIN = 190, 70, 20
_BAR, _ROW_GAP, _HEAD, _LINE = 15, 10, 34, 18
_ROOM = WIDTH - _LEFT - _RIGHT

# Four steps of lightness, so that a series is told apart without seeing its hue; each with a
# border of at least 3:1 to the page.
_LIGHT = ("#14507e", "#9cc3e6", "#8a5a12", "#f0cf92")
_DARK = ("#d3e6f8", "#3f77a8", "#f3d9a4", "#96702c")
_STYLE = f"""
    .page {{ fill: #ffffff; }} .grid {{ stroke: #d5dce3; stroke-width: 1; }}
    text {{ fill: #14212e; font-size: 13px; }} .head {{ font-size: 15px; font-weight: 600; }}
    rect.bar {{ stroke: #14507e; stroke-width: 1; }}
    {" ".join(f".s{place} {{ fill: {colour}; }}" for place, colour in enumerate(_LIGHT))}
    @media (prefers-color-scheme: dark) {{
      .page {{ fill: #10161d; }} .grid {{ stroke: #36424e; }} text {{ fill: #eef3f8; }}
      rect.bar {{ stroke: #d3e6f8; }}
      {" ".join(f".s{place} {{ fill: {colour}; }}" for place, colour in enumerate(_DARK))}
    }}"""


@dataclass(frozen=True)
class Panel:
    """Rows of bars under a heading: each row a label and a value for each series.

    None is no value. A bar as long as the panel is wide is `top`.
    """

    heading: str
    rows: Sequence[tuple[str, Sequence[float | None]]]
    top: float = 1.0


def bar_chart(
    title: str,
    description: str,
    series: Sequence[str],
    panels: Sequence[Panel],
    form: str = "{:.3f}",
) -> str:
    """The text of an SVG file with horizontal bars, panel under panel, a bar for each series.

    `title` and `description` are for who cannot see it; `form` writes a value beside its bar.
    ValueError for more than four series.
    """
    if len(series) > len(_LIGHT):
        raise ValueError(f"a chart tells {len(_LIGHT)} series apart, not {len(series)}")
    body = list(_legend(series))
    top = _MARGIN + _LINE + 8
    for panel in panels:
        body += _panel(panel, top, len(series), form)
        top += _height(panel, len(series))
    return picture(title, description, top + _MARGIN - _ROW_GAP, body)


def picture(title: str, description: str, height: int, body: Iterable[str], style: str = "") -> str:
    """The text of an SVG file of the reports' width, with what is in it; `style` adds to theirs."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
            ' aria-labelledby="title description"'
            " font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif\">",
            f'  <title id="title">{escape(title)}</title>',
            f'  <desc id="description">{escape(description)}</desc>',
            f"  <style>{_STYLE}{style}\n  </style>",
            f'  <rect class="page" width="{WIDTH}" height="{height}" rx="8"/>',
            *(f"  {line}" for line in body),
            "</svg>\n",
        ]
    )


def _legend(series: Sequence[str]) -> Iterator[str]:
    left = _LEFT
    for place, name in enumerate(series):
        yield f'<rect class="bar s{place}" x="{left}" y="{_MARGIN}" width="13" height="13"/>'
        yield _text(left + 19, _MARGIN + 11, name)
        left += 40 + 7 * len(name)


def _height(panel: Panel, series: int) -> int:
    return _HEAD + len(panel.rows) * (series * _BAR + _ROW_GAP)


def _panel(panel: Panel, top: int, series: int, form: str) -> Iterator[str]:
    yield _text(_LEFT, top + 20, panel.heading, "head")
    low, high = top + _HEAD - 4, top + _height(panel, series) - _ROW_GAP + 4
    for quarter in range(5):
        x = _LEFT + _ROOM * quarter // 4
        yield f'<line class="grid" x1="{x}" y1="{low}" x2="{x}" y2="{high}"/>'
    for (label, values), y in zip(
        panel.rows, count(top + _HEAD, series * _BAR + _ROW_GAP), strict=False
    ):
        yield _text(_LEFT - 10, y + series * _BAR // 2 + 5, label, anchor="end")
        for place, value in enumerate(values):
            at = y + place * _BAR
            if value is None:
                yield _text(_LEFT + 6, at + 12, "–")
                continue
            width = _ROOM * min(max(value / panel.top, 0.0), 1.0)
            yield (
                f'<rect class="bar s{place}" x="{_LEFT}" y="{at}" width="{width:.1f}"'
                f' height="{_BAR - 2}"/>'
            )
            yield _text(round(_LEFT + width + 6), at + 11, form.format(value))


def _text(x: int, y: int, text: str, kind: str = "", anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
