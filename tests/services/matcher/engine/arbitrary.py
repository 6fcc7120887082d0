"""Records, registers and models of any sort, for properties of the engine."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from services.matcher.engine.codes import KIND_CODES
from services.matcher.engine.features import FEATURES
from services.matcher.engine.profiles import ALWAYS, OfferProfile, RequestProfile
from services.matcher.engine.ranking import Model, most_weights, prior_model
from services.matcher.engine.track_records import STEP, Standing
from tests.services.matcher.engine.samples import (
    TEXTS,
    TODAY,
    eligibility,
    need,
    offer,
    provision,
    request,
    signed,
)

THEMES = ("marking", "record-keeping", "ammunition", "border-control", "legislation")
COUNTRIES = ("SEN", "KEN", "JAM", "KHM")

few = settings(max_examples=40, deadline=None)

quantities = st.none() | st.integers(1, 40) | st.just(0.125)
cents = st.none() | st.integers(0, 10**9)
units = st.sampled_from([None, "machines", "persons"])
currencies = st.sampled_from(["USD", "EUR", "XXX"])
days = st.integers(-200, 900).map(lambda after: TODAY + timedelta(days=after))
windows = st.none() | st.tuples(days, days).map(sorted).map(
    lambda pair: {"from": pair[0].isoformat(), "to": pair[1].isoformat()}
)
texts = st.sampled_from(TEXTS).map(signed) | st.none()
whose = st.sampled_from(
    [
        eligibility(),
        eligibility(countries=("SEN", "KEN")),
        eligibility(regions=("Eastern Africa",)),
        eligibility(groups=("SIDS", "LDC")),
        eligibility(countries=("JAM",), groups=("LDC",)),
    ]
)


@st.composite
def _lines(draw: st.DrawFn, make: Callable[..., dict[str, Any]], measure: str) -> list[Any]:
    lines = []
    for number in range(1, draw(st.integers(0, 3)) + 1):
        amount = draw(cents)
        fields: dict[str, Any] = {
            "theme": draw(st.sampled_from(THEMES)),
            "kind": draw(st.sampled_from(KIND_CODES)),
            measure: draw(quantities),
            "unit": draw(units),
            "amount_cents": amount,
            "currency": None if amount is None else draw(currencies),
        }
        lines.append(make(number, **fields))
    return lines


@st.composite
def requests(draw: st.DrawFn, id_: str = "R1") -> RequestProfile:
    return request(
        id_,
        status=draw(st.sampled_from(["published"] * 5 + ["closed"])),
        country=draw(st.sampled_from(COUNTRIES)),
        priority=draw(st.sampled_from([None, "low", "critical"])),
        window=draw(windows),
        needs=draw(_lines(need, "quantity")),
        signature=draw(texts),
    )


@st.composite
def offers(draw: st.DrawFn, id_: str = "O1") -> OfferProfile:
    ceiling = draw(cents)
    return offer(
        id_,
        status=draw(st.sampled_from(["published"] * 5 + ["withdrawn"])),
        window=draw(windows),
        provisions=draw(_lines(provision, "capacity")),
        eligibility=draw(whose),
        conditions=draw(st.sampled_from([[], [{"kind": "reporting"}]])),
        ceiling_cents=ceiling,
        ceiling_currency=None if ceiling is None else draw(currencies),
        signature=draw(texts),
    )


@st.composite
def registers(
    draw: st.DrawFn, open_to_all: bool = False
) -> tuple[list[RequestProfile], list[OfferProfile]]:
    asked = [draw(requests(f"R{number}")) for number in range(draw(st.integers(1, 5)))]
    given_ = [draw(offers(f"O{number}")) for number in range(draw(st.integers(1, 8)))]
    if open_to_all:
        asked = [replace(one, open=True, window=ALWAYS) for one in asked]
        given_ = [unbarred(one) for one in given_]
    return asked, given_


def unbarred(one: OfferProfile) -> OfferProfile:
    """The same offer for anyone at any time."""
    none: frozenset[str] = frozenset()
    return replace(one, open=True, window=ALWAYS, countries=none, regions=none, groups=none)


records = st.integers(0, 20).map(lambda steps: steps * STEP)
standings = st.builds(
    Standing, records, st.dictionaries(st.sampled_from(["marking", "destruction"]), records)
)
"""A donor's track record, whatever it may be."""


@st.composite
def ledgers(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """Calls of set_committed on lines of which some exist."""
    entry = st.tuples(
        st.sampled_from(["request", "offer"]),
        st.sampled_from(["0", "1", "2"]),
        st.integers(1, 2),
        st.sampled_from(["quantity", "money"]),
        st.sampled_from([0, 500, 20_000, 10**9]),
    )
    found = {
        (side, f"{side[0].upper()}{n}", line, measure): amount
        for side, n, line, measure, amount in draw(st.lists(entry, max_size=4))
    }
    return [(*key, amount) for key, amount in found.items()]


weights = st.tuples(*(st.floats(0.0, min(8.0, most)) for most in most_weights()))
models = st.just(prior_model()) | st.builds(
    lambda found, intercept: Model("learnt", FEATURES, found, intercept),
    weights,
    st.floats(-15.0, 3.0),
)
"""The model set by hand, and any that could be learnt."""
