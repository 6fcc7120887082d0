"""A donor's track record: what came of its earlier help, as a feature of its offers.

Every State that was helped has one voice, the mean of what came of the help for it. A Bayesian
average shrinks them: the record is reckoned as if PRIOR_STATES more had said NEUTRAL. Below
LEAST_STATES it is NEUTRAL, as it is of a donor that nobody was asked about, and it moves in steps:
so that neither an order nor a score gives away what one State said.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum
from types import MappingProxyType
from typing import Any, NamedTuple, Self

NEUTRAL = 75
"""The record of a donor without one, in hundredths: 4 of 5. High rather than low, so that who has
none stands behind nobody whose help was found just ordinary."""
PRIOR_STATES = 5
LEAST_STATES = 3
"""Of so many States something is told or reckoned, and of no fewer."""
STEP = 5
"""In hundredths: two tenths on the scale of 1 to 5."""

SCORES = ("adequate", "effective", "sustainable")
"""What a State is asked of assistance that it was given: each 1 (not at all) to 5 (wholly)."""
_LOWEST, _HIGHEST = 1, 5


class Outcome(NamedTuple):
    """What came of one proposal: what the State said last, by SCORES; whether it was delivered in
    time, and the part of what was promised that the State received, None where nobody can say.
    """

    country: str
    theme: str | None
    scores: tuple[int, ...]
    in_time: bool | None = None
    received: float | None = None

    @classmethod
    def of_event(cls, data: Mapping[str, Any]) -> Self | None:
        """From the data of a match's event; None as long as the State was not asked, or silent."""
        said = [
            one
            for one in data.get("follow_ups", ())
            if one["answered_at"] is not None and None not in [one[name] for name in SCORES]
        ]
        if not said:
            return None
        last = max(said, key=lambda one: one["months"])
        known = data.get("outcome") or {}
        return cls(
            data["country"],
            known.get("theme"),
            tuple(last[name] for name in SCORES),
            known.get("in_time"),
            known.get("received"),
        )

    @property
    def judged(self) -> float:
        """The mean of what the State said, 1 to 5."""
        return fsum(self.scores) / len(self.scores)

    @property
    def worth(self) -> float:
        """From 0 to 1: the mean of all five that is known, each counting alike."""
        parts = [(score - _LOWEST) / (_HIGHEST - _LOWEST) for score in self.scores]
        if self.in_time is not None:
            parts.append(float(self.in_time))
        if self.received is not None:
            parts.append(self.received)
        return fsum(parts) / len(parts)


@dataclass(frozen=True, slots=True)
class Standing:
    """A donor's record in hundredths: of all its help, and by theme where enough States spoke."""

    overall: int = NEUTRAL
    themes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def on(self, theme: str | None) -> int:
        """The record on a theme, that of all its help where there is none."""
        return self.themes.get(theme or "", self.overall)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A donor's record as people read it: how many States judged how often, and how, 1 to 5; which
    part was delivered in time, and received, None where nobody can say."""

    states: int
    helped: int
    judged: float
    in_time: float | None
    received: float | None


def standing(outcomes: Collection[Outcome]) -> Standing:
    """The record that outcomes make, whatever their order."""
    overall = _shrunk(NEUTRAL / 100.0, outcomes)
    if overall is None:
        return Standing()
    by_theme: defaultdict[str, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        if one.theme is not None:
            by_theme[one.theme].append(one)
    themes = {theme: _shrunk(overall, found) for theme, found in sorted(by_theme.items())}
    return Standing(
        _in_steps(overall),
        MappingProxyType({t: _in_steps(value) for t, value in themes.items() if value is not None}),
    )


def judgement(outcomes: Collection[Outcome]) -> Judgement | None:
    """What there is to tell of outcomes; None of none."""
    if not outcomes:
        return None
    voices = _voices((one.country, one.judged) for one in outcomes)
    return Judgement(
        states=len(voices),
        helped=len(outcomes),
        judged=_mean(voices),
        in_time=_mean_or_none(one.in_time for one in outcomes),
        received=_mean_or_none(one.received for one in outcomes),
    )


def _shrunk(toward: float, outcomes: Iterable[Outcome]) -> float | None:
    """The voices' mean, shrunk; None where they are too few."""
    voices = _voices((one.country, one.worth) for one in outcomes)
    if len(voices) < LEAST_STATES:
        return None
    return (PRIOR_STATES * toward + fsum(voices)) / (PRIOR_STATES + len(voices))


def _voices(said: Iterable[tuple[str, float]]) -> list[float]:
    """One voice a State."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for country, value in said:
        found[country].append(value)
    return [_mean(values) for values in found.values()]


def _mean(values: Collection[float]) -> float:
    # fsum is exact, so the order in which outcomes came does not matter.
    return fsum(values) / len(values)


def _mean_or_none(values: Iterable[float | None]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return _mean(known) if known else None


def _in_steps(value: float) -> int:
    return STEP * round(100.0 * value / STEP)
