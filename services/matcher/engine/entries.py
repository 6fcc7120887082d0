"""A profile resolved as of a day: dollars, days, numbers for codes, what is left of each line."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import (
    ALL_THEMES,
    HUNDRED,
    KIND_NUMBERS,
    THEME_NUMBERS,
    are_known,
    near_themes,
    nearness,
)
from services.matcher.engine.inference import (
    CLEAR,
    FULL,
    Guess,
    guesses,
    is_general,
    strengths,
)
from services.matcher.engine.profiles import Line, OfferProfile, RequestProfile, Text
from shared.language.meaning import centred
from shared.language.weighing import concept_weights
from shared.likeness.described import NOTHING_IN_PARTICULAR, Particulars
from shared.vocabulary.currencies import NoRate, to_usd_cents
from shared.vocabulary.errors import UnknownCode

UNKNOWN = -1
"""Stands for a quantity or amount that was not stated."""

MOST_LINES = 32
"""Lines of a record that count, the first ones: all but in a record made to be absurd."""

GENERAL = 0.5
"""How alike the text of an offer for any theme is to one that speaks of a theme with few close to
it; to others it is more."""

_WHOLE = 1000
_GUESSED = 0.7


class EntryLine(NamedTuple):
    """A line with something left.

    `number` is the record's own, 0 for a line inferred from text. `strength` is how surely the
    line is there, from 0 to 1; `share` its part of what the record is about, and the shares of a
    record sum to 1. `quantity` (thousandths of `unit`) and `amount` (US cents) are what is left;
    of a line that is used up strength and share are 0. `source` is the line as it was written,
    None for one inferred, `position` where it stood among the record's.
    """

    number: int
    theme: int
    kind: int
    strength: float
    share: float
    quantity: int
    unit: str | None
    amount: int
    window: tuple[int, int]
    source: Line | None = None
    position: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as the index holds it.

    `lines` come by falling share, so the first is the main one, and those used up last; `coded` is
    whether the record has lines of its own (all may be used up: then `spent`), `dated` whether
    another day may change amounts. `themes` are bits of all themes that the codes or the text
    name. `text_themes` and `text_kinds` are in hundredths, `theme_norm` is the length of the
    former under the closeness of themes; an offer for any theme speaks of all, and its norm is such
    that it is alike to a text on any (GENERAL). `concepts` weighs the concepts `named` in the text
    and those wider than they, in hundredths, the weightiest first.
    """

    id: str
    open: bool
    spent: bool
    coded: bool
    dated: bool
    window: tuple[int, int]
    lines: tuple[EntryLine, ...]
    themes: int
    language: str
    text_themes: tuple[int, ...]
    theme_norm: float
    text_kinds: tuple[int, ...]
    field: int
    named: Mapping[str, int]
    concepts: Mapping[str, int]
    excluded: frozenset[str]
    terms: tuple[tuple[str, int], ...]
    vector: npt.NDArray[np.int8] | None
    particulars: Particulars = NOTHING_IN_PARTICULAR
    channel: str | None = None


Committed = Mapping[tuple[int, str], int]
"""What the ledger holds of a record: by line number and measure ("quantity" or "money")."""


def request_entry(
    profile: RequestProfile, committed: Committed, on: date, barred: int = 0
) -> Entry:
    """A request as of a day, less what is already committed to it, and less its barred lines.

    `barred` are the kinds of help, as bits, that embargoes keep from it.
    """
    return _entry(profile, committed, on, UNKNOWN, barred)


def offer_entry(profile: OfferProfile, committed: Committed, on: date) -> Entry:
    """An offer as of a day, less what is committed of it; no amount is above its ceiling."""
    ceiling = usd(profile.ceiling, profile.ceiling_currency, on)
    return _entry(profile, committed, on, ceiling)


def usd(amount: int | None, currency: str | None, on: date) -> int:
    """Hundredths of a currency as US cents at the rate of a day; UNKNOWN without a rate."""
    if amount is None or currency is None:
        return UNKNOWN
    try:
        return to_usd_cents(amount, currency, on)
    except (NoRate, UnknownCode):
        return UNKNOWN


def left_of(line: Line, committed: Committed) -> float:
    """The part of a line that nothing is committed from yet, from 0 to 1."""
    quantity = committed.get((line.number, "quantity"), 0)
    money = committed.get((line.number, "money"), 0)
    parts = [1.0]
    if quantity > 0:
        # A line without a quantity is given away as one whole.
        parts.append(1.0 - quantity / (line.quantity or _WHOLE))
    if money > 0 and line.amount is not None:
        parts.append(1.0 - money / line.amount if line.amount else 0.0)
    return max(0.0, min(parts))


def _entry(
    profile: RequestProfile | OfferProfile,
    committed: Committed,
    on: date,
    ceiling: int,
    barred: int = 0,
) -> Entry:
    text, told = profile.text, said(profile.text)
    text_themes, text_kinds = told.themes, told.kinds
    theme_norm = told.theme_norm
    coded = [line for line in profile.lines if _has_codes(line)][:MOST_LINES]
    if coded:
        lines = resolved(coded, profile.window, committed, on, ceiling, barred)
    else:
        lines = _inferred(guesses(text_themes, text_kinds), profile.window, ceiling)
    if isinstance(profile, OfferProfile) and is_general(text_themes, text_kinds, text.field):
        text_themes = (FULL,) * len(text_themes)
        theme_norm = FULL * nearness() / (math.sqrt(HUNDRED) * GENERAL)
    themes = 0
    for line in lines:
        themes |= 1 << line.theme
    clear = [number for number, value in enumerate(text_themes) if value >= CLEAR]
    for number in clear:
        themes |= 1 << number
    if any(text_themes) and not clear:
        # A text that speaks of no theme in particular, such as a call for any measure.
        themes = ALL_THEMES
    return Entry(
        id=profile.id,
        open=profile.open,
        spent=is_spent(lines, barred),
        coded=bool(coded),
        dated=_is_dated(profile),
        window=profile.window,
        lines=tuple(lines),
        themes=themes or ALL_THEMES,
        language=text.language,
        text_themes=text_themes,
        theme_norm=theme_norm,
        text_kinds=text_kinds,
        field=text.field,
        named=told.named,
        concepts=told.concepts,
        excluded=told.excluded,
        terms=text.terms,
        vector=told.vector,
        particulars=text.particulars,
        channel=profile.channel if isinstance(profile, RequestProfile) else None,
    )


class Said(NamedTuple):
    """What an entry has of a text, whatever the record's lines and the day are."""

    themes: tuple[int, ...]
    theme_norm: float
    kinds: tuple[int, ...]
    named: Mapping[str, int]
    concepts: Mapping[str, int]
    excluded: frozenset[str]
    vector: npt.NDArray[np.int8] | None


@lru_cache(maxsize=64)  # of one event several entries are made, soon one after the other
def said(text: Text) -> Said:
    """What a text says; the same for whoever asks soon after."""
    themes, kinds = strengths(text)
    weighed = [(name, round(FULL * part)) for name, part in concept_weights(text.concepts).items()]
    concepts = dict(heaviest(weighed))
    return Said(
        themes=themes,
        theme_norm=_theme_norm(themes),
        kinds=kinds,
        named={concept: concepts[concept] for concept, _ in text.concepts if concept in concepts},
        concepts=concepts,
        excluded=text.excluded - {concept for concept, _ in text.concepts},
        vector=None if text.vector is None else centred(text.vector),
    )


def heaviest(weighed: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Names with their weights, those that weigh most first, of equals by name."""
    return sorted(sorted(weighed), key=itemgetter(1), reverse=True)


def _theme_norm(text_themes: tuple[int, ...]) -> float:
    themes = np.array(text_themes)
    return math.sqrt(int(themes @ near_themes() @ themes))


def _has_codes(line: Line) -> bool:
    # A record may name codes of a vocabulary newer than this process's; its text still counts.
    return are_known(line.theme, line.kind)


def resolved(
    lines: Sequence[Line],
    window: tuple[int, int],
    committed: Committed,
    on: date,
    ceiling: int,
    barred: int = 0,
) -> list[EntryLine]:
    """Lines as of a day, the weightiest first, those used up or of a barred kind last.

    Shares go half by money, half by the order in which the lines were written.
    """
    left = [
        _left(line, position, window, committed, on, ceiling) for position, line in enumerate(lines)
    ]
    left = [line._replace(strength=0.0) if barred >> line.kind & 1 else line for line in left]
    kept = [line for line in left if line.strength > 0.0]
    known = [line.amount for line in kept if line.amount > 0]
    usual = min(known) if known else 1
    money = [line.amount if line.amount > 0 else usual for line in kept]
    order = [1.0 / place for place in range(1, len(kept) + 1)]
    parts = [
        (1.0 if line.source is None else line.source.weight)
        * (amount / sum(money) + place / sum(order))
        for line, amount, place in zip(kept, money, order, strict=True)
    ]
    return _by_share(kept, parts) + [line for line in left if line.strength == 0.0]


def is_spent(lines: Sequence[EntryLine], barred: int = 0) -> bool:
    """Whether a record has lines and nothing is left of any; a barred line is not used up."""
    return bool(lines) and all(
        line.strength == 0.0 and not barred >> line.kind & 1 for line in lines
    )


def is_embargoed(lines: Sequence[EntryLine], coded: bool, barred: int) -> bool:
    """Whether embargoes bar all that is left of a request: `barred` are kinds as bits.

    Of one without lines of its own nobody can tell that what it needs is allowed.
    """
    return barred != 0 and not (coded and any(line.strength > 0.0 for line in lines))


def kinds_of(profile: OfferProfile) -> int:
    """The kinds that an offer's lines state, as bits; those that a text seems to name are not."""
    return sum(
        1 << kind for kind in {KIND_NUMBERS[one.kind] for one in profile.lines if _has_codes(one)}
    )


def _is_dated(profile: RequestProfile | OfferProfile) -> bool:
    currencies = {line.currency for line in profile.lines}
    if isinstance(profile, OfferProfile):
        currencies.add(profile.ceiling_currency)
    return not currencies <= {None, "USD"}


def _left(
    line: Line,
    position: int,
    window: tuple[int, int],
    committed: Committed,
    on: date,
    ceiling: int,
) -> EntryLine:
    part = left_of(line, committed)
    whole = usd(line.amount, line.currency, on)
    amount = UNKNOWN if whole == UNKNOWN else round(whole * part)
    if ceiling != UNKNOWN:
        amount = ceiling if amount == UNKNOWN else min(amount, ceiling)
    return EntryLine(
        number=line.number,
        theme=THEME_NUMBERS[line.theme],
        kind=KIND_NUMBERS[line.kind],
        strength=1.0 if part > 0.0 else 0.0,
        share=0.0,
        quantity=UNKNOWN if line.quantity is None else round(line.quantity * part),
        unit=line.unit,
        amount=amount,
        window=line.window or window,
        source=line,
        position=position,
    )


def _inferred(found: tuple[Guess, ...], window: tuple[int, int], ceiling: int) -> list[EntryLine]:
    lines = [
        EntryLine(
            number=0,
            theme=guess.theme,
            kind=guess.kind,
            strength=_GUESSED * guess.strength,
            share=0.0,
            quantity=UNKNOWN,
            unit=None,
            amount=ceiling,
            window=window,
        )
        for guess in found
    ]
    return _by_share(lines, [guess.strength for guess in found])[:MOST_LINES]


def _by_share(lines: list[EntryLine], parts: list[float]) -> list[EntryLine]:
    total = sum(parts)
    shared = [line._replace(share=part / total) for line, part in zip(lines, parts, strict=True)]
    return sorted(shared, key=lambda line: (-line.share, line.number, line.theme, line.kind))
