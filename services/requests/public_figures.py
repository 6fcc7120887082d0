"""Figures for everybody, made in one pass over public requests and their public lines alone.

So no figure can tell of a confidential line: what it is made of can be read one by one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from statistics import median, quantiles
from typing import Any

from services.requests.documents import AssistanceRequest
from services.requests.public_views import part_of
from services.requests.queries import OPEN_TO_ALL
from shared.lifecycle import COVERING_STEPS, REQUEST
from shared.registers.avoided import avoided, dollars
from shared.registers.counting import Counted, counted
from shared.registers.measures import event_unit
from shared.registers.progress import Progress, progress_of
from shared.registers.through import every
from shared.vocabulary.countries import country
from shared.web.visibility import Sight

Stored = Mapping[str, Any]
FEW = 5
"""Of fewer times no quartiles are told: they would say little."""
_AT_ONCE = 300
_READ = ("_id", "country", "status", "needs", "history.action", "history.at")
_KEPT = {"status": {"$in": sorted({*REQUEST.shown, "closed"})}}
_PUBLIC = {"confidentiality": Sight.PUBLIC.level}
_unit = lru_cache(maxsize=4096)(event_unit)


@dataclass
class _Covered:
    """Need lines of one theme or region; money in hundredths of a US dollar."""

    needs: int = 0
    open: int = 0
    unpriced: int = 0
    asked: int = 0
    committed: float = 0
    delivered: float = 0

    def row(self, code: str) -> dict[str, Any]:
        money = {name: round(getattr(self, name) / 100, 2) for name in ("committed", "delivered")}
        counts = {name: getattr(self, name) for name in ("needs", "open", "unpriced")}
        return {"code": code, **counts, "asked": self.asked / 100, **money}


@dataclass
class _Tally:
    """What was added up so far."""

    requests: int = 0
    themes: dict[str, _Covered] = field(default_factory=lambda: defaultdict(_Covered))
    regions: dict[str, _Covered] = field(default_factory=lambda: defaultdict(_Covered))
    states: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    days: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    waiting: dict[int, int] = field(default_factory=lambda: defaultdict(int))


def request_figures(now: datetime) -> dict[str, Any]:
    """Figures of all public requests, open and closed ones; see RequestFiguresView.

    What was withdrawn or merged counts for nothing: it was mistaken, or is told elsewhere.
    """
    tally = _Tally()
    for batch in batches(_stored()):
        progress = progress_of((one["_id"] for one in batch), "request")
        for one in batch:
            _add(tally, one, progress[one["_id"]], now.date())
    years = sorted({*tally.days, *tally.waiting})
    return {
        "as_of": now,
        "requests": tally.requests,
        "needs": sum(one.needs for one in tally.themes.values()),
        "open": sum(one.open for one in tally.themes.values()),
        "themes": [one.row(code) for code, one in sorted(tally.themes.items())],
        "regions": [one.row(code) for code, one in sorted(tally.regions.items())],
        "states": [
            {"country": code, "requests": requests, "open": lines}
            for code, (requests, lines) in sorted(tally.states.items())
        ],
        "times": [_times(year, tally.days[year], tally.waiting[year]) for year in years],
        "duplicates": avoided(AssistanceRequest, "circulate", _PUBLIC, _KEPT, now.date()),
    }


def _stored() -> Iterable[Stored]:
    return every(AssistanceRequest, {**OPEN_TO_ALL, **_KEPT}, dict.fromkeys(_READ, 1))


def batches(found: Iterable[Stored]) -> Iterator[list[Stored]]:
    """Some hundreds at once, so that what belongs to them is read with few reads."""
    batch: list[Stored] = []
    for one in found:
        batch.append(one)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _add(tally: _Tally, request: Stored, progress: Progress, on: date) -> None:
    needs = request.get("needs", ())
    lines = [need for need in needs if not need.get("confidential")]
    is_open = request["status"] in REQUEST.shown
    alpha3 = request["country"]
    area, opened = country(alpha3).area, 0
    for need in lines:
        own = counted_need(need)
        committed = part_of(progress.committed(need["line"], own), own.amount)
        delivered = part_of(progress.delivered(need["line"], own), own.amount)
        still = is_open and committed < 1
        opened += still
        worth = dollars(need, on)
        for row in (tally.themes[need["theme"]], tally.regions[area]):
            row.needs += 1
            row.open += still
            row.unpriced += worth is None
            row.asked += worth or 0
            row.committed += (worth or 0) * committed
            row.delivered += (worth or 0) * delivered
    if is_open:
        tally.requests += 1
        tally.states[alpha3][0] += 1
        tally.states[alpha3][1] += opened
    if len(lines) == len(needs):  # what covers a confidential line would be told by its day
        _add_time(tally, request)


def _add_time(tally: _Tally, request: Stored) -> None:
    steps = request.get("history", ())
    began = next((step["at"] for step in steps if step["action"] == "circulate"), None)
    if began is None:
        return
    met = next((step["at"] for step in steps if step["action"] in COVERING_STEPS), None)
    if met is not None:
        tally.days[began.year].append((met - began).total_seconds() / 86_400)
    elif request["status"] in REQUEST.shown:
        tally.waiting[began.year] += 1


def _times(year: int, days: list[float], waiting: int) -> dict[str, Any]:
    lower = upper = None
    if len(days) >= FEW:
        lower, _, upper = (round(one, 1) for one in quantiles(days, n=4, method="inclusive"))
    return {
        "year": year,
        "count": len(days),
        "waiting": waiting,
        "lower": lower,
        "median": round(median(days), 1) if days else None,
        "upper": upper,
    }


def counted_need(need: Stored) -> Counted:
    """What a need line, as it is stored, is counted in."""
    unit = need.get("unit")
    return counted(
        need["kind"],
        need.get("quantity"),
        _unit(unit) if unit else None,
        need.get("amount"),
        need.get("currency"),
    )
