"""The register's facts for the report: how far needs are met, how soon, whose, and what was twice.

Of requests that were circulated and not withdrawn, with confidential lines too: it is for those who
oversee both sides, each of the States that it oversees.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from services.requests.documents import AssistanceRequest
from services.requests.public_figures import batches, counted_need
from services.requests.public_views import part_of
from shared.lifecycle import COVERING_STEPS, REQUEST
from shared.registers.avoided import dollars, spared
from shared.registers.conditions import Condition
from shared.registers.progress import Progress, progress_of
from shared.registers.report import Codes, Fact, Form, place_codes
from shared.registers.through import every
from shared.vocabulary.lists import SUSTAINABILITY_MEASURES

Stored = Mapping[str, Any]

_ASKS: Final = {code: f"asks-{code}" for code in SUSTAINABILITY_MEASURES.codes()}
FIGURES: Final[Mapping[str, Form]] = {
    "needs": "sum",
    "needs-met": "share",
    "lines-committed": "share",
    "lines-delivered": "share",
    "amount-committed": "share",
    "amount-delivered": "share",
    "objectives": "share",
    **dict.fromkeys(_ASKS.values(), "share"),
    "days-authenticate": "spread",
    "days-circulate": "spread",
    "days-first-commitment": "spread",
    "gender": "share",
    "duplicates": "sum",
    "duplicates-value": "sum",
}
_KEPT: Final = sorted({*REQUEST.shown, "closed"})
_READ: Final = (
    *("_id", "country", "status", "needs", "objectives", "language", "gender_marker"),
    "source_report.year",
    *("history.action", "history.at", "merging"),
)
_SECONDS = 86_400
_place = lru_cache(maxsize=512)(place_codes)


def request_facts(states: Collection[str] | None, now: datetime) -> Iterator[Fact]:
    """The facts of the requests of these States; None for all."""
    inside: Condition = {} if states is None else {"country": {"$in": sorted(states)}}
    fields = dict.fromkeys(_READ, 1)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    kept = every(AssistanceRequest, {**inside, "status": {"$in": _KEPT}}, fields)
    for batch in batches(kept):
        progress = progress_of((one["_id"] for one in batch), "request")
        for one in batch:
            yield from _of_request(one, progress[one["_id"]], today)
    for one, lines in spared(AssistanceRequest, "circulate", inside, {"status": {"$in": _KEPT}}):
        yield from _of_duplicate(one, lines, today)


def _of_request(one: Stored, progress: Progress, today: datetime) -> Iterator[Fact]:
    began = _first(one, {"circulate"})
    if began is None:
        return
    id_, needs = str(one["_id"]), one.get("needs", ())
    codes = _codes(one, began, today)
    whole = one.get("objectives", ())
    for need in needs:
        of_line = {**codes, "theme": (need["theme"],)}
        own, worth = counted_need(need), dollars(need, today.date())
        committed = part_of(progress.committed(need["line"], own), own.amount)
        delivered = part_of(progress.delivered(need["line"], own), own.amount)
        yield Fact("needs", id_, of_line, 1)
        yield Fact("needs-met", id_, of_line, committed >= 1, 1)
        yield Fact("lines-committed", id_, of_line, committed, 1)
        yield Fact("lines-delivered", id_, of_line, delivered, 1)
        if worth is not None:
            yield Fact("amount-committed", id_, of_line, worth * committed / 100, worth / 100)
            yield Fact("amount-delivered", id_, of_line, worth * delivered / 100, worth / 100)
        yield Fact(
            "objectives", id_, of_line, _measurable([*need.get("objectives", ()), *whole]), 1
        )
        asked = need.get("sustainability", ())
        for code, figure in _ASKS.items():
            yield Fact(figure, id_, of_line, code in asked, 1)
    if one.get("gender_marker"):
        yield Fact("gender", id_, codes, one["gender_marker"] != "not-targeted", 1)
    steps = (
        ("days-authenticate", _first(one, {"submit"}), _first(one, {"authenticate"})),
        ("days-circulate", _first(one, {"authenticate"}), began),
        ("days-first-commitment", began, _first(one, COVERING_STEPS)),
    )
    for name, start, end in steps:
        if start is not None and end is not None:
            yield Fact(name, id_, codes, (end - start).total_seconds() / _SECONDS)


def _of_duplicate(one: Stored, lines: Iterable[Stored], today: datetime) -> Iterator[Fact]:
    began = _first(one, {"circulate"})
    if began is None:
        return
    codes = _codes(one, began, today)
    yield Fact("duplicates", str(one["_id"]), codes, 1)
    for line in lines:
        worth = dollars(line, today.date())
        if worth is not None:
            of_line = {**codes, "theme": (line["theme"],)}
            yield Fact("duplicates-value", str(one["_id"]), of_line, worth / 100)


def _codes(one: Stored, began: datetime, today: datetime) -> Codes:
    reported = (one.get("source_report") or {}).get("year")
    return {
        "theme": tuple(sorted({need["theme"] for need in one.get("needs", ())})),
        "year": (str(began.year),),
        "report_year": (str(reported),) if reported else (),
        "language": (one["language"],) if one.get("language") else (),
        **_place(one["country"], today),
    }


def _first(one: Stored, actions: Collection[str]) -> datetime | None:
    return next((s["at"] for s in one.get("history", ()) if s["action"] in actions), None)


def _measurable(objectives: Iterable[Stored]) -> bool:
    """Whether one has a measure and what it is to reach."""
    return any(one.get("indicator") and one.get("target") for one in objectives)
