"""Dates round a year written in digits: '15 March 2027', '15.03.2027', 'fin 2027', 'Q3 2026'.

The year is found first; what stands before it, or joined to it, tells the day, the month, the part.
"""

from dataclasses import dataclass

from shared.language.calendar_words import is_in, month_before, ordinal, part_of_period
from shared.language.lexemes import Lexeme, Lexemes, glued
from shared.language.periods import Period, day, half, month, part, quarter, year

MONTH, YEAR = 0.95, 0.75
_DAY, _PART, _NUMERIC, _DOUBTFUL = 0.97, 0.9, 0.9, 0.6
WEAK_YEAR, BARE_YEAR = 0.55, 0.35
"""A year after 'of' alone, and one without any word that tells it; both may be counts."""

_FIRST_YEAR, _LAST_YEAR = 1950, 2099
_MONTHS, _MOST_FILLERS, _TWO_DIGITS = 12, 4, 2


@dataclass(frozen=True)
class Named:
    """A period and its lexemes, from `start` up to but not including `after`."""

    period: Period
    start: int
    after: int
    probability: float


def is_year(read: Lexemes, place: int) -> bool:
    """Whether four digits at a place may be a year from 1950 to 2099."""
    lexeme = read[place]
    if lexeme.kind != "digits" or len(lexeme.text) != 4:
        return False
    if not _FIRST_YEAR <= int(lexeme.text) <= _LAST_YEAR:
        return False
    following = read[place + 1] if place + 1 < len(read) else None
    if following is not None and following.kind == "word" and glued(lexeme, following):
        return is_in(following.text, "years")
    return True


def date_at_year(read: Lexemes, place: int, number: int, language: str, least: int) -> Named | None:
    """The date whose year `number` stands at a place; `least` is the first lexeme still free."""
    numeric = _written_in_digits(read, place, number, language)
    if numeric is not None:
        return numeric if numeric.start >= least else None
    after = _after_year(read, place)
    before = place - 1
    skipped = 0
    while before >= least and skipped < _MOST_FILLERS and _is_filler(read, before):
        before -= 1
        skipped += 1
    if before >= least:
        named = _before_year(read, before, number, least)
        if named is not None:
            return Named(named.period, named.start, after, named.probability)
    return _year_alone(read, place, number, after)


def _is_filler(read: Lexemes, place: int) -> bool:
    lexeme = read[place]
    if lexeme.text in ",.'":
        return True
    # 'mid-2027', 'mi-2027'
    if lexeme.text == "-" and place and part_of_period(read[place - 1].text):
        return True
    return is_in(lexeme.text, "fillers")


def _after_year(read: Lexemes, place: int) -> int:
    after = place + 1
    if after < len(read) and read[after].text in ("г", "год", "года", "году"):
        after += 1
        if after < len(read) and read[after].text == "." and glued(read[after - 1], read[after]):
            after += 1
    return after


def _year_alone(read: Lexemes, place: int, number: int, after: int) -> Named | None:
    before = read[place - 1] if place else None
    if before is not None and (is_in(before.text, "labels") or _glued_code(read, place)):
        return None
    told = after > place + 1 or (before is not None and is_in(before.text, "years"))
    weak = before is not None and is_in(before.text, "weak")
    return Named(year(number), place, after, YEAR if told else WEAK_YEAR if weak else BARE_YEAR)


def _glued_code(read: Lexemes, place: int) -> bool:
    """Whether a year's digits belong to a code or a larger number: 'S/2026/12', '1.2026'."""
    before = read[place - 1]
    if glued(before, read[place]):
        if before.kind == "digits" or before.text in "/.,'_+":
            return not _is_year_before(read, place - 2)
        if before.kind == "word" and before.capital:
            return True
    if place + 2 < len(read) and read[place + 1].text in ".,/":
        is_number = glued(read[place], read[place + 1]) and glued(read[place + 1], read[place + 2])
        return is_number and read[place + 2].kind == "digits" and not is_year(read, place + 2)
    return False


def _is_year_before(read: Lexemes, place: int) -> bool:
    return place >= 0 and is_year(read, place)


def _before_year(read: Lexemes, place: int, number: int, least: int) -> Named | None:
    """What stands before a year, its last lexeme at `place`: a day, month, quarter, half, part."""
    found = month_before(read, place)
    if found is not None:
        start = _other_name(read, found[1], found[0])
        return _at_month(read, start, found[0], number, least)
    american = _american(read, place, number)
    if american is not None:
        return american
    counted = _quarter_or_half(read, place, number)
    if counted is not None:
        return counted
    told = part_of_period(read[place].text)
    if told is not None:
        return Named(part(year(number), told), place, place + 1, _PART)
    return None


def _other_name(read: Lexemes, place: int, number: int) -> int:
    """Where a month's two names begin ('آذار/مارس'), else the same place."""
    if place > 1 and read[place - 1].text == "/":
        other = month_before(read, place - 2)
        if other is not None and other[0] == number:
            return other[1]
    return place


def _at_month(read: Lexemes, place: int, number: int, of_year: int, least: int) -> Named:
    """The day, part or whole of a month whose name begins at a place, or a range up to it."""
    whole = month(of_year, number)
    before = _skip_fillers(read, place - 1, least)
    days = _day_before(read, before, least)
    if days is not None:
        last = day(of_year, number, days[0])
        if last is not None:
            first = _earlier(read, days[1] - 1, last, of_year, number, least)
            return first or Named(last, days[1], place + 1, _DAY)
    if before >= least:
        told = part_of_period(read[before].text)
        if told is not None and (read[before].text != "fin" or before < place):
            return Named(part(whole, told), before, place + 1, _PART)
    first = _earlier(read, place - 1, whole, of_year, None, least)
    return first or Named(whole, place, place + 1, MONTH)


def _skip_fillers(read: Lexemes, place: int, least: int) -> int:
    start = place
    while place >= least and start - place < 2 and _is_filler(read, place):
        place -= 1
    return place


def _day_before(read: Lexemes, place: int, least: int) -> tuple[int, int] | None:
    """The day of a month that ends at a place, and where it begins; '1er', '15th', '3-го' too."""
    if (
        place > least
        and is_in(read[place].text, "ordinals")
        and glued(read[place - 1], read[place])
    ):
        place -= 1
        if read[place].text == "-" and place > least:
            place -= 1
    if place < least or read[place].kind != "digits" or len(read[place].text) > _TWO_DIGITS:
        return None
    return int(read[place].text), place


def _earlier(
    read: Lexemes, place: int, last: Period, of_year: int, of_month: int | None, least: int
) -> Named | None:
    """A range whose first date leaves out the year: '3–14', 'March to', 'с 28 февраля по'."""
    place = _skip_inside(read, place, least)
    if place <= least or not is_in(read[place].text, "to"):
        return None
    connector = read[place].text
    place = _skip_inside(read, place - 1, least)
    if place < least:
        return None
    found = month_before(read, place)
    start = place
    if found is not None:
        start = found[1]
        first: Period | None = month(of_year, found[0])
        days = _day_before(read, _skip_fillers(read, start - 1, least), least)
        if of_month is not None and days is not None:
            first, start = day(of_year, found[0], days[0]), days[1]
    elif of_month is not None and (days := _day_before(read, place, least)) is not None:
        first, start = day(of_year, of_month, days[0]), days[1]
    else:
        return None
    if first is None or first.first > last.first:
        return None
    if is_in(connector, "and") and not is_between(read, start):
        return None
    return Named(Period(first.first, last.last), start, start + 1, _PART)


def _skip_inside(read: Lexemes, place: int, least: int) -> int:
    start = place
    while place >= least and start - place < 2 and is_in(read[place].text, "inside"):
        place -= 1
    return place


def _american(read: Lexemes, place: int, number: int) -> Named | None:
    """'March 15, 2027'"""
    days = _day_before(read, place, 0)
    found = month_before(read, days[1] - 1) if days and days[1] else None
    if days is None or found is None:
        return None
    period = day(number, found[0], days[0])
    return period and Named(period, found[1], place + 1, _DAY)


def _quarter_or_half(read: Lexemes, place: int, number: int) -> Named | None:
    """'first quarter', 'Q1', 'T3', 'второе полугодие', 'الربع الأول', 'trimestre 2'."""
    word, other = read[place], read[place - 1] if place else None
    if other is None:
        return None
    if word.kind == "digits" and glued(other, word):
        return _counted(other.text, int(word.text[:_TWO_DIGITS]), number, place - 1, place + 1)
    count = ordinal(word.text) or _digit(word)
    if count is not None and _is_period_word(other.text):
        return _counted(other.text, count, number, place - 1, place + 1)
    if not _is_period_word(word.text):
        return None
    start = place - 1
    if is_in(other.text, "ordinals") and start and glued(read[start - 1], other):
        start -= 1
    elif other.text in ("и", "го", "м") and start > 1 and read[start - 1].text == "-":
        start -= 2
    count = ordinal(read[start].text) or _digit(read[start])
    return None if count is None else _counted(word.text, count, number, start, place + 1)


def _is_period_word(word: str) -> bool:
    return is_in(word, "quarter") or is_in(word, "half")


def _digit(lexeme: Lexeme) -> int | None:
    return int(lexeme.text) if lexeme.kind == "digits" and len(lexeme.text) == 1 else None


def _counted(word: str, count: int, number: int, start: int, after: int) -> Named | None:
    period = None
    if is_in(word, "quarter"):
        period = quarter(number, count)
    elif is_in(word, "half"):
        period = half(number, min(count, 2) if count in (1, 2, 4) else 0)
    return period and Named(period, start, after, _PART)


def _written_in_digits(read: Lexemes, place: int, number: int, language: str) -> Named | None:
    """2027-03-15, 2027/3, 15.03.2027, 03/2027, all without spaces."""
    ahead = _glued_digits(read, place, 1)
    behind = _glued_digits(read, place, -1)
    if len(ahead) == 2 and not behind:
        period = day(number, ahead[0], ahead[1])
        return period and Named(period, place, place + 5, _DAY)
    if len(behind) == 2 and not ahead:
        return _day_month(behind, place, number, language)
    if len(ahead) == 1 and not behind and len(read[place + 2].text) == _TWO_DIGITS:
        valid = 1 <= ahead[0] <= _MONTHS and read[place + 1].text in "-."
        return Named(month(number, ahead[0]), place, place + 3, _DOUBTFUL) if valid else None
    if len(behind) == 1 and not ahead and 1 <= behind[0] <= _MONTHS:
        return Named(month(number, behind[0]), place - 2, place + 1, _DOUBTFUL)
    return None


def _day_month(behind: list[int], place: int, number: int, language: str) -> Named | None:
    second, first = behind
    either = first <= _MONTHS and second <= _MONTHS and first != second
    period = day(number, second, first) or day(number, first, second)
    probability = _DOUBTFUL if either and language == "en" else _NUMERIC
    return period and Named(period, place - 4, place + 1, probability)


def _glued_digits(read: Lexemes, place: int, step: int) -> list[int]:
    """Up to three numbers of one or two digits that follow a year, or go before it, with marks."""
    found: list[int] = []
    at = place
    while len(found) < 3 and 0 <= at + 2 * step < len(read):
        mark, digits = read[at + step], read[at + 2 * step]
        if mark.text not in "-./" or digits.kind != "digits" or len(digits.text) > _TWO_DIGITS:
            break
        pair = (mark, read[at]) if step < 0 else (read[at], mark)
        if not glued(*pair) or not glued(*((digits, mark) if step < 0 else (mark, digits))):
            break
        found.append(int(digits.text))
        at += 2 * step
    return found


def is_between(read: Lexemes, place: int) -> bool:
    """Whether 'between' stands shortly before a place, so that 'and' joins two dates."""
    return any(is_in(lexeme.text, "between") for lexeme in read[max(0, place - 3) : place])
