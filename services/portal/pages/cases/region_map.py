"""The map of a joint project: its States and their neighbours, as near as they lie together."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from services.portal.pages import wording
from services.portal.pages.public.world import outlines
from shared.vocabulary.countries import neighbours
from shared.vocabulary.errors import UnknownCode

_LEAST = 300.0
"""The least width and height that is shown, so that small States stand in their surroundings."""
_MARGIN, _BROADEST, _TALLEST = 0.2, 2.2, 1.0
_SIZE = 0.032
"""The height of letters, as a part of the map's width."""
_STEP = re.compile(r"([Ml])([^Mlz]*)")
_NUMBER = re.compile(r"-?\d+")

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True)
class Land:
    """The outline of a State, with its name, and where its label stands."""

    path: str
    name: str
    x: float
    y: float


@dataclass(frozen=True)
class RegionMap:
    """A part of the world: `members` and `near` by State, all other land in one path."""

    view: str
    members: Sequence[Land]
    near: Sequence[Land]
    other: str
    letters: float


def region_map(states: Iterable[str]) -> RegionMap | None:
    """The map of these States; None where none of them has a place on the map."""
    lands = outlines()
    members = [alpha3 for alpha3 in dict.fromkeys(states) if alpha3 in lands]
    if not members:
        return None
    near = {other for alpha3 in members for other in _neighbours(alpha3)} - set(members)
    view = _view([_main_box(*lands[alpha3]) for alpha3 in members])
    # On a screen that is broader than the view, what lies beside it is seen too.
    broad = view[2] - view[0]
    seen = view[0] - broad, view[1], view[2] + broad, view[3]
    others = (
        path
        for code, (path, _middle) in lands.items()
        if code not in near and code not in members and _is_within(path, seen)
    )
    return RegionMap(
        view=f"{view[0]:.0f} {view[1]:.0f} {view[2] - view[0]:.0f} {view[3] - view[1]:.0f}",
        members=[_land(alpha3, *lands[alpha3]) for alpha3 in members],
        near=[
            _land(alpha3, *lands[alpha3])
            for alpha3 in sorted(near)
            if alpha3 in lands and _is_within(lands[alpha3][0], seen)
        ],
        other="".join(others),
        letters=round((view[2] - view[0]) * _SIZE, 1),
    )


def _neighbours(alpha3: str) -> frozenset[str]:
    try:
        return neighbours(alpha3)
    except UnknownCode:
        return frozenset()


def _land(alpha3: str, path: str, middle: str) -> Land:
    x, y = map(float, middle.split())
    return Land(path, wording.country(alpha3), x, y)


def _view(boxes: Sequence[Box]) -> Box:
    """What is shown around boxes: neither very broad nor taller than broad."""
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
    width = max((right - left) * (1 + 2 * _MARGIN), _LEAST)
    height = max((bottom - top) * (1 + 2 * _MARGIN), _LEAST)
    width, height = max(width, height / _TALLEST), max(height, width / _BROADEST)
    x, y = (left + right) / 2, (top + bottom) / 2
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _main_box(path: str, middle: str) -> Box:
    """The box of a State's largest piece of land: its far islands are no reason to go far."""
    boxes = [_box(points) for points in _pieces(path)]
    x, y = map(float, middle.split())
    return max(boxes, key=_area, default=(x, y, x, y))


def _is_within(path: str, view: Box) -> bool:
    return any(
        box[0] <= view[2] and box[2] >= view[0] and box[1] <= view[3] and box[3] >= view[1]
        for box in map(_box, _pieces(path))
    )


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _box(points: Sequence[tuple[float, float]]) -> Box:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _pieces(path: str) -> Iterator[list[tuple[float, float]]]:
    """The corners of each piece of an outline: `M` begins one, `l` goes on from there."""
    points: list[tuple[float, float]] = []
    for letter, rest in _STEP.findall(path):
        numbers = [float(one) for one in _NUMBER.findall(rest)]
        if letter == "M":
            if points:
                yield points
            points = [(numbers[0], numbers[1])]
            numbers = numbers[2:]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            points.append((points[-1][0] + dx, points[-1][1] + dy))
    if points:
        yield points
