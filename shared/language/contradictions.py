"""Where an author's codes and the author's own text say different things."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from shared.language.measuring import FUNDING
from shared.language.particulars import MOST_NUMBERS, plain_number
from shared.vocabulary.errors import UnknownCode
from shared.vocabulary.themes import theme_closeness

SURE = 0.6
"""How probable a code must be by the text to contradict those of the author."""

DOUBTFUL = 0.15
"""Below this a code of the author's has no support in the text."""

CLOSE = 0.5
"""From this closeness on a theme may be coded as the other."""

ROUGHLY = 0.1
"""Numbers that differ by no more than this part of the larger one are the same, told roughly."""


class Measure(NamedTuple):
    """So many of a unit of a kind of help, or so much money in a currency for it."""

    kind: str
    number: float
    unit: str


def contradicting_theme(coded: Collection[str], told: Mapping[str, float]) -> str | None:
    """The theme that a text is surely about though it is not close to any coded one.

    None if there is none, a coded one has support in the text, or one is not known here. `told`
    maps themes to their probability by the text.
    """
    return _contradicting(coded, told, _are_close)


def contradicting_kind(coded: Collection[str], told: Mapping[str, float]) -> str | None:
    """The kind of help that a text surely speaks of though none that is coded has support in it.

    Funding contradicts no other kind, nor any kind funding: it pays for all of them.
    """
    return _contradicting(coded, told, lambda one, other: FUNDING in (one, other))


def contradicting_measures(
    coded: Sequence[Measure],
    told: Sequence[Measure],
    numbers: Collection[float],
    *,
    may_be_part: bool,
) -> Iterator[tuple[int, int]]:
    """Which coded measures a text contradicts: places in `coded` and in `told`.

    Both are for one kind of help and of one unit, and each is the only such one. `numbers` are all
    that the text tells, as a signature has them: nothing is contradicted that may stand among
    them, be their sum or product, or be told in all. `may_be_part` is whether less than what is
    coded may be told rightly, as where a text tells what one project gets.
    """
    if len(numbers) >= MOST_NUMBERS:
        return  # some may have been left out
    for place, said in enumerate(told):
        rivals = [one for one in told if one.unit == said.unit]
        same = [n for n, one in enumerate(coded) if (one.kind, one.unit) == (said.kind, said.unit)]
        if len(rivals) != 1 or len(same) != 1:
            continue
        own = coded[same[0]].number
        total = sum(one.number for one in coded if one.unit == said.unit)
        less = said.number < own
        if less and (may_be_part or _is_made_of(own, said.number, numbers)):
            continue
        if not any(_may_be_told(one, said.number, numbers) for one in (own, total)):
            yield same[0], place


def _may_be_told(number: float, said: float, numbers: Collection[float]) -> bool:
    """Whether a number is what is said, or stands in the text, or would not be among `numbers`."""
    rounded = plain_number(number)
    return _is_roughly(number, said) or rounded is None or rounded in numbers


def _is_made_of(number: float, said: float, numbers: Collection[float]) -> bool:
    others = [one for one in numbers if one != plain_number(said)]
    return any(_is_roughly(number, made) for n in others for made in (said * n, said + n))


def _is_roughly(one: float, other: float) -> bool:
    return abs(one - other) <= ROUGHLY * max(one, other)


def _are_close(one: str, other: str) -> bool:
    try:
        return theme_closeness(one, other) >= CLOSE
    except UnknownCode:
        return True


def _contradicting(
    coded: Collection[str], told: Mapping[str, float], near: Callable[[str, str], bool]
) -> str | None:
    if not coded or not told:
        return None
    strongest = max(told, key=lambda code: told[code])
    supported = any(told.get(code, 0.0) >= DOUBTFUL for code in coded)
    if told[strongest] < SURE or supported or any(near(strongest, code) for code in coded):
        return None
    return strongest
