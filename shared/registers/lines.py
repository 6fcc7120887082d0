"""Numbered lines of a record, and the rule for codes that were retired from a vocabulary.

A line keeps its number for good, because commitments made elsewhere name it: numbers are given
by the register, kept on change by sending `line`, and never given out again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.registers.schemas import MAX_LINES
from shared.vocabulary import CodeError, Vocabulary
from shared.web.problems import FieldError, invalid, invalid_field

MAX_NUMBER = 100_000
"""The highest number of a line that events can name."""


def number_lines(
    sent: Sequence[Mapping[str, Any]], known: Collection[int], next_line: int, field: str
) -> tuple[list[int], int]:
    """The number of each sent line, and the next free number.

    `known` are the numbers that the record has now; `field` names the list in errors. Raises
    the 422 problem for a number that the record does not have or that was sent twice, and for a
    new line where all numbers up to MAX_NUMBER were given out.
    """
    errors: list[FieldError] = []
    numbers: list[int] = []
    for index, line in enumerate(sent):
        number = line.get("line")
        if number is None:
            number, next_line = next_line, next_line + 1
            if number > MAX_NUMBER:
                message = "All numbers of lines were given out; keep those you have by `line`."
                errors.append(FieldError(f"{field}[{index}].line", message, "no-number-left"))
        elif number not in known:
            message = f"There is no line {number}; leave `line` out for a new line."
            errors.append(FieldError(f"{field}[{index}].line", message, "unknown-line"))
        elif number in numbers:
            message = f"Line {number} was sent twice."
            errors.append(FieldError(f"{field}[{index}].line", message, "repeated-line"))
        numbers.append(number)
    if errors:
        raise invalid(errors)
    return numbers, next_line


def keep_sources(lines: Iterable[Any], before: Mapping[int, Any]) -> None:
    """Let lines that were taken over from a merged record say so still, after a change."""
    for line in lines:
        if line.line in before:
            line.taken_from = before[line.line].taken_from


def require_room(count: int, field: str) -> None:
    """Raise the 422 problem, naming the field, for more lines than a record can have."""
    if count > MAX_LINES:
        raise invalid_field(field, f"A record has at most {MAX_LINES} lines.", "too_long")


@dataclass(frozen=True)
class Use:
    """A field that holds a code of a vocabulary; nothing to check where the code is None."""

    field: str
    vocabulary: Vocabulary[Any]
    code: str | None


def check_codes(uses: Iterable[Use], on: date) -> list[FieldError]:
    """What is wrong with codes taken into use on that day; a retired one names its replacement.

    Only for what is new or changed: a record that holds a code which was retired since stays as
    it is, and so the caller leaves out whatever it already held.
    """
    errors = []
    for use in uses:
        if use.code is None:
            continue
        try:
            use.vocabulary.check(use.code, on)
        except CodeError as error:
            code = "retired-code" if use.code in use.vocabulary else "unknown-code"
            errors.append(FieldError(use.field, str(error), code))
    return errors
