"""Numbers in free text: in digits of any script, grouped as each language does it, or in words.

A number is here what a reader would count or measure with; shares, ranks, times of day, telephone
numbers and the digits of codes ('AK-47', 'A/RES/60/81', '12.3.1') are none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from shared.language import spelling
from shared.language.lexemes import Lexeme, Lexemes, glued, lexemes
from shared.vocabulary.languages import locale

_SURE, _DOUBTFUL, _ARTICLE = 0.95, 0.6, 0.3
_MOST_DIGITS = 15
_GROUP = 3
_MARKS = frozenset(".,'")
_CROSSES = frozenset("×x*х")
_CLITICS = frozenset(("و", "ب", "ل", "ك", "ف", "لل", "ال", "وب", "ول", "بال", "وال"))
_LONGEST_PERCENT = 4
_TELEPHONE_GROUPS, _HYPHENED_GROUPS = 4, 3


@dataclass(frozen=True)
class Number:
    """A number, where it stands in the text as given, and how surely its value is understood.

    `first` and `after` are the places of its first lexeme and of the first one after it;
    `in_words` tells that it is not written in digits alone.
    """

    value: float
    start: int
    end: int
    probability: float
    first: int
    after: int
    in_words: bool


def find_numbers(text: str, language: str) -> tuple[Number, ...]:
    """The numbers of a text, in its order; `language`, one of the six, decides on 1.500 and 1,500.

    Offsets are characters of the text as given. Any text is taken.
    """
    return numbers_in(lexemes(text), language)


def numbers_in(read: Lexemes, language: str) -> tuple[Number, ...]:
    """The numbers among the lexemes of a text."""
    return tuple(_walk(read, language))


def _walk(read: Lexemes, language: str) -> Iterator[Number]:
    place = 0
    while place < len(read):
        if read[place].kind == "digits":
            after = _after_code(read, place)
            if after > place:
                place = after
                continue
            number, place = _digits(read, place, language)
        else:
            number, place = _words(read, place, language)
        if number is not None:
            if _is_share_before(read, number):
                continue
            after_share = _after_share(read, number.after)
            if after_share == place:
                yield number
            place = after_share


def _words(read: Lexemes, place: int, language: str) -> tuple[Number | None, int]:
    found = spelling.spelled(read, place, language)
    if found is None or found.value is None:
        return None, found.after if found else place + 1
    first, last = read[place], read[found.after - 1]
    if first.kind == "han" and place and read[place - 1].text in "第数几好每":
        return None, found.after
    alone = found.after == place + 1 and spelling.is_article(first, language)
    probability = _ARTICLE if alone else _SURE
    value = found.value / 2 if _is_halved(read, place, found.value) else found.value
    number = Number(value, first.start, last.end, probability, place, found.after, in_words=True)
    return number, found.after


def _is_halved(read: Lexemes, place: int, value: float) -> bool:
    """'half a million', 'medio millón', 'demi-million'"""
    before = [lexeme.text for lexeme in read[max(0, place - 2) : place]]
    halved = any((word,) in spelling.number_words("halves") for word in before)
    return halved and value in (1e6, 1e9, 1e3)


def _digits(read: Lexemes, place: int, language: str) -> tuple[Number | None, int]:
    chain = _chain(read, place)
    after = place + len(chain)
    value, probability = _value(chain, language)
    if value is None or _is_part_of_code(read, place, after):
        return None, after
    multiplier = spelling.times(read, after, language) if after < len(read) else None
    if multiplier is not None:
        value, after = value * multiplier.value, multiplier.after
    elif _is_rank(read, place, after):
        return None, after
    start, end = read[place].start, read[after - 1].end
    return Number(value, start, end, probability, place, after, multiplier is not None), after


def _chain(read: Lexemes, place: int) -> list[Lexeme]:
    """The digits and grouping marks that belong together from a place on."""
    chain = [read[place]]
    at = place + 1
    spaced_groups = len(read[place].text) <= _GROUP and not read[place].text.startswith("0")
    while at < len(read):
        lexeme = read[at]
        if spaced_groups and lexeme.kind == "digits" and _is_group(lexeme):
            chain.append(lexeme)
            at += 1
        elif _goes_on(read, at):
            spaced_groups = False
            chain.extend(read[at : at + 2])
            at += 2
        else:
            break
    return chain


def _is_group(lexeme: Lexeme) -> bool:
    return lexeme.spaced and len(lexeme.text) == _GROUP


def _goes_on(read: Lexemes, at: int) -> bool:
    """Whether a mark and more digits follow without a space."""
    if at + 1 >= len(read) or read[at].text not in _MARKS or read[at + 1].kind != "digits":
        return False
    return glued(read[at - 1], read[at]) and glued(read[at], read[at + 1])


def _value(chain: list[Lexeme], language: str) -> tuple[float | None, float]:
    """What digits with marks mean, None for what is no number ('12.3.2026', '007')."""
    digits = [lexeme.text for lexeme in chain if lexeme.kind == "digits"]
    marks = [lexeme.text for lexeme in chain if lexeme.kind == "mark" and lexeme.text != "'"]
    if sum(map(len, digits)) > _MOST_DIGITS:
        return None, 0.0
    if len(digits[0]) > 1 and digits[0].startswith("0"):
        return None, 0.0
    if not marks:
        return _grouped(digits), _SURE
    if len(set(marks)) > 1:
        # Of two different marks the last is the decimal one.
        whole = _grouped(digits[:-1]) if marks.count(marks[-1]) == 1 else None
        return (None, 0.0) if whole is None else (_decimal(whole, digits[-1]), _SURE)
    if len(marks) > 1:
        return _grouped(digits), _SURE
    if len(digits) > 2:
        whole = _grouped(digits[:-1])
        return (None, 0.0) if whole is None else (_decimal(whole, digits[-1]), _SURE)
    return _one_mark(digits[0], digits[1], marks[0], language)


def _one_mark(whole: str, rest: str, mark: str, language: str) -> tuple[float | None, float]:
    if len(rest) != _GROUP or len(whole) > _GROUP or whole == "0":
        return _decimal(float(whole), rest), _SURE
    if mark != _decimal_mark(language):
        return float(whole + rest), _SURE
    # Three decimals are rare in this field, and a last nought after them tells nothing.
    if rest.endswith("0") or language == "es":
        return float(whole + rest), _DOUBTFUL
    return _decimal(float(whole), rest), _DOUBTFUL


def _grouped(digits: list[str]) -> float | None:
    if len(digits) > 1 and (len(digits[0]) > _GROUP or any(len(d) != _GROUP for d in digits[1:])):
        return None
    return float("".join(digits))


def _decimal(whole: float, rest: str) -> float:
    return float(f"{whole:.0f}.{rest}")


@cache
def _decimal_mark(language: str) -> str:
    return str(locale(language).number_symbols["latn"]["decimal"])


def _is_part_of_code(read: Lexemes, place: int, after: int) -> bool:
    before = read[place - 1] if place else None
    if before is not None and glued(before, read[place]):
        if before.kind == "word" and before.text not in _CLITICS:
            return True
        if before.text in "/\\#№+_@":
            return True
        if before.text in "-.:" and place > 1 and glued(read[place - 2], before):
            if read[place - 2].kind == "digits":
                return before.text != "-"
            return read[place - 2].kind == "word" and read[place - 2].text != "art"
    if before is not None and before.text in _CROSSES and _is_digits(read, place - 2):
        return True
    if after >= len(read):
        return False
    following = read[after]
    if following.text in _CROSSES and _is_digits(read, after + 1):
        return True
    is_glued = glued(read[after - 1], following)
    return is_glued and following.text in "/\\:_@" and after + 1 < len(read)


def _is_digits(read: Lexemes, place: int) -> bool:
    return 0 <= place < len(read) and read[place].kind == "digits"


def _is_rank(read: Lexemes, place: int, after: int) -> bool:
    if place and read[place - 1].text in ("第", "№"):
        return True
    if after < len(read) and read[after].text in "-." and after + 1 < len(read):
        dash = glued(read[after - 1], read[after]) and glued(read[after], read[after + 1])
        after = after + 1 if dash and read[after + 1].kind == "word" else after
    if after >= len(read) or not glued(read[after - 1], read[after]):
        return False
    return (read[after].text,) in _ordinals()


def _is_share_before(read: Lexemes, number: Number) -> bool:
    """Whether what stands before a number makes it a share: 百分之三十, '%25' in Arabic."""
    before = [lexeme.text for lexeme in read[max(0, number.first - 2) : number.first]]
    if before == ["分", "之"]:
        return True
    return before[-1:] == ["%"] and not _is_digits(read, number.first - 2)


def _after_share(read: Lexemes, place: int) -> int:
    """The place after the words that make the number before them a share; the same without."""
    following = tuple(lexeme.text for lexeme in read[place : place + _LONGEST_PERCENT])
    if following[:1] in (("%",), ("‰",)):
        return place + 1
    if following[:2] == ("分", "之"):
        return place + 2
    if following[:1] and following[0] not in _percent_starts():
        return place
    lengths = [len(words) for words in _percent() if following[: len(words)] == words]
    return place + max(lengths, default=0)


def _after_code(read: Lexemes, place: int) -> int:
    """The place after a telephone number or the like that begins here; the same if none does.

    Groups of digits joined by spaces or hyphens: after a plus or a nought at least two, by hyphens
    alone three, else four that do not make a grouped number.
    """
    groups, at, hyphens = [read[place].text], place + 1, 0
    while at < len(read):
        if read[at].text == "-" and glued(read[at - 1], read[at]) and _is_digits(read, at + 1):
            step, hyphens = 2, hyphens + 1
        elif read[at].kind == "digits" and read[at].spaced:
            step = 1
        else:
            break
        groups.append(read[at + step - 1].text)
        at += step
    dialled = (place > 0 and read[place - 1].text == "+") or _is_trunk(groups[0])
    if dialled and (len(groups) > 1 or len(groups[0]) > _GROUP):
        return at
    if len(groups) >= _HYPHENED_GROUPS and hyphens == len(groups) - 1:
        return at
    return at if len(groups) >= _TELEPHONE_GROUPS and _grouped(groups) is None else place


def _is_trunk(group: str) -> bool:
    return len(group) > 1 and group.startswith("0")


@cache
def _ordinals() -> frozenset[tuple[str, ...]]:
    return spelling.number_words("ordinals")


@cache
def _percent_starts() -> frozenset[str]:
    return frozenset(words[0] for words in _percent())


@cache
def _percent() -> frozenset[tuple[str, ...]]:
    return spelling.number_words("percent")
