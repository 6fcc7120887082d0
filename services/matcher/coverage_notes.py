"""What else a reader of a case of coverage should know: it has ended, it lacks, it gives more."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from services.matcher.coverage_documents import CoverageCase
from services.matcher.domain import CENTS, THOUSANDTHS
from services.matcher.engine.wording import (
    amount_text,
    date_text,
    filled,
    percent_text,
    sentences,
)
from services.matcher.record_views import Line
from shared.registers.counting import UNNAMED_UNIT, WHOLE_UNIT
from shared.registers.measures import amount_of, quantity_of


def notes(case: CoverageCase, line: Line | None, language: str) -> list[dict[str, Any]]:
    """Codes, sentences and amounts, in the unit of the need line that the case is about.

    `ended`: its last day has passed, and the need is open again. `waiting`: what it lacks, for
    others hold it. `beyond`: what the activity gives and the line does not ask for.
    """
    return list(_notes(case, line, language))


def _notes(case: CoverageCase, line: Line | None, language: str) -> Iterator[dict[str, Any]]:
    if case.status == "ended" and case.activity_last is not None:
        day = date_text(date.fromisoformat(case.activity_last), language)
        yield _note("ended", case, language, {"date": day}, None, 0)
    if line is None:
        return
    lacking = _lacking(case, line)
    if lacking > 0:
        yield _note("waiting", case, language, {}, line, lacking)
    beyond = _beyond(case, line)
    if beyond > 0:
        yield _note("beyond", case, language, {}, line, beyond)


def _lacking(case: CoverageCase, line: Line) -> int:
    if not case.is_short() or (case.measure, case.counted_in) != (line.measure, line.unit):
        return 0
    return int(min(case.wanted, line.limit) - case.held)


def _beyond(case: CoverageCase, line: Line) -> int:
    """What was said when it was confirmed; before that, what the case says by numbers."""
    if case.status == "confirmed":
        return case.beyond or 0
    return max(0, given_of(case, line) - line.limit) if case.status == "open" else 0


def given_of(case: CoverageCase, line: Line) -> int:
    """What the activity gives of the line, by what was compared; in the ledger's amounts.

    By numbers it may be more than the line; a share of the line is never.
    """
    found: int = round(case.part * line.limit)
    if case.basis in ("quantity", "money") and case.given and case.needed:
        found = round(line.limit * case.given / case.needed)  # `part` is rounded
    return found


def _note(
    code: str,
    case: CoverageCase,
    language: str,
    facts: dict[str, str],
    line: Line | None,
    stored: int,
) -> dict[str, Any]:
    if line is not None:
        facts = {**facts, "amount": _amount(line, stored, language)}
    template = sentences()["notices"][f"coverage-{code}"]
    is_money = line is not None and line.measure == "money"
    return {
        "code": code,
        "sentence": filled(template, language, {"line": str(case.line), **facts}),
        "quantity": quantity_of(stored) if line is not None and not is_money else None,
        "amount": amount_of(stored) if is_money else None,
        "unit": None if line is None else line.unit,
    }


def _amount(line: Line, stored: int, language: str) -> str:
    if line.measure == "money":
        return amount_text(stored / CENTS, line.unit, language)
    if line.unit in (WHOLE_UNIT, UNNAMED_UNIT):
        return percent_text(stored / line.limit, language)
    return amount_text(stored / THOUSANDTHS, line.unit, language)
