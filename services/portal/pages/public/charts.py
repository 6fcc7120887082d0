"""Charts that are tables: each row's numbers with bars of them, drawn on the server.

A bar's place in its row says what it is of, and its number stands beside it: nothing hangs on a
colour, and who cannot see it misses nothing. Pure: plain values in, plain values out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import pgettext

from services.portal.pages import wording
from shared.vocabulary.alphabetical import sort_key

Stored = Mapping[str, Any]
Bar = tuple[float, float, float, float, str]
"""x, y, width and height in a room of 100 by 24, and the tone."""

_WIDTH, _HEIGHT = 100.0, 24.0
CURRENCY = "USD"
_LABEL_TAGS = {"themes": "#sector+name", "regions": "#region+name"}
_UNPRICED = "#indicator+unpriced+num"


@dataclass(frozen=True)
class Line:
    """A row: `values` are what the file has, `cells` the same in words, after the label.

    The label leads to `link`, if there is one.
    """

    label: str
    values: Sequence[Any]
    cells: Sequence[str]
    bars: Sequence[Bar] = ()
    link: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart: `name` in addresses, `head` the columns' names, the label's first; `tags` in HXL."""

    name: str
    title: str
    about: str
    head: Sequence[str]
    tags: Sequence[str]
    lines: Sequence[Line]

    @property
    def drawn(self) -> bool:
        """Whether it has bars of any length."""
        return any(width for line in self.lines for _x, _y, width, _height, _tone in line.bars)


def open_by(
    name: str, title: str, label: str, rows: Sequence[Stored], named: Callable[[str], str]
) -> Chart:
    """Open need lines by theme or region, the most first."""
    found = sorted(
        (row for row in rows if row["needs"]),
        key=lambda row: (-row["open"], sort_key(named(row["code"]), wording.here())),
    )
    most = max((row["needs"] for row in found), default=0)
    return Chart(
        name,
        title,
        _("Needs that are not wholly committed yet (thick bar), of all that were made public."),
        [label, _("Open"), _("All")],
        [_LABEL_TAGS[name], "#indicator+open+num", "#indicator+all+num"],
        [
            Line(
                named(row["code"]),
                [row["open"], row["needs"]],
                [wording.number(row["open"]), wording.number(row["needs"])],
                bars([row["open"], row["needs"]], most, ("accent", "soft"), thick=True),
            )
            for row in found
        ],
    )


def coverage(rows: Sequence[Stored], named: Callable[[str], str]) -> Chart:
    """What is asked, committed and delivered by theme, in US dollars, the most first."""
    found = sorted(
        (row for row in rows if row["needs"]),
        key=lambda row: (-row["asked"], sort_key(named(row["code"]), wording.here())),
    )
    most = max((row["asked"] for row in found), default=0)
    names = ("asked", "committed", "delivered")
    return Chart(
        "coverage",
        _("How far needs are met"),
        _(
            "Bars from the top: asked for, committed, delivered, in US dollars at the rates of "
            "today. Needs without an amount are counted beside."
        ),
        [_("Theme"), _("Asked for"), _("Committed"), _("Delivered"), _("Without an amount")],
        [_LABEL_TAGS["themes"], *(f"#value+{one}+usd" for one in names), _UNPRICED],
        [
            Line(
                named(row["code"]),
                [*(row[name] for name in names), row["unpriced"]],
                [
                    *(wording.amount(row[name], CURRENCY) for name in names),
                    wording.number(row["unpriced"]),
                ],
                bars([row[name] for name in names], most, ("soft", "committed", "delivered")),
            )
            for row in found
        ],
    )


def times(rows: Sequence[Stored]) -> Chart:
    """Days from circulation to the first commitment, by the year of circulation."""
    told = [row[name] for row in rows for name in ("upper", "median") if row[name] is not None]
    most = max(told, default=0)
    return Chart(
        "times",
        _("Time from request to commitment"),
        _(
            "Days from the day on which a request was circulated to its first commitment. The "
            "bar holds the middle half, its mark the median; quartiles are told of five "
            "and more. Requests with needs that are not public are left out."
        ),
        [
            *(
                _("Year"),
                pgettext("amount", "Committed"),
                _("Waiting"),
                _("Lower quartile"),
                _("Median"),
            ),
            _("Upper quartile"),
        ],
        [
            "#date+year",
            *(f"#indicator+{one}+num" for one in ("committed", "waiting")),
            *(f"#indicator+days+{one}+num" for one in ("lower", "median", "upper")),
        ],
        [
            Line(
                str(row["year"]),
                [row[name] for name in ("count", "waiting", "lower", "median", "upper")],
                [
                    *(wording.number(row[name]) for name in ("count", "waiting")),
                    *(_days(row[name]) for name in ("lower", "median", "upper")),
                ],
                box(row["lower"], row["median"], row["upper"], most),
            )
            for row in rows
        ],
    )


def spared(found: Sequence[tuple[str, Stored]]) -> Chart:
    """What was found to be there twice, each with its count and value."""
    return Chart(
        "duplicates",
        _("Duplicates avoided"),
        _(
            "Public records that were merged into another public one, and needs that assistance "
            "under way covers already, with what they are worth in US dollars."
        ),
        [_("What"), _("How many"), _("Value"), _("Lines without an amount")],
        ["#indicator+name", "#indicator+num", "#value+usd", _UNPRICED],
        [
            Line(
                label,
                [one["count"], one["value"], one["unpriced"]],
                [
                    wording.number(one["count"]),
                    wording.amount(one["value"], CURRENCY),
                    wording.number(one["unpriced"]),
                ],
            )
            for label, one in found
        ],
    )


def by_state(rows: Sequence[Stored]) -> Chart:
    """Open need lines by State: the table beside the map."""
    found = sorted(
        (row for row in rows if row["requests"]),
        key=lambda row: (-row["open"], sort_key(wording.country(row["country"]), wording.here())),
    )
    return Chart(
        "states",
        _("Open needs by State"),
        "",
        [_("State"), _("Open needs"), _("Requests")],
        ["#country+name", "#indicator+open+num", "#indicator+requests+num"],
        [
            Line(
                wording.country(row["country"]),
                [row["open"], row["requests"]],
                [wording.number(row["open"]), wording.number(row["requests"])],
            )
            for row in found
        ],
    )


def bars(
    values: Sequence[float], most: float, tones: Sequence[str], *, thick: bool = False
) -> list[Bar]:
    """A bar for each value, one below the other; `thick`: the first takes most of the height."""
    if not most:
        return []
    heights = [16.0, 4.0] if thick else [6.0] * len(values)
    gap, y, found = 2.0, 1.0, []
    for value, height, tone in zip(values, heights, tones, strict=True):
        found.append((0.0, y, round(_WIDTH * value / most, 2), height, tone))
        y += height + gap
    return found


def box(lower: float | None, middle: float | None, upper: float | None, most: float) -> list[Bar]:
    """The middle half as a bar, with a mark at the median."""
    if not most or middle is None:
        return []
    mark = (min(_WIDTH * middle / most, _WIDTH - 1), 1.0, 1.0, 22.0, "ink")
    if lower is None or upper is None:
        return [mark]
    return [(_WIDTH * lower / most, 6.0, _WIDTH * (upper - lower) / most, 12.0, "accent"), mark]


def _days(value: float | None) -> str:
    return "–" if value is None else wording.number(value)
