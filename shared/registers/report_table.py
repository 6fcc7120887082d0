"""A service's facts as arrays, from which each question for the report is answered.

Of some hundred thousand facts only some thousand stand under codes of their own: conditions are
asked of these sets of codes alone, and what each adds to a figure is added up beforehand.
"""

from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.registers.report import DIMENSIONS, MOST_RECORDS, Codes, Fact, Form
from shared.web.paging import bad_cursor, read_cursor, write_cursor

FEW: Final = 5
"""Of fewer values no quartiles are told: they would say little."""
_IN_ORDER: Final = ("id",)
Integers = NDArray[np.int32]
Numbers = NDArray[np.float64]
Truths = NDArray[np.bool_]
Group = tuple[str | None, str | None]
CodeSet = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class FactTable:
    """The facts of a service as they were at `as_of`.

    `figure`, `record` and `sets` have one element for each fact: a place in `forms`, in `records`
    (in their order), and in the sets of codes. `groups` are in the report's order, all together
    first; `of` says which sets are of which group, of the shape (groups, sets). `totals` are the
    number, the parts and the wholes of each set's facts, of the shape (sets, 3 * figures).
    `spreads` has the values of each figure of that form, the least first, and their sets.
    """

    as_of: datetime
    forms: Mapping[str, Form]
    records: tuple[str, ...]
    figure: Integers
    record: Integers
    sets: Integers
    groups: tuple[Group, ...]
    of: Truths
    totals: Numbers
    spreads: Mapping[str, tuple[Numbers, Integers]]


def gathered(forms: Mapping[str, Form], facts: Iterable[Fact], as_of: datetime) -> FactTable:
    """The table of the facts; `forms` names the figures in their order, of others none is told."""
    figures = {name: place for place, name in enumerate(forms)}
    known: dict[CodeSet, int] = {}
    numbered: dict[str, int] = {}
    rows, amounts = array("i"), array("d")
    last: Codes | None = None
    place = 0
    for name, id_, codes, part, full in facts:
        if codes is not last:  # the facts of a line have theirs in common
            key = tuple((by, tuple(held)) for by, held in codes.items())
            place, last = known.setdefault(key, len(known)), codes
        if name in figures:
            rows.extend((figures[name], numbered.setdefault(id_, len(numbered)), place))
            amounts.extend((part, full or 0))
    figure, number, sets = np.array(rows, np.int32).reshape(-1, 3).T.copy()
    parts, wholes = np.array(amounts, np.float64).reshape(-1, 2).T.copy()
    records = sorted(numbered)
    ranks = np.empty(len(records), np.int32)
    ranks[[numbered[id_] for id_ in records]] = np.arange(len(records))
    groups = _groups(known)
    cells, shape = sets * len(forms) + figure, (len(known), len(forms))
    weights = (None, parts, wholes)
    totals = [np.bincount(cells, one, shape[0] * shape[1]).reshape(shape) for one in weights]
    spreads = {}
    for name in (name for name, form in forms.items() if form == "spread"):
        of_it = np.flatnonzero(figure == figures[name])
        of_it = of_it[np.argsort(parts[of_it], kind="stable")]
        spreads[name] = (parts[of_it], sets[of_it])
    return FactTable(
        as_of=as_of,
        forms=forms,
        records=tuple(records),
        figure=figure,
        record=ranks[number],
        sets=sets,
        groups=groups,
        of=_members(groups, known),
        totals=np.hstack(totals),
        spreads=spreads,
    )


def report(table: FactTable, args: Mapping[str, Any]) -> dict[str, Any]:
    """A `ReportView` of the facts for which the conditions of a `ReportQuery` hold."""
    chosen = _chosen(table, args)
    of = table.of[:, chosen]
    totals = (of.astype(np.float64) @ table.totals[chosen]).reshape(len(of), 3, -1)
    spreads = {
        name: (values[chosen[sets]], sets[chosen[sets]])
        for name, (values, sets) in table.spreads.items()
    }
    there = {0, *np.flatnonzero(of.any(axis=1)).tolist()}
    groups = []
    for row, (by, code) in enumerate(table.groups):
        if row not in there:
            continue
        figures = []
        for (name, form), amounts in zip(table.forms.items(), totals[row].T.tolist(), strict=True):
            if row and not amounts[0]:
                continue
            if form == "spread":
                values, sets = spreads[name]
                figures.append(_spread(name, values[table.of[row, sets]]))
            else:
                figures.append(_sum(name, form, *amounts))
        groups.append({"by": by, "code": code, "figures": figures})
    return {"as_of": table.as_of, "groups": groups}


def records_behind(table: FactTable, args: Mapping[str, Any]) -> dict[str, Any]:
    """A `ReportRecordsView` of the facts of `figure` for which the other conditions hold.

    A page goes on behind the id at which the one before ended: the facts may be others by then.
    Raises the 422 problem naming `cursor` for one that was not made here.
    """
    figure = [*table.forms].index(args["figure"])
    found = np.unique(table.record[(table.figure == figure) & _chosen(table, args)[table.sets]])
    left = found[np.searchsorted(found, _begins(table, args.get("cursor"))) :]
    here = left[: args.get("limit", MOST_RECORDS)]
    records = [table.records[place] for place in here.tolist()]
    more = len(left) > len(here)
    return {
        "records": records,
        "count": len(found),
        "next": write_cursor(records[-1:], _IN_ORDER) if more else None,
    }


def _begins(table: FactTable, cursor: str | None) -> int:
    """The place of the first record that a page may have."""
    if cursor is None:
        return 0
    (last,) = read_cursor(cursor, _IN_ORDER)
    if not isinstance(last, str):
        raise bad_cursor()
    return bisect_right(table.records, last)


def _groups(known: Iterable[CodeSet]) -> tuple[Group, ...]:
    found = {(by, code) for one in known for by, codes in one for code in codes}
    told: list[Group] = [(None, None)]
    return (*told, *sorted(found, key=lambda group: (DIMENSIONS.index(group[0]), group[1])))


def _members(groups: Sequence[Group], known: Collection[CodeSet]) -> Truths:
    rows = {group: row for row, group in enumerate(groups)}
    of = np.zeros((len(groups), len(known)), bool)
    of[0] = True
    for place, one in enumerate(known):
        of[[rows[by, code] for by, codes in one for code in codes], place] = True
    return of


def _chosen(table: FactTable, args: Mapping[str, Any]) -> Truths:
    """For which sets of codes all conditions hold; of what knows no such code for none."""
    chosen: Truths = table.of[0].copy()
    for by in DIMENSIONS:
        if args.get(by) is not None:
            group = (by, str(args[by]))
            chosen &= table.of[table.groups.index(group)] if group in table.groups else False
    return chosen


def _sum(name: str, form: Form, count: float, part: float, whole: float) -> dict[str, Any]:
    """A sum, or a share."""
    told = {"value": round(part, 4), "part": round(part, 4), "whole": None}
    if form == "share":
        of = round(whole, 4)
        told |= {"value": round(round(part, 4) / of, 4) if of else None, "whole": of}
    return {"name": name, "form": form, **told, "lower": None, "upper": None, "count": int(count)}


def _spread(name: str, values: Numbers) -> dict[str, Any]:
    """The median and the quartiles of values, the least first."""
    value, lower, upper = None, None, None
    if len(values):
        value = _quartile(values, 2)
    if len(values) >= FEW:
        lower, upper = _quartile(values, 1), _quartile(values, 3)
    told = {"value": value, "part": None, "whole": None, "lower": lower, "upper": upper}
    return {"name": name, "form": "spread", **told, "count": len(values)}


def _quartile(values: Numbers, number: int) -> float:
    """As `statistics.quantiles` tells it of all that there is (`inclusive`)."""
    place, rest = divmod(number * (len(values) - 1), 4)
    above = min(place + 1, len(values) - 1)
    return round(float(values[place] * (4 - rest) + values[above] * rest) / 4, 1)
