"""What a proposal would use up of need and offer, beside what is taken already: plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.portal.pages.dollars import in_currency, in_dollars

Part = tuple[float, float, str]
"""An amount in the line's own measure, its share of the whole, the class of the bar's colour."""


@dataclass(frozen=True)
class Use:
    """One line of a side: its whole, what is taken of it, what the proposal would take still.

    `held` is the part of what is taken that the proposal's own commitments hold. `would` is None
    where nobody can say: what serves is told in US dollars, and the line's currency has no rate.

    Quantities are in `unit`, money is in the line's `currency`; `measure` says which it is, or
    `whole` for a line that gives neither and is counted as one.
    """

    line: int
    theme: str
    kind: str
    measure: str
    unit: str
    whole: float
    taken: float
    would: float | None
    held: float = 0.0

    @property
    def over(self) -> bool:
        """Whether it would take more than is left."""
        return (self.would or 0.0) > self.whole - self.taken + 1e-9

    def shares(self) -> tuple[float, float]:
        """What is taken, and that with what would be, as shares of the whole."""
        if self.whole <= 0:
            return 0.0, 0.0
        return self.taken / self.whole, min(1.0, (self.taken + (self.would or 0.0)) / self.whole)


def uses(
    serves: Sequence[Mapping[str, Any]],
    lines: Sequence[Mapping[str, Any]],
    side: str,
    on: date,
    committed: Sequence[Mapping[str, Any]] = (),
) -> list[Use]:
    """What a proposal's `serves` take of the `request`'s needs or of the `offer`'s provisions, at
    the rates of a day, beside what is `committed` of them by it."""
    number, counted = ("need", "quantity") if side == "request" else ("provision", "capacity")
    found: dict[int, Use] = {}
    for line in lines:
        own = [serving for serving in serves if serving[number] == line["line"]]
        held = [one for one in committed if one["line"] == line["line"]]
        if own or held:
            use = _use(line, own, counted, on)
            alike = [one for one in held if use.measure in (one["measure"], "whole")]
            of_it = sum(float(one["committed"]) for one in alike)
            if own or alike:
                found[use.line] = replace(use, held=of_it)
    return [found[line] for line in sorted(found)]


def serves_none(
    serves: Sequence[Mapping[str, Any]], needs: Sequence[Mapping[str, Any]] | None
) -> bool:
    """Whether nothing of the need lines that a request states now is served.

    Its lines may be others than those that `serves` was found for; None: nobody can say which.
    """
    if needs is None:
        return not serves
    # How much it is of a line does not matter here, so any day's rate will do.
    return all(use.would == 0 for use in uses(serves, needs, "request", date.max))


def _use(
    line: Mapping[str, Any], serves: Sequence[Mapping[str, Any]], counted: str, on: date
) -> Use:
    quantity, amount = line.get(counted), line.get("amount")
    if quantity is not None and line["kind"] != "funding":
        measure, whole, name = "quantity", float(quantity), counted
    elif amount is not None:
        measure, whole, name = "money", float(amount), "amount"
    else:
        measure, whole, name = "whole", 1.0, counted
    use = Use(
        line=line["line"],
        theme=line["theme"],
        kind=line["kind"],
        measure=measure,
        unit=(line.get("currency") or "USD") if measure == "money" else line.get("unit") or "",
        whole=whole,
        taken=_taken(line, whole, name),
        would=0.0,
    )
    return replace(use, would=_would(use, serves, on))


def _would(use: Use, serves: Sequence[Mapping[str, Any]], on: date) -> float | None:
    """What is given of a line by what serves it; all of it where that is not told."""
    names = {"quantity": "quantity", "money": "amount"}
    told = [one[names[use.measure]] if use.measure in names else None for one in serves]
    untold = use.whole * told.count(None)
    given = float(sum(one for one in told if one is not None))
    if use.measure != "money":
        return untold + given
    own = in_currency(given, use.unit, on, like=(use.whole - use.taken, use.whole))
    return None if own is None else untold + own


def _taken(line: Mapping[str, Any], whole: float, name: str) -> float:
    """What is spoken for: of a need what is pledged or committed, of a provision what is gone."""
    if "left" in line:
        left = line["left"].get(name)
        return 0.0 if left is None else max(0.0, whole - float(left))
    told = [float((line.get(key) or {}).get(name) or 0) for key in ("pledged", "committed")]
    return max(told)


_ROUNDED = 1e-6
"""By so much parts of a line may seem to be more than it, for dollars are told in whole cents."""


@dataclass(frozen=True)
class Conflict:
    """Why a chosen proposal cannot simply be endorsed with the others.

    `same-need` and `same-capacity` name the `line`, and the other proposals; `decided`, `pending`,
    `elsewhere`, `unread`, `barred` and `serves-none` are of itself.
    """

    code: str
    line: int = 0
    others: tuple[str, ...] = ()


def conflicts(
    chosen: Sequence[Mapping[str, Any]], offers: Mapping[str, Mapping[str, Any]], on: date
) -> dict[str, list[Conflict]]:
    """Of each chosen proposal what speaks against endorsing all of them, at the rates of a day.

    Two for one need conflict where together they give more than it asks for, two of one offer where
    they take more of a line than is left of it.
    """
    found: dict[str, list[Conflict]] = {one["id"]: [] for one in chosen}
    for code, side, number in (
        ("same-need", "request", "need"),
        ("same-capacity", "offer", "provision"),
    ):
        takers: dict[tuple[str, int], list[tuple[str, float]]] = {}
        for one in chosen:
            for serving in one["serves"]:
                part = _part(serving, offers.get(one["offer"], {}), side, on)
                takers.setdefault((one[side], serving[number]), []).append((one["id"], part))
        for (_, line), taken in takers.items():
            ids = tuple(dict.fromkeys(id_ for id_, _ in taken))
            if len(ids) > 1 and sum(part for _, part in taken) > 1 + _ROUNDED:
                for id_ in ids:
                    others = tuple(other for other in ids if other != id_)
                    found[id_].append(Conflict(code, line, others))
    return found


def _part(serving: Mapping[str, Any], offer: Mapping[str, Any], side: str, on: date) -> float:
    """The part that it takes of what is left of its line; all of it where that is not known.

    What serves is in US dollars, so what is left is held against it in those.
    """
    quantity, amount = serving["quantity"], serving["amount"]
    if side == "request":
        pairs = ((quantity, serving["of"]), (amount, serving["amount_of"]))
    else:
        lines = {line["line"]: line for line in offer.get("provisions", ())}
        line = lines.get(serving["provision"], {})
        left = line.get("left", {})
        money = left.get("amount")
        if money is not None:
            money = in_dollars(money, line.get("currency") or "USD", on)
        pairs = ((quantity, left.get("capacity")), (amount, money))
    for given, whole in pairs:
        if given is not None and whole:
            return float(given) / float(whole)
    return 1.0
