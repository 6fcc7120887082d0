"""What tells two texts on one matter apart: numbers, phases, and the names that they give.

Two records that are the same tell the same numbers, in whatever language; an offer that names the
organisation of another is often the other's twin; what is meant for other sites or another phase is
another thing however alike its words are. Numbers leave the texts' owner as they are, names as
keyed hashes alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared.language.division_names import divisions_of
from shared.language.facts import Counted
from shared.language.lexemes import Lexeme, lexemes
from shared.language.numbers import Number
from shared.language.phases import phases_in
from shared.language.uncased_names import uncased_pairs

MOST_NUMBERS = 16
MOST_NAMES = 12
MOST_SITES = 4
MOST_PLACES = 20
"""Of one line."""
MOST_OF_OWNER = 3

_LEAST_NUMBER = 2
_LIKELY = 0.5
_YEARS = range(1950, 2100)
_DIGITS = 3
_LONGEST_LINK = 4
_CASED = "\u0530"
_SENTENCE_ENDS = frozenset(".!?;:\n")
_SIGNIFICANT = 4


@dataclass(frozen=True)
class Author:
    """Whose texts they are: the name of an organisation, or a State's ISO 3166-1 alpha-3.

    `sites` are those that the author lists beside the texts, in any words; `by_line` those of each
    line that has some, with its number.
    """

    name: str | None = None
    country: str | None = None
    sites: tuple[str, ...] = ()
    by_line: tuple[tuple[int, tuple[str, ...]], ...] = ()


NOBODY = Author()


@dataclass(frozen=True)
class Particulars:
    """`numbers` rounded to three digits, ascending, those of years left out; `phases` by number;
    `names` pairs of words, the first with a capital or of an organisation's name in a script that
    has none, and `sites` codes of ISO 3166-2 (or what an
    author wrote), both still in clear; `owner` the pairs of the owner's own name. `places` are, for
    each line with sites of its own, their codes: none where one of them is no division that is
    known, for it may lie anywhere in the State."""

    numbers: tuple[float, ...]
    phases: frozenset[int]
    names: tuple[str, ...]
    sites: tuple[str, ...]
    owner: tuple[str, ...]
    places: tuple[tuple[int, tuple[str, ...]], ...] = ()


def particulars(texts: Iterable[str], language: str, author: Author = NOBODY) -> Particulars:
    """Of a record's texts in one of the six languages; sites are sought in the author's State."""
    return particulars_in([Counted.of(text, language) for text in texts], author)


def particulars_in(texts: Sequence[Counted], author: Author) -> Particulars:
    """Of texts that are read already."""
    numbers = {number for text in texts for number in _numbers(text.numbers)}
    read = [text.lexemes for text in texts]
    return Particulars(
        numbers=tuple(sorted(numbers)[-MOST_NUMBERS:]),
        phases=frozenset(number for part in read for number in phases_in(part)),
        names=_first(MOST_NAMES, (pair for part in read for pair in _names(part))),
        sites=_first(MOST_SITES, (*_listed(author), *_named(read, author.country))),
        owner=_first(MOST_OF_OWNER, _names(lexemes(author.name or ""))),
        places=tuple(_by_line(author)),
    )


def _numbers(found: Iterable[Number]) -> Iterator[float]:
    for number in found:
        value = plain_number(number.value) if number.probability >= _LIKELY else None
        if value is not None:
            yield value


def plain_number(value: float) -> float | None:
    """A number as a text's `numbers` have it; None for one, and for what may be a year."""
    if value < _LEAST_NUMBER or value in _YEARS:
        return None
    return float(f"{value:.{_DIGITS}g}")


def _first(most: int, found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(list(dict.fromkeys(found))[:most]))


def _names(read: Sequence[Lexeme]) -> list[str]:
    return [*_pairs(read), *uncased_pairs(read)]


def _pairs(read: Sequence[Lexeme]) -> list[str]:
    """Words with a capital, each with the next of its sentence that is more than a link."""
    found = []
    before: Lexeme | None = None
    for lexeme in read:
        if lexeme.kind != "word":
            before = None if lexeme.text in _SENTENCE_ENDS else before
            continue
        if lexeme.text[0] >= _CASED:
            before = None
            continue
        if len(lexeme.text) < _LONGEST_LINK and not lexeme.capital:
            continue  # of, the, de la, и
        if before is not None:
            found.append(f"{_stem(before)} {_stem(lexeme)}")
        before = lexeme if lexeme.capital else None
    return found


def _stem(lexeme: Lexeme) -> str:
    """A word without what a language may add at its end."""
    return lexeme.text[: max(_SIGNIFICANT, len(lexeme.text) - 2)]


def _listed(author: Author) -> Iterator[str]:
    """What the author lists, a division of the State as one that is named in a text."""
    for site in author.sites:
        read = lexemes(site)
        words = " ".join(lexeme.text for lexeme in read if lexeme.kind != "mark")
        yield from _sites(read, author.country) or ([words] if words else [])


def _by_line(author: Author) -> Iterator[tuple[int, tuple[str, ...]]]:
    for line, sites in author.by_line:
        found = [_sites(lexemes(site), author.country) for site in sites]
        every = {code for codes in found for code in codes}
        is_told = all(found) and len(every) <= MOST_PLACES
        yield line, tuple(sorted(every)) if is_told else ()


def _named(read: Iterable[Sequence[Lexeme]], country: str | None) -> Iterator[str]:
    for part in read:
        yield from _sites(part, country)


def _sites(read: Sequence[Lexeme], country: str | None) -> list[str]:
    """The first-level and lower divisions of a country that are named."""
    divisions = divisions_of(country) if country else None
    return [] if divisions is None else divisions.named(read)
