"""Units of measure: from what people write, in six languages, to a code that can be compared.

Quantities are compared only where both units have the same code, so a wrong code does harm and a
missing one little: what is not understood, or says two things at once, has none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from shared.vocabulary.folding import CHINESE, fold, words_of
from shared.vocabulary.languages import check_language
from shared.vocabulary.tables import read_table
from shared.vocabulary.terms import Term, Vocabulary, load_terms

UNITS: Vocabulary[Term] = Vocabulary("units", load_terms("unit_names.tsv"))
"""The canonical units; labels are plurals, as they stand after a number."""

LONGEST = 200

DIVISIBLE = frozenset({"tonnes", "kilograms", "metres", "square-metres", "litres", "hours"})
"""Units of which a part is something; of all others only whole ones are given."""
LASTING = frozenset({"days", "weeks", "months", "years"})
LASTING |= {"person-days", "person-weeks", "person-months"}
"""Units of time: whole ones are given, but a part of one can have been worked."""

# Where the words that describe a unit begin: "days of training", "jours de formation".
_PREPOSITIONS = (
    "of for in per with at to from on by a an "
    "de d du des pour au aux par en dans avec sur chez "
    "del para por con la las el los "
    "для по в на с со из к от при во "
    "من في علي الي عن مع لكل"
)
PREPOSITIONS = frozenset(_PREPOSITIONS.split())
CONJUNCTIONS = re.compile(r"\s+(?:and|or|et|ou|y|e|o|и|или|و|او)\s+|[/+&,;、，和或及与]")
MULTIPLIERS = re.compile(
    r"(?<!\w)(?:hundreds?|thousands?|millions?|dozens?|mille|milliers?|centaines?|douzaines?|mil"
    r"|miles|millar(?:es)?|millon(?:es)?|docenas?|тыс\w*|млн|миллион\w*|الف|الاف|مليون|ملايين)(?!\w)"
    r"|[百千万亿](?!克)"
)
BRACKETS = re.compile(r"[(\[{（【][^)\]}）】]*[)\]}）】]")
ARABIC = re.compile(r"[؀-ۿ]")
RUSSIAN = re.compile(r"[Ѐ-ӿ]")
RUSSIAN_ADJECTIVE = re.compile(r".+(?:ых|их|ые|ие|ыи|ии|ои|ая|яя|ое|ее|ого|его)$")
LEADING_NUMBER = re.compile(r"\W*(\d+)")


def is_counted_whole(unit: str) -> bool:
    """Whether a part of one of this unit is nothing that anybody gives or receives."""
    return unit not in DIVISIBLE and unit not in LASTING


@dataclass(frozen=True)
class _Form:
    """A form of a unit; `alone` if other words beside it may make another thing of it."""

    unit: str
    languages: frozenset[str]
    alone: bool = False


@dataclass(frozen=True)
class _Found:
    start: int
    end: int
    form: _Form

    def beside(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The other words of the phrase."""
        return (*words[: self.start], *words[self.end :])


@dataclass(frozen=True)
class _Meant:
    """A unit that a text means; `plain` if other words make no other thing of it."""

    unit: str
    plain: bool


@cache
def _forms() -> Mapping[tuple[str, ...], _Form]:
    found: dict[tuple[str, ...], _Form] = {}
    for row in read_table("units.tsv"):
        for text in row["forms"].split("|"):
            words = words_of(fold(text))
            known = found.get(words)
            if known is not None and known.unit != row["unit"]:
                raise ValueError(f"units.tsv: '{text}' stands under {known.unit} and {row['unit']}")
            languages = known.languages if known else frozenset()
            found[words] = _Form(row["unit"], languages | {row["language"]})
    for code in UNITS.codes():
        words = words_of(fold(code))
        found.setdefault(words, _Form(code, frozenset({"en"})))
    for row in read_table("units_alone.tsv"):
        for text in row["forms"].split("|"):
            words = words_of(fold(text))
            found[words] = replace(found[words], alone=True)
    return found


def unit_forms(language: str) -> Mapping[tuple[str, ...], str]:
    """The unit of each form known in one of the six languages.

    A form's words are in lower case, without accents and Arabic articles.
    """
    check_language(language)
    return {words: form.unit for words, form in _forms().items() if language in form.languages}


@cache
def alone_forms(language: str) -> frozenset[tuple[str, ...]]:
    """The forms of a language that mean their unit only where nothing describes them."""
    check_language(language)
    every = _forms().items()
    return frozenset(words for words, form in every if form.alone and language in form.languages)


@cache
def _longest_form() -> int:
    return max(len(words) for words in _forms())


def canonical_unit(text: str) -> str | None:
    """The code of a unit written in any of the six languages, None where it is not understood.

    Understood are a unit's name, its inflected forms, and a phrase whose head it is ("marking
    machines", "jours de formation"). None for two different units at once and for multiples such
    as "thousand rounds" or "50 rounds", which are not the same measure. Never raises.

    What is counted goes by this, and what is promised of it is kept by the code: no text may come
    to have another one. To show one, `plain_unit` says whether it means no more than its unit.
    """
    meant = _meant(text)
    return None if meant is None else meant.unit


def plain_unit(text: str) -> str | None:
    """The same, but None where other words make another thing of the head: a station is the
    police's, a radio station is not."""
    meant = _meant(text)
    return meant.unit if meant is not None and meant.plain else None


@lru_cache(maxsize=8192)
def _meant(text: str) -> _Meant | None:
    written = text[:LONGEST]
    folded = fold(BRACKETS.sub(" ", written))
    if _is_multiple(folded):
        return None
    exact = _forms().get(words_of(folded))
    if exact is not None:
        aside = words_of(fold(" ".join(BRACKETS.findall(written))))
        return _meaning(exact, aside)
    parts = [_of_phrase(part) for part in CONJUNCTIONS.split(folded)]
    known = [part for part in parts if part is not None]
    if len({part.unit for part in known}) != 1:
        return None
    return _Meant(known[0].unit, all(part.plain for part in known))


def _is_multiple(folded: str) -> bool:
    leading = LEADING_NUMBER.match(folded)
    return bool(leading and int(leading[1]) != 1) or MULTIPLIERS.search(folded) is not None


def _of_phrase(folded: str) -> _Meant | None:
    if CHINESE.search(folded):
        return _of_chinese("".join(words_of(folded)))
    words = words_of(folded)
    if words in _forms():
        return _meaning(_forms()[words], ())
    found = list(_find(words))
    head_end = _end_of_head(words, found)
    in_head = [match for match in found if match.end <= head_end]
    if not in_head:
        return None
    if all("en" in match.form.languages for match in in_head):
        last = in_head[-1]
        trailing = words[last.end : head_end]
        if all(word.endswith("ed") for word in trailing):
            return _meaning(last.form, last.beside(words))
    first = in_head[0]
    if first.form.languages == {"en"} or not _may_precede(words[: first.start], folded):
        return None
    if "en" in first.form.languages and not _agree(words[first.end - 1 : head_end]):
        return None
    return _meaning(first.form, first.beside(words))


def _meaning(form: _Form, beside: tuple[str, ...]) -> _Meant:
    """What a form means with these words beside it, of which numbers say nothing more."""
    says_more = not all(word.isdigit() for word in beside)
    return _Meant(form.unit, plain=not (form.alone and says_more))


def _find(words: tuple[str, ...]) -> Iterator[_Found]:
    """The known forms in a phrase, left to right, the longest at each place."""
    start = 0
    while start < len(words):
        for length in range(min(_longest_form(), len(words) - start), 0, -1):
            form = _forms().get(words[start : start + length])
            if form is not None:
                yield _Found(start, start + length, form)
                start += length
                break
        else:
            start += 1


def _end_of_head(words: tuple[str, ...], found: list[_Found]) -> int:
    """Where the first preposition stands that is no part of a known form."""
    inside = {place for match in found for place in range(match.start, match.end)}
    for place, word in enumerate(words):
        if word in PREPOSITIONS and place not in inside:
            return place
    return len(words)


def _may_precede(before: tuple[str, ...], folded: str) -> bool:
    """Whether the words before a unit can be its adjectives rather than the head of the phrase."""
    if ARABIC.search(folded):
        return not before
    if RUSSIAN.search(folded):
        return all(RUSSIAN_ADJECTIVE.fullmatch(word) for word in before)
    return True


def _agree(noun_and_rest: tuple[str, ...]) -> bool:
    """Whether all words are plural or none is: adjectives agree, "machine parts" do not."""
    return len({word.endswith(("s", "x")) for word in noun_and_rest}) == 1


def _of_chinese(phrase: str) -> _Meant | None:
    """The head is last; a measure word alone counts where it comes first."""
    forms = _forms()
    for start in range(len(phrase) - 1):
        form = forms.get((phrase[start:],))
        if form is not None:
            return _meaning(form, tuple(phrase[:start]))
    measure = forms.get((phrase[:1],))
    return None if measure is None else _meaning(measure, tuple(phrase[1:]))
