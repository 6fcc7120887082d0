"""Arms embargoes: which kinds of help one bars a State from, on a day, and what exempts a request.

Pure facts and one rule. Two embargoes on one State bar what either bars; an exemption counts for
the embargo that it is on file with.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from services.matcher.engine.codes import KIND_CODES
from services.matcher.engine.profiles import ALWAYS

Days = tuple[int, int]
"""First and last day, as proleptic day numbers."""


@dataclass(frozen=True, slots=True)
class Exemption:
    """Kinds of help that an embargo's authority has exempted; all of the State's requests, or one.

    The last day of `days` is the last one on which it counts.
    """

    id: str
    kinds: frozenset[str]
    request: str | None
    days: Days

    def covers(self, request: str, kind: str, day: int) -> bool:
        """Whether it lets a kind of help be given to a request on a day."""
        return (
            kind in self.kinds
            and self.request in (None, request)
            and self.days[0] <= day <= self.days[1]
        )


@dataclass(frozen=True, slots=True)
class Embargo:
    """An embargo on a State: every kind of help that it does not name as `allowed` is barred."""

    id: str
    country: str
    allowed: frozenset[str]
    days: Days
    exemptions: tuple[Exemption, ...] = ()

    @classmethod
    def of_event(cls, data: Mapping[str, Any]) -> Self:
        """From the data of an `entraide.embargo.v1` event that its schema has passed."""
        return cls(
            id=data["id"],
            country=data["country"],
            allowed=frozenset(data["allowed"]),
            days=_days(data["from"], data["to"]),
            exemptions=tuple(
                Exemption(
                    id=one["id"],
                    kinds=frozenset(one["kinds"]),
                    request=one["request"],
                    days=_days(one["from"], one["to"]),
                )
                for one in data["exemptions"]
            ),
        )

    def in_force(self, day: int) -> bool:
        """Whether it is in force on a day."""
        return self.days[0] <= day <= self.days[1]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What embargoes say of a request on a day.

    `embargoes` are those in force on its State. `barred` maps each kind of help that it may not
    have to the embargoes that bar it; `exempt` each that it may have by exemption alone to these,
    as (embargo, exemption): the one that lasts longest of each embargo.
    """

    embargoes: tuple[str, ...] = ()
    barred: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exempt: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()

    def bars(self, kind: str | None) -> tuple[str, ...]:
        """The embargoes that bar a kind; of one that is not known, whatever bars anything."""
        barred = dict(self.barred)
        if kind in KIND_CODES:
            return barred.get(kind, ())
        return tuple(sorted({embargo for by in barred.values() for embargo in by}))

    @property
    def bits(self) -> int:
        """The barred kinds, as bits by their numbers."""
        barred = dict(self.barred)
        return sum(1 << number for number, kind in enumerate(KIND_CODES) if kind in barred)


NO_RULING = Ruling()
"""What is said of a request whose State is under no embargo."""


def ruling(embargoes: Iterable[Embargo], request: str, day: int) -> Ruling:
    """What embargoes on a request's State say of it on a day, in whatever order they come."""
    standing = sorted((one for one in embargoes if one.in_force(day)), key=lambda one: one.id)
    if not standing:
        return NO_RULING
    barred: list[tuple[str, tuple[str, ...]]] = []
    exempt: list[tuple[str, tuple[tuple[str, str], ...]]] = []
    for kind in KIND_CODES:
        by: list[str] = []
        under: list[tuple[str, str]] = []
        for embargo in standing:
            if kind in embargo.allowed:
                continue
            covering = [one for one in embargo.exemptions if one.covers(request, kind, day)]
            if covering:
                best = max(covering, key=lambda one: (one.days[1], one.id))
                under.append((embargo.id, best.id))
            else:
                by.append(embargo.id)
        if by:
            barred.append((kind, tuple(by)))
        elif under:
            exempt.append((kind, tuple(under)))
    return Ruling(tuple(one.id for one in standing), tuple(barred), tuple(exempt))


class Embargoes:
    """The register as the engine holds it, by State."""

    def __init__(self) -> None:
        self._by_id: dict[str, Embargo] = {}
        self._of_state: defaultdict[str, dict[str, Embargo]] = defaultdict(dict)

    def __iter__(self) -> Iterator[str]:
        """The States that it has embargoes of, past and coming ones too."""
        return iter(sorted(state for state, known in self._of_state.items() if known))

    def put(self, id_: str, embargo: Embargo | None) -> set[str]:
        """Add an embargo, replace it, or with None take it out; returns the States concerned."""
        concerned = set()
        known = self._by_id.pop(id_, None)
        if known is not None:
            del self._of_state[known.country][id_]
            concerned.add(known.country)
        if embargo is not None:
            self._by_id[id_] = embargo
            self._of_state[embargo.country][id_] = embargo
            concerned.add(embargo.country)
        return concerned

    def ruling(self, country: str, request: str, day: int) -> Ruling:
        """What is said of a State's request on a day."""
        known = self._of_state.get(country)
        return ruling(known.values(), request, day) if known else NO_RULING


def _days(first: str, last: str | None) -> Days:
    end = ALWAYS[1] if last is None else date.fromisoformat(last).toordinal()
    return date.fromisoformat(first).toordinal(), end
