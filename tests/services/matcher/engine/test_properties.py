"""What holds whatever the records are."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.matcher.engine.codes import KIND_CODES, THEME_CODES
from services.matcher.engine.matching import Engine, Shortlist
from services.matcher.engine.profiles import ALWAYS, OfferProfile, RequestProfile
from shared.vocabulary.themes import theme_closeness
from tests.services.matcher.engine.samples import (
    TEXTS,
    TODAY,
    eligibility,
    engine,
    need,
    offer,
    provision,
    put,
    request,
    score,
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


def lists(made: Engine, of: list[RequestProfile]) -> dict[str, Shortlist]:
    return {one.id: made.shortlist(one.id) for one in of}


@few
@given(registers(), ledgers(), st.sets(st.sampled_from(["R0.O0", "R1.O1", "R0.O2"])), st.data())
def test_the_order_of_arrival_does_not_matter(
    register: tuple[list[RequestProfile], list[OfferProfile]],
    ledger: list[tuple[Any, ...]],
    declined: set[str],
    data: st.DataObject,
) -> None:
    asked, given_ = register
    steps: list[Callable[[Engine], None]] = [
        *(lambda made, record=record: put(made, record) for record in (*asked, *given_)),
        *(lambda made, entry=entry: made.set_committed(*entry) for entry in ledger),
        *(lambda made, pair=pair: made.decline(*pair.split(".")) for pair in sorted(declined)),
    ]
    usual, shuffled = engine(size=3), engine(size=3)
    for step in steps:
        step(usual)
    passing = [offer("O9"), request("R9"), offer("O0", provisions=[])]
    for record in passing:
        put(shuffled, record)
    shuffled.remove_offer("O9")
    shuffled.remove_request("R9")
    for step in data.draw(st.permutations(steps)):
        step(shuffled)
        if data.draw(st.booleans()):
            shuffled.shortlist("R0")
    shuffled.advance(TODAY)
    assert lists(shuffled, asked) == lists(usual, asked)
    for one in given_:
        assert shuffled.requests_for(one.id) == usual.requests_for(one.id)


@few
@given(st.booleans().flatmap(registers), st.data())
def test_affected_names_every_request_whose_list_changes(
    register: tuple[list[RequestProfile], list[OfferProfile]], data: st.DataObject
) -> None:
    asked, given_ = register
    made = engine(*asked, *given_, size=2)
    before = lists(made, asked)
    changed = data.draw(st.sampled_from([one.id for one in given_] + ["O99"]))
    told = set(made.affected(changed))
    how = data.draw(st.sampled_from(["put", "remove", "commit"]))
    if how == "put":
        new = data.draw(offers(changed))
        made.put_offer(unbarred(new) if data.draw(st.booleans()) else new)
    elif how == "remove":
        made.remove_offer(changed)
    else:
        made.set_committed("offer", changed, 1, "quantity", data.draw(st.integers(1, 50_000)))
    told_after = set(made.affected(changed))
    after = lists(made, asked)
    moved = {id_ for id_ in before if before[id_].entries != after[id_].entries}
    assert moved <= told_after
    # It names nobody for nothing: each one lists it, listed it, or would if a tie went its way.
    may_stand = {
        one.id
        for one in asked
        if changed in {entry.offer for entry in made.shortlist(one.id, 1000).entries}
    }
    assert told_after <= may_stand | told


@few
@given(registers())
def test_both_directions_agree_on_every_pair(
    register: tuple[list[RequestProfile], list[OfferProfile]],
) -> None:
    asked, given_ = register
    made = engine(*asked, *given_)
    forward = {
        (entry.request, entry.offer): (entry.score, entry.features, entry.serves, entry.evidence)
        for one in asked
        for entry in made.shortlist(one.id).entries
    }
    reverse = {
        (entry.request, entry.offer): (entry.score, entry.features, entry.serves, entry.evidence)
        for one in given_
        for entry in made.requests_for(one.id)
    }
    assert forward == reverse
    assert all(made.barred(*pair) is None for pair in forward)
    for score_, features, _, _ in forward.values():
        assert 0.0 <= score_ <= 1.0
        assert all(0.0 <= value <= 1.0 for value in features)


def _offer_of(fields: dict[str, Any], **others: Any) -> OfferProfile:
    return offer(provisions=[provision(**fields)], **others)


@few
@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 10**9), st.integers(1, 10**9))
def test_more_capacity_or_money_never_lowers_a_score(
    quantity: int, more: int, amount: int, dearer: int
) -> None:
    needy = request(needs=[need(quantity=20, amount_cents=5 * 10**8), need(2, kind="training")])
    small = score(needy, _offer_of({"capacity": quantity, "amount_cents": amount}))
    assert score(needy, _offer_of({"capacity": quantity + more, "amount_cents": amount})) >= small
    assert score(needy, _offer_of({"capacity": quantity, "amount_cents": amount + dearer})) >= small


@few
@given(requests(), offers(), st.data())
def test_less_committed_never_lowers_a_score(
    needy: RequestProfile, given_: OfferProfile, data: st.DataObject
) -> None:
    taken = data.draw(st.integers(0, 40_000))
    found = []
    for amount in (taken, data.draw(st.integers(0, taken))):
        made = engine(needy, given_)
        made.set_committed("offer", given_.id, 1, "quantity", amount)
        entries = made.shortlist(needy.id).entries
        found.append(entries[0].score if entries else 0.0)
    assert found[0] <= found[1]


@few
@given(
    st.sampled_from(THEME_CODES),
    st.sampled_from(THEME_CODES),
    st.sampled_from(THEME_CODES),
    st.sampled_from(KIND_CODES),
)
def test_a_closer_theme_never_lowers_a_score(needed: str, one: str, other: str, kind: str) -> None:
    far, near = sorted((one, other), key=lambda theme: theme_closeness(needed, theme))
    needy = request(needs=[need(theme=needed)])
    assert score(needy, _offer_of({"theme": far, "kind": kind})) <= score(
        needy, _offer_of({"theme": near, "kind": kind})
    )


@few
@given(requests(), days, days, st.integers(0, 400), st.integers(0, 400))
def test_a_longer_overlap_never_lowers_a_score(
    needy: RequestProfile, one: date, other: date, earlier: int, later: int
) -> None:
    first, last = sorted((one, other))
    wider = (first - timedelta(days=earlier), last + timedelta(days=later))
    found = [
        score(needy, offer(window={"from": start.isoformat(), "to": end.isoformat()}))
        for start, end in ((first, last), wider)
    ]
    assert found[0] <= found[1]


@few
@given(requests(), offers())
def test_of_two_otherwise_equal_offers_the_unconditional_is_first(
    needy: RequestProfile, given_: OfferProfile
) -> None:
    free, tied = replace(given_, unconditional=True), replace(given_, unconditional=False)
    made = engine(needy, replace(free, id="O2"), replace(tied, id="O1"))
    assert [entry.offer for entry in made.shortlist(needy.id).entries] in (
        ["O2", "O1"],
        ["O2"],
        [],
    )


@few
@given(registers(), whose)
def test_a_donors_preferences_never_change_the_order_of_requests(
    register: tuple[list[RequestProfile], list[OfferProfile]], preferred: dict[str, list[str]]
) -> None:
    asked, (given_, *_) = register
    wishes = {name: frozenset(codes) for name, codes in preferred.items()}
    order = [
        [entry.request for entry in engine(*asked, one).requests_for(one.id)]
        for one in (given_, replace(given_, **wishes))
    ]
    both = set(order[0]) & set(order[1])
    assert [id_ for id_ in order[0] if id_ in both] == [id_ for id_ in order[1] if id_ in both]
