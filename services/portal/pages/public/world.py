"""The world's map: outlines as build_world.py wrote them, and circles for numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from services.portal.pages import wording
from services.portal.pages.public.build_world import HEIGHT, WIDTH

_SMALL, _LARGE, _MANY = 75.0, 200.0, 20
"""The least and the largest circle, and the least number that has the largest."""


@dataclass(frozen=True)
class Circle:
    """A State's circle: its middle, its radius, the number in it and its size, the State's name."""

    x: int
    y: int
    radius: float
    number: str
    letters: float
    name: str


@dataclass(frozen=True)
class Map:
    """A map: the land of all, that of the States with a number, and their circles."""

    land: str
    marked: str
    circles: Sequence[Circle]
    width: int = WIDTH
    height: int = HEIGHT


@cache
def outlines() -> Mapping[str, tuple[str, str]]:
    """Path and middle by code; land without a code of ISO's under others that begin with "-"."""
    text = (files("services.portal.pages.public") / "world.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines()[2:]]
    return {
        code if code != "-" else f"-{number}": (path, middle)
        for number, (code, path, middle) in enumerate(rows)
    }


def world(rows: Sequence[Mapping[str, Any]]) -> Map:
    """The map of States with a number: `rows` have `country` and `open`."""
    lands, shown = outlines(), {row["country"]: row["open"] for row in rows if row["open"]}
    most = max(shown.values(), default=1)
    return Map(
        "".join(path for code, (path, _) in lands.items() if code not in shown),
        "".join(path for code, (path, _) in lands.items() if code in shown),
        # The largest are painted first, so that none hides another.
        [
            _circle(alpha3, number, most, lands[alpha3][1])
            for alpha3, number in sorted(shown.items(), key=lambda one: -one[1])
            if alpha3 in lands
        ],
    )


def _circle(alpha3: str, number: int, most: int, middle: str) -> Circle:
    x, y = middle.split()
    radius = _SMALL + (_LARGE - _SMALL) * ((number - 1) / max(most, _MANY)) ** 0.5
    told = wording.number(number)
    letters = round(min(radius * 1.2, radius * 3 / max(len(told), 1)))
    return Circle(int(x), int(y), round(radius), told, letters, wording.country(alpha3))
