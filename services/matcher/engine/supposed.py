"""Which real records suit one that is only supposed, by its codes: it has no text.

What only texts tell counts as it does in an ordinary proposal, so that a supposed pair is no more
and no less likely for what nobody has written. Rules, codes, amounts and windows count as always.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from services.matcher.engine.embargoes import Embargo
from services.matcher.engine.explanation import ordinary_value
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.pairing import Pairing
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import Model
from services.matcher.engine.records import Measure, Side

OF_TEXTS = frozenset(
    {"text_theme", "text_kind", "field", "meaning", "concepts", "focus", "allowed", "terms"}
)
"""Features that texts alone decide."""

Committed = Iterable[tuple[Side, str, int, Measure, int]]
"""What is taken of lines: side, record, line, measure, and how much in the line's own unit."""


@dataclass(frozen=True)
class Sides:
    """Requests and offers, by what they are: there, or only supposed."""

    requests: Sequence[RequestProfile] = ()
    offers: Sequence[OfferProfile] = ()


def by_codes(model: Model) -> Model:
    """The model for pairs of which one has no text."""
    weighed = list(zip(model.feature_names, model.weights, strict=True))
    ordinary = sum(weight * ordinary_value(name) for name, weight in weighed if name in OF_TEXTS)
    return replace(
        model,
        weights=tuple(0.0 if name in OF_TEXTS else weight for name, weight in weighed),
        intercept=model.intercept + ordinary,
    )


def supposed_pairs(
    model: Model,
    geography: Geography,
    there: Sides,
    supposed: Sides,
    committed: Committed = (),
    embargoes: Iterable[Embargo] = (),
) -> list[Pairing]:
    """The best pairs of which at least one side is supposed, each once.

    As many for a record as a shortlist has places; the requests of a supposed offer by the order
    of its own list.
    """
    engine = Engine(by_codes(model), geography, geography.on)
    for embargo in embargoes:
        engine.set_embargo(embargo.id, embargo)
    for offer in (*there.offers, *supposed.offers):
        engine.put_offer(offer)
    for request in (*there.requests, *supposed.requests):
        engine.put_request(request)
    for side, record, line, measure, amount in committed:
        engine.set_committed(side, record, line, measure, amount)
    found = [
        pairing
        for request in supposed.requests
        for pairing in engine.shortlist(request.id, engine.size, exact=True).entries
    ]
    new = {request.id for request in supposed.requests}
    for offer in supposed.offers:
        pairings = engine.requests_for(offer.id)
        found += [pairing for pairing in pairings if pairing.request not in new]
    return found
