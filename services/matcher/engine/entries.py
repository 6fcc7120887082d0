"""A profile resolved as of a day: dollars, days, numbers for codes, what is left of each line."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import ALL_THEMES, KIND_NUMBERS, THEME_NUMBERS
from services.matcher.engine.inference import (
    CLEAR,
    FULL,
    Guess,
    guesses,
    strengths,
)
from services.matcher.engine.profiles import Line, OfferProfile, RequestProfile
from shared.language.meaning import centred
from shared.language.weighing import concept_weights
from shared.vocabulary.currencies import NoRate, to_usd_cents
from shared.vocabulary.errors import UnknownCode

UNKNOWN = -1
"""Stands for a quantity or amount that was not stated."""

_WHOLE = 1000
_GUESSED = 0.7


@dataclass(frozen=True, slots=True)
class EntryLine:
    """A line with something left.

    `number` is the record's own, 0 for a line inferred from text. `strength` is how surely the
    line is there, from 0 to 1; `share` its part of what the record is about, and the shares of a
    record sum to 1. `quantity` (thousandths of `unit`) and `amount` (US cents) are what is left.
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


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as the index holds it.

    `lines` come by falling share, so the first is the main one; `coded` is whether the record has
    lines of its own (all may be used up: then `spent`). `themes` are bits of all themes that the
    codes or the text name. `text_themes` and `text_kinds` are in hundredths of the strongest.
    `concepts` weighs the concepts `named` in the text and those wider than they, in hundredths.
    """

    id: str
    open: bool
    spent: bool
    coded: bool
    window: tuple[int, int]
    lines: tuple[EntryLine, ...]
    themes: int
    language: str
    text_themes: tuple[int, ...]
    text_kinds: tuple[int, ...]
    field: int
    named: Mapping[str, int]
    concepts: Mapping[str, int]
    excluded: frozenset[str]
    terms: tuple[tuple[str, int], ...]
    vector: npt.NDArray[np.int8] | None


Committed = Mapping[tuple[int, str], int]
"""What the ledger holds of a record: by line number and measure ("quantity" or "money")."""


def request_entry(profile: RequestProfile, committed: Committed, on: date) -> Entry:
    """A request as of a day, less what is already committed to it."""
    return _entry(profile, committed, on, ceiling=UNKNOWN)


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
    profile: RequestProfile | OfferProfile, committed: Committed, on: date, ceiling: int
) -> Entry:
    text = profile.text
    text_themes, text_kinds = strengths(text)
    concepts = {
        concept: round(FULL * part) for concept, part in concept_weights(text.concepts).items()
    }
    coded = [line for line in profile.lines if _has_codes(line)]
    if coded:
        lines = _shared([_left(line, profile, committed, on, ceiling) for line in coded])
    else:
        lines = _inferred(guesses(text_themes, text_kinds), profile.window, ceiling)
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
        spent=bool(coded) and not lines,
        coded=bool(coded),
        window=profile.window,
        lines=tuple(lines),
        themes=themes or ALL_THEMES,
        language=text.language,
        text_themes=text_themes,
        text_kinds=text_kinds,
        field=text.field,
        named={concept: concepts[concept] for concept, _ in text.concepts if concept in concepts},
        concepts=concepts,
        excluded=text.excluded - {concept for concept, _ in text.concepts},
        terms=text.terms,
        vector=None if text.vector is None else centred(text.vector),
    )


def _has_codes(line: Line) -> bool:
    # A record may name codes of a vocabulary newer than this process's; its text still counts.
    return line.theme in THEME_NUMBERS and line.kind in KIND_NUMBERS


def _left(
    line: Line,
    profile: RequestProfile | OfferProfile,
    committed: Committed,
    on: date,
    ceiling: int,
) -> tuple[float, EntryLine] | None:
    part = left_of(line, committed)
    if part <= 0.0:
        return None
    whole = usd(line.amount, line.currency, on)
    amount = UNKNOWN if whole == UNKNOWN else round(whole * part)
    if ceiling != UNKNOWN:
        amount = ceiling if amount == UNKNOWN else min(amount, ceiling)
    entry = EntryLine(
        number=line.number,
        theme=THEME_NUMBERS[line.theme],
        kind=KIND_NUMBERS[line.kind],
        strength=1.0,
        share=0.0,
        quantity=UNKNOWN if line.quantity is None else round(line.quantity * part),
        unit=line.unit,
        amount=amount,
        window=line.window or profile.window,
    )
    return line.weight, entry


def _shared(lines: list[tuple[float, EntryLine] | None]) -> list[EntryLine]:
    """Lines with their shares: half by money, half by the order in which they were written."""
    kept = [line for line in lines if line is not None]
    known = [entry.amount for _, entry in kept if entry.amount > 0]
    usual = min(known) if known else 1
    money = [entry.amount if entry.amount > 0 else usual for _, entry in kept]
    order = [1.0 / place for place in range(1, len(kept) + 1)]
    parts = [
        weight * (amount / sum(money) + place / sum(order))
        for (weight, _), amount, place in zip(kept, money, order, strict=True)
    ]
    return _by_share([entry for _, entry in kept], parts)


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
    return _by_share(lines, [guess.strength for guess in found])


def _by_share(lines: list[EntryLine], parts: list[float]) -> list[EntryLine]:
    total = sum(parts)
    shared = [replace(line, share=part / total) for line, part in zip(lines, parts, strict=True)]
    return sorted(shared, key=lambda line: (-line.share, line.number, line.theme, line.kind))
