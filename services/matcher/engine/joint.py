"""What an alliance would be about: common lines, what each adds, who could serve it, what it saves.

Pure reckoning over what members ask for and what their shortlists hold.

**The saving** is a model, not a measurement. Of what a State would pay for a line on its own, a
part is spent once whoever takes part: a course is designed once, a specification written once, a
team travels once. That part is `once` in data/joint.json, by kind, our own judgement. Provided
apart, every State's line costs what it says. Provided together, the part that is spent once is as
large as the costliest State's: of n States' amounts a1 to an, once × (their sum - the largest) is
saved. One State's own requests count as one. Lines without a stated amount save nothing here.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

LEAST_STATES = 2
DECIMALS = 6

Code = tuple[str, str]
"""A theme and a kind."""


@dataclass(frozen=True, slots=True)
class AskedLine:
    """A need line that is not confidential. `quantity` is in thousandths of `unit`, `cents` in US
    cents; None where it is not stated."""

    line: int
    theme: str
    kind: str
    quantity: int | None = None
    unit: str | None = None
    cents: int | None = None

    @property
    def code(self) -> Code:
        """What it is about."""
        return self.theme, self.kind


@dataclass(frozen=True, slots=True)
class Party:
    """A member's request and its lines."""

    request: str
    country: str
    lines: tuple[AskedLine, ...]


@dataclass(frozen=True, slots=True)
class CommonLine:
    """What requests of at least two States ask for.

    `lines` are (request, line number); `quantities` sum thousandths by unit, `cents` US cents, of
    those that state them; `unpriced` is how many do not. `saved` is by the model above.
    """

    theme: str
    kind: str
    states: tuple[str, ...]
    lines: tuple[tuple[str, int], ...]
    quantities: Mapping[str, int]
    cents: int
    unpriced: int
    saved: int


def common_lines(parties: Sequence[Party]) -> tuple[CommonLine, ...]:
    """What is asked for by at least two States, the costliest first."""
    asked: defaultdict[Code, list[tuple[Party, AskedLine]]] = defaultdict(list)
    for party in parties:
        for line in party.lines:
            asked[line.code].append((party, line))
    found = [
        _common(code, lines) for code, lines in asked.items() if _states(lines) >= LEAST_STATES
    ]
    return tuple(sorted(found, key=lambda one: (-one.cents, one.theme, one.kind)))


def added_lines(party: Party, commons: Sequence[CommonLine]) -> tuple[AskedLine, ...]:
    """The lines that a party brings and nobody else asks for."""
    common = {(one.theme, one.kind) for one in commons}
    return tuple(line for line in party.lines if line.code not in common)


@dataclass(frozen=True, slots=True)
class Saving:
    """In US cents: what the common lines cost apart and together. `unpriced` lines state no amount
    and count in neither."""

    apart: int
    together: int
    unpriced: int

    @property
    def saved(self) -> int:
        """By how much together is less."""
        return self.apart - self.together


def saving(commons: Sequence[CommonLine]) -> Saving:
    """What one joint provision of the common lines saves against separate ones."""
    apart = sum(one.cents for one in commons)
    saved = sum(one.saved for one in commons)
    return Saving(apart, apart - saved, sum(one.unpriced for one in commons))


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of an offer's provision line: thousandths of `unit`, or US cents as `USD`."""

    unit: str
    amount: int


@dataclass(frozen=True, slots=True)
class JointOffer:
    """An offer that stands in every member's shortlist and serves something in common.

    `common` are the themes and kinds that it serves to at least two States, `states` those of which
    it serves anything in common. `part` is how much it
    could give of what those together need of it, from 0 to 1; None where no amounts can be
    compared. `whole` is whether it serves every member, and what is left is enough for the sum.
    `worth` is Σ of the members' scores × (1 + the largest part spent once among what it serves in
    common): so one course for four States is worth more than four courses for one each.
    """

    offer: str
    common: tuple[Code, ...]
    states: tuple[str, ...]
    part: float | None
    whole: bool
    worth: float


def joint_offers(
    parties: Sequence[Party],
    entries: Mapping[str, Mapping[str, Mapping[str, Any]]],
    left: Mapping[tuple[str, int], Left],
) -> tuple[JointOffer, ...]:
    """The offers that could serve a joint project, those that serve it whole first, by worth.

    `entries` are the members' shortlists: by request and offer, `score` and `serves` as stored.
    An offer in all of them is for every State and in time for each. `left` is what is left of
    offers' lines, by offer and line.
    """
    if not parties or any(party.request not in entries for party in parties):
        return ()
    offers = set.intersection(*({*entries[party.request]} for party in parties))
    common = {(one.theme, one.kind) for one in common_lines(parties)}
    found = [_joint(offer, parties, entries, left, common) for offer in sorted(offers)]
    served = [one for one in found if one.common]
    return tuple(sorted(served, key=lambda one: (not one.whole, -one.worth, one.offer)))


def once(kind: str) -> float:
    """The part of what a line of a kind costs that is spent once, whoever takes part."""
    return _model().get(kind, 0.0)


@cache
def _model() -> Mapping[str, float]:
    source = files("services.matcher.engine") / "data" / "joint.json"
    stored: dict[str, float] = json.loads(source.read_text(encoding="utf-8"))["once"]
    return stored


def _states(lines: Sequence[tuple[Party, AskedLine]]) -> int:
    return len({party.country for party, _ in lines})


def _common(code: Code, lines: Sequence[tuple[Party, AskedLine]]) -> CommonLine:
    theme, kind = code
    quantities: defaultdict[str, int] = defaultdict(int)
    by_state: defaultdict[str, int] = defaultdict(int)
    for party, line in lines:
        if line.quantity is not None and line.unit is not None:
            quantities[line.unit] += line.quantity
        by_state[party.country] += line.cents or 0
    total = sum(by_state.values())
    return CommonLine(
        theme=theme,
        kind=kind,
        states=tuple(sorted(by_state)),
        lines=tuple(sorted((party.request, line.line) for party, line in lines)),
        quantities=dict(sorted(quantities.items())),
        cents=total,
        unpriced=sum(line.cents is None for _, line in lines),
        saved=round(once(kind) * (total - max(by_state.values()))),
    )


def _joint(
    offer: str,
    parties: Sequence[Party],
    entries: Mapping[str, Mapping[str, Mapping[str, Any]]],
    left: Mapping[tuple[str, int], Left],
    common: set[Code],
) -> JointOffer:
    served: defaultdict[Code, set[str]] = defaultdict(set)
    needed: defaultdict[tuple[int, str], int] = defaultdict(int)
    reached = set()
    for party in parties:
        told = {line.line for line in party.lines}
        for serving in entries[party.request][offer]["serves"]:
            code = serving["theme"], serving["kind"]
            if serving["need"] not in told or code not in common:
                continue
            served[code].add(party.country)
            reached.add(party.request)
            for unit, amount in _needs(serving):
                needed[serving["provision"], unit] += amount
    parts = [
        min(1.0, max(0, left[offer, line].amount) / amount)
        for (line, unit), amount in needed.items()
        if amount and (offer, line) in left and left[offer, line].unit == unit
    ]
    codes = tuple(sorted(code for code, states in served.items() if len(states) >= LEAST_STATES))
    part = round(min(parts), DECIMALS) if parts else None
    score = sum(entries[party.request][offer]["score"] for party in parties)
    bonus = max((once(kind) for _, kind in codes), default=0.0)
    return JointOffer(
        offer=offer,
        common=codes,
        states=tuple(sorted(set().union(*served.values()))) if served else (),
        part=part,
        whole=part == 1.0 and len(reached) == len(parties),
        worth=round(score * (1.0 + bonus), DECIMALS),
    )


def _needs(serving: Mapping[str, Any]) -> list[tuple[str, int]]:
    """What a served need takes of its provision, in every unit that is known of it."""
    found = []
    if serving["of"] is not None and serving["unit"] is not None:
        found.append((str(serving["unit"]), round(serving["of"] * 1000)))
    if serving.get("amount_of") is not None:
        found.append(("USD", int(serving["amount_of"])))
    return found
