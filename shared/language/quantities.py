"""Quantities in free text: how many of what, with the units of the vocabulary.

A number is a quantity if it counts something. Years, articles of laws, ages, shares, calibres,
telephone numbers, dates, sums of money and ranks are none.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.language import spelling
from shared.language.amounts import amounts_in
from shared.language.chinese_counts import chinese_noun
from shared.language.countables import Counted, known_form, noun_after, noun_before
from shared.language.dates import SURE_DATE, dates_in
from shared.language.lexemes import Lexemes, glued, lexemes
from shared.language.numbers import Number, numbers_in
from shared.language.quantity_words import durations, words

_BARE, _LIST, _RANGE, _DUAL, _OBLIQUE_DUAL, _YEAR_LIKE = 0.2, 0.7, 0.9, 0.75, 0.55, 0.7
_FEWEST_BARE = 2
_AGE_WORDS = 4
_LIST_MARKS = frozenset("(:-—×x（：")
_ENDS = frozenset(").,;\n，。；、）:")
_YEARS = range(1950, 2100)
_OPENING = frozenset("(（")


@dataclass(frozen=True)
class Quantity:
    """So many of a unit, a code of the vocabulary or None where the text names none that it knows.

    `start` and `end` are where number and noun stand, in characters of the text as given.
    """

    value: float
    unit: str | None
    start: int
    end: int
    probability: float


def find_quantities(text: str, language: str) -> tuple[Quantity, ...]:
    """The quantities in a text, in its order; `language` is one of the six, any text is taken.

    Of a range ('10 to 12 officers') the larger number counts.
    """
    read = lexemes(text)
    numbers = numbers_in(read, language)
    sure = [date for date in dates_in(read, language) if date.probability >= SURE_DATE]
    dates = [(date.start, date.end) for date in sure]
    money = [(amount.start, amount.end) for amount in amounts_in(read, numbers)]
    return quantities_in(read, numbers, language, [*dates, *money])


def quantities_in(
    read: Lexemes, numbers: Sequence[Number], language: str, taken: Sequence[tuple[int, int]]
) -> tuple[Quantity, ...]:
    """The quantities among lexemes; `taken` are spans of the text that are dates or money."""
    spans = sorted(taken)
    free = [number for number in numbers if number.value and not _is_taken(number, spans)]
    found = [*_counted(read, free, language), *_duals(read), *_adjectives(read)]
    # What Russian '10-дневный' counts is no bare ten.
    told = {quantity.start for quantity in found if quantity.unit is not None}
    kept = [fact for fact in found if fact.unit is not None or fact.start not in told]
    return tuple(sorted(kept, key=lambda quantity: (quantity.start, quantity.end)))


def _is_taken(number: Number, spans: Sequence[tuple[int, int]]) -> bool:
    place = bisect_right(spans, (number.start, number.end))
    near = spans[max(0, place - 1) : place + 1]
    return any(start < number.end and number.start < end for start, end in near)


def _counted(read: Lexemes, numbers: Sequence[Number], language: str) -> Iterator[Quantity]:
    starts = frozenset(number.first for number in numbers)
    labelled_until = -1
    lower: Number | None = None
    for number in numbers:
        if _is_labelled(read, number, language) or _goes_on(
            read, labelled_until, number.first, language
        ):
            labelled_until = number.after
            continue
        if _is_size(read, number.after, language):
            continue
        noun = _noun(read, number, language, starts)
        if (
            noun is not None
            and noun.unit == "years"
            and _is_age(read, number, noun.after, language)
        ):
            labelled_until = number.after
            continue
        if noun is None and _range_goes_on(read, number.after, starts, language):
            lower = number
            continue
        if lower is not None and not _is_range(read, lower, number, language):
            lower = None
        quantity = _quantity(read, number, noun, lower)
        lower = None
        if quantity is not None:
            yield quantity


def _noun(read: Lexemes, number: Number, language: str, starts: frozenset[int]) -> Counted | None:
    after = number.after
    noun = chinese_noun(read, number.first, after)
    noun = noun or noun_after(read, after, language, number.value, starts)
    if noun is not None and noun.unit != "items":
        return noun
    opening = number.first - 1
    ended = after >= len(read) or read[after].text in _ENDS or noun is not None
    if not ended or opening < 1 or read[opening].text not in _LIST_MARKS:
        return noun
    # 'Besoin : 6' names nothing; 'cadenas : 120 unités' does.
    entry = noun_before(read, opening, language)
    if entry is None:
        return noun
    end = noun.after if noun is not None else after
    return Counted(entry.unit, entry.start, end, min(entry.probability, _LIST))


def _quantity(
    read: Lexemes, number: Number, noun: Counted | None, lower: Number | None
) -> Quantity | None:
    first = lower or number
    if noun is None:
        bare = not number.in_words and number.value >= _FEWEST_BARE
        told_twice = number.first > 0 and read[number.first - 1].text in _OPENING
        if not bare or told_twice or number.value in _YEARS:
            return None
        return Quantity(number.value, None, number.start, number.end, _BARE)
    probability = number.probability * noun.probability
    if number.value in _YEARS and len(read[number.first].text) == 4 and not number.in_words:
        probability *= _YEAR_LIKE
    if lower is not None:
        probability *= _RANGE
    start = min(first.start, read[noun.start].start)
    end = max(number.end, read[noun.after - 1].end)
    return Quantity(number.value, noun.unit, start, end, round(probability, 2))


def _is_labelled(read: Lexemes, number: Number, language: str) -> bool:
    """Whether a word before a number makes it a name: 'article 12', 'No. 54', 'calibre 9'."""
    place = number.first - 1
    while place >= 0 and number.first - place < 3 and read[place].text in ".:°º":
        place -= 1
    if place < 0:
        return False
    before = read[place]
    if before.kind == "han" and place and read[place - 1].kind == "han":
        pair = read[place - 1].text + before.text
        return before.text in words("labels", language) or pair in words("labels", language)
    if before.text in words("labels", language):
        # 'Articles' may be counted too: 'Officers: 12' has its colon, 'class: 12' is a label.
        name = spelling.language_of(before, language)
        return known_form(before.text, name) is None or read[number.first - 1].text != ":"
    return before.text in "#№§"


def _goes_on(read: Lexemes, labelled_until: int, place: int, language: str) -> bool:
    """Whether a number follows a labelled one as the next of its kind: 'articles 3, 5 and 12'."""
    gap = read[labelled_until:place] if 0 <= labelled_until < place else ()
    return 0 < len(gap) < 3 and all(lexeme.text in words("joins", language) for lexeme in gap)


def _is_size(read: Lexemes, place: int, language: str) -> bool:
    """Whether a measure without a unit of its own follows: '9 mm', '18岁', '500 GB'."""
    if place < len(read) and read[place].text == "-" and glued(read[place - 1], read[place]):
        place += 1
    if place >= len(read):
        return False
    pair = "".join(lexeme.text for lexeme in read[place : place + 2])
    return read[place].text in words("measures", language) or pair in words("measures", language)


def _is_age(read: Lexemes, number: Number, after: int, language: str) -> bool:
    near = [*read[max(0, number.first - _AGE_WORDS) : number.first], *read[after : after + 2]]
    return any(lexeme.text in words("ages", language) for lexeme in near)


def _range_goes_on(read: Lexemes, place: int, starts: frozenset[int], language: str) -> bool:
    """Whether 'to', '-' or 'or' and another number follow right away."""
    return place + 1 in starts and read[place].text in words("ranges", language)


def _is_range(read: Lexemes, lower: Number, upper: Number, language: str) -> bool:
    """Whether the numbers are a range's ends; 'from 30 000 to 18 000' tells a change."""
    joined = upper.first == lower.after + 1 and read[lower.after].text in words("ranges", language)
    return joined and lower.value < upper.value


def _duals(read: Lexemes) -> Iterator[Quantity]:
    """Arabic duals, two of a thing: 'مركبتين', 'مستودعان'."""
    for lexeme in read:
        word = lexeme.text
        if lexeme.kind != "word" or len(word) < 5 or word[-2:] not in ("ان", "ين"):
            continue
        if word.startswith("ال") or known_form(word, "ar") is not None:
            continue
        stem = word[:-2]
        feminine = known_form(stem[:-1] + "ه", "ar") if stem.endswith("ت") else None
        noun = feminine or known_form(stem, "ar")
        if noun is None:
            continue
        sure = feminine is not None or word.endswith("ان")
        probability = _DUAL if sure else _OBLIQUE_DUAL
        yield Quantity(2.0, noun.code, lexeme.start, lexeme.end, probability)


def _adjectives(read: Lexemes) -> Iterator[Quantity]:
    """Russian adjectives of time: 'пятидневный', '10-дневный'."""
    for place, lexeme in enumerate(read):
        word = lexeme.text
        if lexeme.kind != "word" or not "а" <= word[0] <= "я":
            continue
        for beginning, unit in durations().items():
            at = word.find(beginning)
            if at < 0:
                continue
            if at == 0 and place > 1 and read[place - 1].text == "-":
                count, start = read[place - 2], read[place - 2].start
                if count.kind == "digits" and len(count.text) < _AGE_WORDS:
                    yield Quantity(float(count.text), unit, start, lexeme.end, _DUAL)
            elif at > 0 and (value := spelling.russian_number(word[:at])) is not None:
                yield Quantity(value, unit, lexeme.start, lexeme.end, _DUAL)
