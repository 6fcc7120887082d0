"""What a pair lacks, each thing with its numbers: lines, quantities, money, time.

Everything is told from the shortlist's entry and from what both records state; nothing is guessed.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.matcher.engine.serving import Serving
from services.matcher.engine.stated import Span, Stated, Window
from services.matcher.engine.wording import (
    DOLLARS,
    concepts_text,
    date_text,
    filled,
    list_text,
    part_texts,
    percent_text,
    sentences,
    span_of_ends_text,
    span_text,
    theme_and_kind_text,
)
from shared.language.concepts import thesaurus
from shared.vocabulary.counts import number_text
from shared.vocabulary.kinds import KINDS

MOST_LINES = 8
"""Things lacking of need lines that are told one by one."""

_NAMED_CONCEPTS = 6
_CENTS = 100
_FUNDING = "funding"


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that is lacking.

    `code` says what: `unserved` and `fit` (a need line served by no provision, or by one of
    another theme or kind), `quantity` and `money` (`given` of `needed`, in `unit`), `no-lines` (the
    offer has none), `late` and `early` (`days` by which the offer, on `day`, begins after the need
    or ends before it), `offer-excludes` and `request-excludes` (`concepts` that one text rules out
    and the other is about), `more` (how many other lines lack
    something). `need` is the need line
    that it is about, if it is about one.
    """

    code: str
    need: int | None = None
    provision: int | None = None
    given: float | None = None
    needed: float | None = None
    unit: str | None = None
    days: int | None = None
    day: date | None = None
    fit: float | None = None
    concepts: tuple[str, ...] = ()
    window: Window | None = None
    about: tuple[tuple[str, str], ...] = ()


def lacking(
    request: Stated,
    offer: Stated,
    serves: Sequence[Serving],
    unserved: Collection[int],
    today: date,
) -> tuple[Lack, ...]:
    """What the offer lacks for the request, as far as its reader may see the request's lines.

    `serves` and `unserved` are those that the reader may see; `request.lines` may hold others, of
    which nothing is told.
    """
    of_lines = sorted(
        _of_lines(request, offer, serves, unserved), key=lambda lack: (lack.need or 0, lack.code)
    )
    told = of_lines[:MOST_LINES]
    others = {lack.need for lack in of_lines} - {lack.need for lack in told}
    if others:
        told.append(Lack("more", given=float(len(others))))
    if unserved and offer.known and not offer.lines:
        told.append(Lack("no-lines"))
    seen = sorted({serving["need"] for serving in serves} | set(unserved))
    told.extend(_of_time(request, offer, seen, today))
    told.extend(_excluded(request, offer, seen))
    return tuple(told)


def ruled_out(excluding: Stated, other: Stated) -> tuple[str, ...]:
    """The concepts that one record's texts rule out and do not name, and the other's are about."""
    about = _about(other.named)
    own = {span.concept for span in excluding.named}
    concepts = dict.fromkeys(span.concept for span in excluding.excluded)
    return tuple(concept for concept in concepts if concept in about and concept not in own)


def lack_text(lack: Lack, language: str) -> str:
    """The lack as a sentence in one of the six languages."""
    template = sentences()["lacking"][lack.code]
    facts = {"line": "", "given": ""}
    if lack.need is not None:
        facts["line"] = number_text(lack.need, language)
    if lack.given is not None and lack.needed is not None and lack.unit is not None:
        facts["given"], facts["counted"] = part_texts(lack.given, lack.needed, lack.unit, language)
    elif lack.given is not None:
        facts["given"] = number_text(lack.given, language)
    if lack.day is not None and lack.window is not None:
        facts["date"] = date_text(lack.day, language)
        facts["span"] = _span(lack.code, lack.day, lack.window, language)
    if lack.about:
        facts["what"] = theme_and_kind_text(*lack.about[0], language)
        facts["other"] = theme_and_kind_text(*lack.about[-1], language)
    if lack.provision is not None:
        facts["provision"] = number_text(lack.provision, language)
    if lack.fit is not None:
        facts["percent"] = percent_text(lack.fit, language)
    if lack.concepts:
        facts["names"] = concepts_text(lack.concepts, _NAMED_CONCEPTS, language) or list_text(
            lack.concepts[:_NAMED_CONCEPTS], language
        )
    return filled(template, language, facts)


def _of_lines(
    request: Stated, offer: Stated, serves: Iterable[Serving], unserved: Iterable[int]
) -> Iterator[Lack]:
    for serving in serves:
        short = _short(serving)
        if short is not None:
            yield short
        given = offer.lines.get(serving["provision"])
        about = (serving["theme"], serving["kind"])
        if given is not None and about != (given.theme, given.kind):
            yield Lack(
                "fit",
                need=serving["need"],
                provision=serving["provision"],
                fit=serving["fit"],
                about=(about, (given.theme, given.kind)),
            )
    for number in unserved:
        line = request.lines.get(number)
        if line is not None and offer.lines:
            yield Lack("unserved", need=number, about=((line.theme, line.kind),))


def _short(serving: Serving) -> Lack | None:
    """What is missing of a need, in the one measure that it is counted in: see counting.py."""
    quantity, of = serving["quantity"], serving["of"]
    amount, amount_of = serving["amount"], serving["amount_of"]
    if quantity is not None and of is not None and serving["kind"] != _FUNDING:
        if quantity < of:
            return _part("quantity", serving, quantity, of, serving["unit"] or "")
    elif amount is not None and amount_of is not None and amount < amount_of:
        return _part("money", serving, amount / _CENTS, amount_of / _CENTS, DOLLARS)
    return None


def _part(code: str, serving: Serving, given: float, needed: float, unit: str) -> Lack:
    return Lack(
        code,
        need=serving["need"],
        provision=serving["provision"],
        given=given,
        needed=needed,
        unit=unit,
    )


def _of_time(request: Stated, offer: Stated, seen: Sequence[int], today: date) -> Iterator[Lack]:
    """By how much the offer begins after the need or ends before it, by line where lines differ."""
    stands = offer.window
    if stands is None:
        return
    for need, window in _windows(request, seen):
        suffix = "" if need is None else "-line"
        if stands.first > max(window.first, today):
            late = (stands.first - window.first).days
            yield Lack("late" + suffix, need, days=late, day=stands.first, window=window)
        if stands.last < window.last:
            early = (window.last - stands.last).days
            yield Lack("early" + suffix, need, days=early, day=stands.last, window=window)


def _windows(request: Stated, seen: Sequence[int]) -> Iterator[tuple[int | None, Window]]:
    """The windows in which help is needed: the request's, and those of lines with their own."""
    own = {
        number: request.lines[number].window
        for number in seen
        if number in request.lines and request.lines[number].window is not None
    }
    if request.window is not None and (not seen or len(own) < len(seen)):
        yield None, request.window
    for number, window in own.items():
        if window is not None:
            yield number, window


def _span(code: str, day: date, window: Window, language: str) -> str:
    if code.startswith("late"):
        return span_text(window.first, day, language)
    return span_of_ends_text(day, window.last, language)


def _excluded(request: Stated, offer: Stated, seen: Iterable[int]) -> Iterator[Lack]:
    kinds = {request.lines[number].kind for number in seen if number in request.lines}
    named = {span.concept for span in offer.named}
    generic = [
        span.concept
        for span in offer.excluded
        if span.concept in KINDS and span.concept in kinds and span.concept not in named
    ]
    by_offer = tuple(dict.fromkeys((*generic, *ruled_out(offer, request))))
    if by_offer:
        yield Lack("offer-excludes", concepts=by_offer)
    by_request = ruled_out(request, offer)
    if by_request:
        yield Lack("request-excludes", concepts=by_request)


def _about(named: Iterable[Span]) -> set[str]:
    """The concepts that are named, and all wider than they."""
    concepts = {span.concept for span in named}
    for concept in tuple(concepts):
        concepts.update(thesaurus().broader(concept))
    return concepts
