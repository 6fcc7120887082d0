"""Writes world.tsv, the outlines of the map, out of the package world-atlas (docs/decisions/0080).

    npm pack world-atlas@2.0.2
    python -m services.portal.pages.public.build_world world-atlas-2.0.2.tgz

The package (ISC) holds Natural Earth's countries (public domain) as TopoJSON. Outlines are those at
1:110 million in the Equal Earth projection, rounded; of each country the middle of its largest part
is told too, where a circle may stand, of what is too small for an outline at 1:50 million.
"""

import json
import math
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from shared.vocabulary.countries import all_countries

WIDTH, HEIGHT = 7400, 3060
"""The map's size in its own units; Antarctica lies below it, and it goes on beyond 180 degrees east
as far as the land does."""

_OUT = Path(__file__).with_name("world.tsv")
_MIDDLE = 1755
_HALF = 3600
_SCALE = _HALF / 2.70663
_A = (1.340264, -0.081106, 0.000893, 0.003796)
_NOT_THERE = {"TUV": (179.2, -8.52)}
"""A Member State that the package has in neither size: longitude and latitude of Funafuti."""

Point = tuple[float, float]
Topology = Mapping[str, Any]


def project(longitude: float, latitude: float) -> Point:
    """The place on the map of a point of the globe (Šavrič, Patterson, Jenny: Equal Earth)."""
    t = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    a1, a2, a3, a4 = _A
    slope = 9 * a4 * t**8 + 7 * a3 * t**6 + 3 * a2 * t**2 + a1
    x = 2 * math.sqrt(3) * math.radians(longitude) * math.cos(t) / (3 * slope)
    y = t * (a4 * t**8 + a3 * t**6 + a2 * t**2 + a1)
    return _HALF + _SCALE * x, _MIDDLE - _SCALE * y


def rings(topology: Topology, geometry: Mapping[str, Any]) -> Iterator[list[Point]]:
    """The outer rings of a geometry, on the map; lakes that belong to nobody are left out."""
    polygons = geometry.get("arcs", [])
    for polygon in [polygons] if geometry["type"] == "Polygon" else polygons:
        places: list[Point] = []
        for index in polygon[0]:
            arc = _arc(topology, index if index >= 0 else ~index)
            for longitude, latitude in arc if index >= 0 else arc[::-1]:
                # On across the 180th meridian, where the package goes round the globe.
                turns = round((places[-1][0] - longitude) / 360) if places else 0
                places.append((longitude + 360 * turns, latitude))
        yield [project(*place) for place in places]


def _arc(topology: Topology, index: int) -> list[Point]:
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    x = y = 0
    found = []
    for dx, dy in topology["arcs"][index]:
        x, y = x + dx, y + dy
        found.append((x * sx + tx, y * sy + ty))
    return found


def path(ring: Sequence[Point]) -> str:
    """A ring as an SVG path of whole steps; empty for one that has no area left."""
    places = [(round(x), round(y)) for x, y in ring]
    steps = [places[0]]
    for place in places[1:]:
        if abs(place[0] - steps[-1][0]) + abs(place[1] - steps[-1][1]) > 18:
            steps.append(place)
    if len(steps) < 3:
        return ""
    deltas = (f"{x - before_x} {y - before_y}" for (before_x, before_y), (x, y) in pairwise(steps))
    return f"M{steps[0][0]} {steps[0][1]}l{' '.join(deltas)}z".replace(" -", "-")


def rows(coarse: Topology, fine: Topology) -> Iterator[tuple[str, str, str]]:
    """Code, outline and middle ("x y") of each country; code "-" for land without one of ISO's."""
    codes = {one.m49: one.alpha3 for one in all_countries()}
    seen = set()
    for geometry in coarse["objects"]["countries"]["geometries"]:
        code = codes.get(str(geometry.get("id", "")).zfill(3), "-")
        if code == "ATA":
            continue
        found = list(rings(coarse, geometry))
        seen.add(code)
        yield code, "".join(path(ring) for ring in found), _middle(found)
    for geometry in fine["objects"]["countries"]["geometries"]:
        code = codes.get(str(geometry.get("id", "")).zfill(3), "-")
        if code in seen or code in ("-", "ATA"):
            continue
        seen.add(code)
        yield code, "", _middle(list(rings(fine, geometry)))
    for code, place in _NOT_THERE.items():
        yield code, "", _middle([[project(*place)]])


def _middle(found: Sequence[Sequence[Point]]) -> str:
    """The centre of gravity of the largest ring."""
    ring = max(found, key=_area)
    twice = sum(_cross(*pair) for pair in _sides(ring))
    if not twice:
        x, y = ring[0]
    else:
        x, y = (
            sum((a[axis] + b[axis]) * _cross(a, b) for a, b in _sides(ring)) / (3 * twice)
            for axis in (0, 1)
        )
    return f"{round(x)} {round(y)}"


def _area(ring: Sequence[Point]) -> float:
    return abs(sum(_cross(*pair) for pair in _sides(ring)))


def _sides(ring: Sequence[Point]) -> Iterator[tuple[Point, Point]]:
    return zip(ring, [*ring[1:], ring[0]], strict=True)


def _cross(a: Point, b: Point) -> float:
    return a[0] * b[1] - b[0] * a[1]


def main() -> None:
    """Write the file from the package that the command line names."""
    with tarfile.open(sys.argv[1]) as package:
        coarse, fine = (
            json.load(package.extractfile(f"package/countries-{size}.json"))  # type: ignore[arg-type]
            for size in ("110m", "50m")
        )
    lines = [
        "# Natural Earth (public domain), by world-atlas 2.0.2 (ISC); written by build_world.py.",
        "code\tpath\tmiddle",
        *("\t".join(row) for row in sorted(rows(coarse, fine))),
    ]
    _OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
