"""What a proposal would use up of need and offer, beside what is taken already: plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Part = tuple[float, float, str]
"""An amount in the line's own measure, its share of the whole, the class of the bar's colour."""


@dataclass(frozen=True)
class Use:
    """One line of a side: its whole, what is taken of it, what the proposal would take still.

    `held` is the part of what is taken that the proposal's own commitments hold.

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
    would: float
    held: float = 0.0

    @property
    def over(self) -> bool:
        """Whether it would take more than is left."""
        return self.would > self.whole - self.taken + 1e-9

    def shares(self) -> tuple[float, float]:
        """What is taken, and that with what would be, as shares of the whole."""
        if self.whole <= 0:
            return 0.0, 0.0
        return self.taken / self.whole, min(1.0, (self.taken + self.would) / self.whole)


def uses(
    serves: Sequence[Mapping[str, Any]],
    lines: Sequence[Mapping[str, Any]],
    side: str,
    committed: Sequence[Mapping[str, Any]] = (),
) -> list[Use]:
    """What a proposal's `serves` take of the `request`'s needs or of the `offer`'s provisions,
    beside what is `committed` of them by it."""
    number, counted = ("need", "quantity") if side == "request" else ("provision", "capacity")
    known = {line["line"]: line for line in lines}
    found: dict[int, Use] = {}
    for serving in serves:
        line = known.get(serving[number])
        if line is None:
            continue
        before = found[line["line"]].would if line["line"] in found else 0.0
        found[line["line"]] = _use(line, serving, before, counted)
    for held in committed:
        line = known.get(held["line"])
        if line is not None:
            use = found.get(held["line"]) or _use(line, None, 0.0, counted)
            if use.measure == held["measure"] or use.measure == "whole":
                found[use.line] = replace(use, held=use.held + float(held["committed"]))
    return [found[line] for line in sorted(found)]


def serves_none(
    serves: Sequence[Mapping[str, Any]], needs: Sequence[Mapping[str, Any]] | None
) -> bool:
    """Whether nothing of the need lines that a request states now is served.

    Its lines may be others than those that `serves` was found for; None: nobody can say which.
    """
    if needs is None:
        return not serves
    return not any(use.would for use in uses(serves, needs, "request"))


def _use(
    line: Mapping[str, Any], serving: Mapping[str, Any] | None, before: float, counted: str
) -> Use:
    quantity, amount = line.get(counted), line.get("amount")
    if quantity is not None and line["kind"] != "funding":
        measure, whole, name = "quantity", float(quantity), counted
    elif amount is not None:
        measure, whole, name = "money", float(amount), "amount"
    else:
        measure, whole, name = "whole", 1.0, counted
    return Use(
        line=line["line"],
        theme=line["theme"],
        kind=line["kind"],
        measure=measure,
        unit=(line.get("currency") or "USD") if measure == "money" else line.get("unit") or "",
        whole=whole,
        taken=_taken(line, whole, name),
        would=before + _would(serving, measure, whole),
    )


def _would(serving: Mapping[str, Any] | None, measure: str, whole: float) -> float:
    """What is given of a line by what serves it; all of it where that is not told."""
    if serving is None:
        return 0.0
    names = {"quantity": "quantity", "money": "amount"}
    told = serving[names[measure]] if measure in names else None
    return whole if told is None else float(told)


def _taken(line: Mapping[str, Any], whole: float, name: str) -> float:
    """What is spoken for: of a need what is pledged or committed, of a provision what is gone."""
    if "left" in line:
        left = line["left"].get(name)
        return 0.0 if left is None else max(0.0, whole - float(left))
    told = [float((line.get(key) or {}).get(name) or 0) for key in ("pledged", "committed")]
    return max(told)


@dataclass(frozen=True)
class Conflict:
    """Why a chosen proposal cannot simply be endorsed with the others.

    `same-need` and `same-capacity` name the `line`, and the other proposals; `decided`, `pending`,
    `unread`, `barred` and `serves-none` are of itself.
    """

    code: str
    line: int = 0
    others: tuple[str, ...] = ()


def conflicts(
    chosen: Sequence[Mapping[str, Any]], offers: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[Conflict]]:
    """Of each chosen proposal what speaks against endorsing all of them.

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
                part = _part(serving, offers.get(one["offer"], {}), side)
                takers.setdefault((one[side], serving[number]), []).append((one["id"], part))
        for (_, line), taken in takers.items():
            ids = tuple(dict.fromkeys(id_ for id_, _ in taken))
            if len(ids) > 1 and sum(part for _, part in taken) > 1 + 1e-9:
                for id_ in ids:
                    others = tuple(other for other in ids if other != id_)
                    found[id_].append(Conflict(code, line, others))
    return found


def _part(serving: Mapping[str, Any], offer: Mapping[str, Any], side: str) -> float:
    """The part that it takes of what is left of its line; all of it where that is not known."""
    quantity, amount = serving["quantity"], serving["amount"]
    if side == "request":
        pairs = ((quantity, serving["of"]), (amount, serving["amount_of"]))
    else:
        lines = {line["line"]: line for line in offer.get("provisions", ())}
        left = lines.get(serving["provision"], {}).get("left", {})
        pairs = ((quantity, left.get("capacity")), (amount, left.get("amount")))
    for given, whole in pairs:
        if given is not None and whole:
            return float(given) / float(whole)
    return 1.0
