"""Requests and offers as the engine sees them: frozen records built from event data alone."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from services.matcher.engine.cooperation import expert_state
from shared.language.vectors import decode
from shared.likeness.described import NOTHING_IN_PARTICULAR, Particulars

ALWAYS = (date(1900, 1, 1).toordinal(), date(2200, 12, 31).toordinal())
"""Day numbers of a window that was not stated."""

_THOUSANDTHS = 1000
_CENTI = 100
_OPEN = frozenset({"published", "circulated", "partly-covered", "covered"})
"""States of an offer (the first) or of a request in which it is open for matching."""


@dataclass(frozen=True, slots=True)
class Line:
    """A need or a provision.

    `quantity` is in thousandths of `unit`, `amount` in hundredths of `currency`; None is unknown.
    `window` holds first and last day as proleptic day numbers. `weight` is the State's own
    priority for the line as a factor, 1 where none is stated.
    """

    number: int
    theme: str
    kind: str
    quantity: int | None
    unit: str | None
    amount: int | None
    currency: str | None
    window: tuple[int, int] | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Text:
    """The signature of a record's texts.

    `concepts` are (id, named in the title) in the text's order, `excluded` ids of concepts that the
    text rules out; `themes` and `kinds` map codes to their probability, `field` is that of being of
    this field, all in hundredths; `terms` maps keyed hashes to
    weights in hundredths; `vector` is 512 signed bytes or None; `particulars` are what tells it
    from others on the same matter; `places` those that each line is for within the State, keyed
    hashes as numbers: none for a line whose places are not known by name.
    """

    language: str = ""
    concepts: tuple[tuple[str, bool], ...] = ()
    excluded: frozenset[str] = frozenset()
    themes: tuple[tuple[str, int], ...] = ()
    kinds: tuple[tuple[str, int], ...] = ()
    field: int = _CENTI
    terms: tuple[tuple[str, int], ...] = ()
    vector: bytes | None = None
    particulars: Particulars = NOTHING_IN_PARTICULAR
    places: tuple[tuple[int, frozenset[int]], ...] = ()

    def __hash__(self) -> int:
        # Of a part: something is remembered of each text, and all of it is long.
        return hash((self.vector, self.concepts[:3], self.terms[:3]))

    @classmethod
    def of_signature(cls, signature: Mapping[str, Any] | None) -> "Text":
        """From an event's signature; a record without texts has none. ValueError if malformed.

        The last one is kept, as that of a request is: of some lines alone another profile is made.
        """
        if signature is None:
            return _NO_TEXT
        if _last.signature is not signature:
            _last.text, _last.signature = cls._of(signature), signature
        return _last.text

    @classmethod
    def _of(cls, signature: Mapping[str, Any]) -> Self:
        vector = signature["vector"]
        return cls(
            language=signature["language"],
            concepts=tuple((name, field == "title") for name, field, _, _ in signature["concepts"]),
            excluded=frozenset(name for name, *_ in signature.get("excluded", ())),
            themes=_hundredths(signature.get("themes", ())),
            kinds=_hundredths(signature.get("kinds", ())),
            field=round(signature.get("field", 1.0) * _CENTI),
            terms=tuple(sorted((term, round(w * _CENTI)) for term, w in signature["terms"])),
            vector=None if vector is None else decode(vector).tobytes(),
            particulars=Particulars.of_signature(signature),
            places=tuple(
                (line, frozenset(int(one, 16) for one in hashes))
                for line, hashes in signature.get("places", ())
            ),
        )


_NO_TEXT = Text()


def _hundredths(pairs: Iterable[Sequence[Any]]) -> tuple[tuple[str, int], ...]:
    return tuple((code, round(probability * _CENTI)) for code, probability in pairs)


_PRIORITY_WEIGHTS = {"critical": 2.0, "high": 1.5, "medium": 1.0, "low": 0.6}


@dataclass(frozen=True, slots=True)
class RequestProfile:
    """A request for assistance; `window` as day numbers, `open` if it may be matched."""

    id: str
    open: bool
    country: str
    priority: str | None
    window: tuple[int, int]
    lines: tuple[Line, ...]
    text: Text
    channel: str | None = None

    @classmethod
    def of_event(cls, data: Mapping[str, Any]) -> "RequestProfile":
        """From the data of an `entraide.request.v1` event that its schema has passed.

        The last one is kept: several parts of a worker ask for that of the event that came.
        """
        if _last.request is None or _last.data is not data:
            _last.request, _last.data = cls._of(data), data
        return _last.request

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> "RequestProfile":
        return cls(
            id=data["id"],
            open=data["status"] in _OPEN,
            country=data["country"],
            priority=data["priority"],
            window=day_window(data["window"]) or ALWAYS,
            lines=tuple(line_of(need, "quantity") for need in data["needs"]),
            text=Text.of_signature(data["signature"]),
            channel=data.get("channel"),
        )


class _Last(threading.local):
    """What a thread read last: a signature with its text, a request's data with its profile."""

    signature: Mapping[str, Any] | None = None
    text: Text = _NO_TEXT
    data: Mapping[str, Any] | None = None
    request: RequestProfile | None = None


_last = _Last()


@dataclass(frozen=True, slots=True)
class OfferProfile:
    """An offer of assistance.

    `countries`, `regions` and `groups` say who may have it, anyone where all are empty. `ceiling`
    is the most for one project, in hundredths of `ceiling_currency`. `expert` is the State that
    offers its own know-how by it, None for other donors.
    """

    id: str
    open: bool
    organisation: str | None
    window: tuple[int, int]
    lines: tuple[Line, ...]
    countries: frozenset[str]
    regions: frozenset[str]
    groups: frozenset[str]
    unconditional: bool
    ceiling: int | None
    ceiling_currency: str | None
    text: Text
    expert: str | None = None

    @classmethod
    def of_event(cls, data: Mapping[str, Any]) -> Self:
        """From the data of an `entraide.offer.v1` event that its schema has passed."""
        eligibility = data["eligibility"]
        return cls(
            id=data["id"],
            open=data["status"] in _OPEN,
            organisation=data["organisation"],
            window=day_window(data["window"]) or ALWAYS,
            lines=tuple(line_of(provision, "capacity") for provision in data["provisions"]),
            countries=frozenset(eligibility["countries"]),
            regions=frozenset(eligibility["regions"]),
            groups=frozenset(eligibility["groups"]),
            unconditional=not data["conditions"],
            ceiling=data["ceiling_cents"],
            ceiling_currency=data["ceiling_currency"],
            text=Text.of_signature(data["signature"]),
            expert=expert_state(
                data["donor_type"],
                data["donor_country"],
                (provision["kind"] for provision in data["provisions"]),
            ),
        )

    def open_to_all(self) -> bool:
        """Whether any State may have it."""
        return not (self.countries or self.regions or self.groups)


def line_of(data: Mapping[str, Any], measure: str) -> Line:
    quantity = data[measure]
    return Line(
        number=data["line"],
        theme=data["theme"],
        kind=data["kind"],
        quantity=None if quantity is None else round(quantity * _THOUSANDTHS),
        unit=data["unit"],
        amount=data["amount_cents"],
        currency=data["currency"],
        window=day_window(data.get("window")),
        weight=_PRIORITY_WEIGHTS.get(data.get("priority") or "", 1.0),
    )


def day_window(data: Mapping[str, str] | None) -> tuple[int, int] | None:
    if data is None:
        return None
    return (
        date.fromisoformat(data["from"]).toordinal(),
        date.fromisoformat(data["to"]).toordinal(),
    )
